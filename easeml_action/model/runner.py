"""Runs a model: ``SCRIPT FEATURES PREDICTIONS``, first in public on a sample, then in silence.

The paths are also in ``EASEML_FEATURES`` and ``EASEML_PREDICTIONS``. The script starts in a
clean checkout of its commit, with its own Python environment first on ``PATH``; or, where the
configuration names a Dockerfile, in the working folder of the image that it makes.
"""

import signal
import tempfile
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from easeml_action.errors import GateError
from easeml_action.git import Git
from easeml_action.model.checkout import ModelFiles
from easeml_action.model.environment import build_environment
from easeml_action.model.predictions import Predictions, room_for
from easeml_action.model.process import Process
from easeml_action.model.quarters import Outcome, Quarters
from easeml_action.progress import Progress
from easeml_action.sandbox import (
    LAYERS,
    Layer,
    Limits,
    Reach,
    make_enterable,
    open_account,
    run_confined,
)

# What one build may take: packages with their own copies of CUDA are large, and many.
BUILD_LIMITS = Limits(seconds=1800, file_bytes=8 * 2**30, disk_bytes=40 * 2**30, files=2_000_000)


class ModelCrashed(GateError):
    """The model ended with an error on the public sample."""

    def __init__(self, exit_code: int | None) -> None:
        super().__init__(
            f"The model {_describe_end(exit_code)} on the public sample.",
            "Read its own words in the log of the smoke run, and mend the script.",
        )
        self.exit_code = exit_code


class ModelTimedOut(GateError):
    """The model was not done in time on the public sample."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The model was not done after {seconds:g} seconds on the public sample.",
            "Make it faster, or see in the log of the smoke run what it waits for.",
        )


class ModelTookTooMuch(GateError):
    """The model took more memory or disk than it may have, on the public sample."""

    def __init__(self, what: str, most: float) -> None:
        super().__init__(
            f"The model took more than {most / 2**30:.3g} GiB of {what} on the public sample.",
            "Make it smaller, or run the gate on a larger machine.",
        )


class TestSetTooLarge(GateError):
    """The test set does not fit into the model's container."""

    __test__ = False  # the name begins as a test class does

    def __init__(self, size: int, room: int) -> None:
        super().__init__(
            f"The test set takes {size / 2**20:,.0f} MiB without its labels, with room for the "
            f"predictions, and the model's container has {room / 2**20:,.0f} MiB for its files.",
            "Raise memory_limit, half of which is for files, or run the gate on a larger machine.",
        )


@dataclass(frozen=True)
class PreparedModel:
    """A model that can be run: it has a place with all that it needs."""

    model: ModelFiles
    quarters: Quarters

    @property
    def name(self) -> str:
        """How the model is called in the log."""
        return f"the model of commit {self.model.commit[:12]}"


class ModelRunner:
    """Prepares and runs models, each run by itself. Its block ends with nothing of them left.

    Parameters
    ----------
    scratch
        Where checkouts and runs take place. The caller removes it; nothing of a run stays there.
    cache
        Where environments are kept, and found again by a later run.
    progress
        Shows what is going on.
    limits
        Bounds on one run of a model.
    tolerated
        The layers of the sandbox without which the user accepts to run models.
    build_limits
        Bounds on building one environment.

    Raises
    ------
    FolderUnreachable
        The scratch folder is closed to the user that runs the model.
    """

    def __init__(
        self,
        scratch: Path,
        cache: Path,
        progress: Progress,
        limits: Limits,
        *,
        tolerated: Collection[Layer] = (),
        build_limits: Limits = BUILD_LIMITS,
    ) -> None:
        make_enterable(scratch)
        self._scratch = scratch
        self._cache = cache
        self._progress = progress
        self._limits = limits
        self._tolerated = tolerated
        self._build_limits = build_limits
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()

    def check_sandbox(self) -> None:
        """Put the sandbox around a command that does nothing, and say which layers hold.

        Raises
        ------
        LayerMissing
            A layer cannot be put in force here, and is not among those tolerated.
        SandboxFailed
            The separate process could not be set up.
        """
        with open_account() as account:
            completed = run_confined(
                ["/bin/true"],
                directory=Path("/"),
                environment={},
                account=account,
                limits=self._limits,
                reach=Reach(()),
                keep_log=False,
                tolerated=self._tolerated,
            )
        self._progress.say(f"Models are held by: {', '.join(completed.layers)}.")
        missing = [layer for layer in LAYERS if layer not in completed.layers]
        if missing:
            self._progress.say(
                f"NOT in force, as allow-unsandboxed says: {', '.join(missing)}. Judge only models "
                "that you trust here."
            )

    def prepare(self, git: Git, model: ModelFiles) -> PreparedModel:
        """Check the model out and build what it runs in.

        Raises
        ------
        ModelTooLarge, LinkLeavesCheckout, LargeFileMissing, ObjectMissing, UnsafePath
            The model cannot be checked out.
        EnvironmentFailed, CredentialsPassedOn, UnreadableProject, NoInterpreter, LayerMissing,
        SandboxFailed
            Its environment cannot be built.
        ImageBuildFailed, ImageHasVolumes, ImageUnusable, ContainerNotStarted
            Its Dockerfile does not make an image that it can run in.
        NoEngine, EngineTooWeak, EngineFailed
            There is no engine for its Dockerfile, or it does not do what it is asked.
        """
        for path in model.submodules:
            self._progress.say(f"The submodule {path!a} is not checked out.")
        folder = Path(tempfile.mkdtemp(prefix="model-", dir=self._scratch))
        make_enterable(folder)
        checkout = folder / "checkout"
        model.write_to(git, checkout)
        if model.dockerfile is not None:
            return PreparedModel(model, self._container(model, model.dockerfile, checkout))
        environment = build_environment(
            checkout,
            model.digest,
            self._cache,
            self._progress,
            self._build_limits,
            tolerated=self._tolerated,
        )
        process = Process(
            model, git, checkout, environment, self._scratch, self._limits, self._tolerated
        )
        return PreparedModel(model, process)

    def _container(self, model: ModelFiles, dockerfile: str, checkout: Path) -> Quarters:
        from easeml_action.model.container import (  # noqa: PLC0415  few gates need an engine
            open_container,
        )

        return self._opened.enter_context(
            open_container(
                checkout,
                model.script,
                dockerfile,
                self._progress,
                limits=self._limits,
                build_limits=self._build_limits,
            )
        )

    def rehearse(
        self, prepared: PreparedModel, features: bytes, name: str, rows: int
    ) -> Predictions:
        """Run the model on the public sample, with its log shown, and return what it predicts.

        Parameters
        ----------
        features
            The sample without its labels, as the test set's own format has it.
        name
            The features file's name.
        rows
            How many rows the sample has.

        Raises
        ------
        ModelCrashed, ModelTimedOut, ModelTookTooMuch
            The script failed.
        NoPredictions, WrongNumberOfPredictions, UnreadablePredictions
            It did not hand in one prediction per row.
        """
        with self._progress.group(f"Smoke run of {prepared.name} on {rows:,} public rows"):
            outcome = self._run(prepared, features, name, rows, keep_log=True)
            if outcome.completed.log:
                self._progress.show_untrusted(outcome.completed.log)
        match outcome.completed.overrun:
            case "time":
                raise ModelTimedOut(self._limits.seconds)
            case "memory":
                raise ModelTookTooMuch("memory", self._limits.memory)
            case "disk":
                raise ModelTookTooMuch("disk", self._limits.disk_bytes)
        if not outcome.completed.succeeded:
            raise ModelCrashed(outcome.completed.exit_code)
        if outcome.predictions.complaint is not None:
            raise outcome.predictions.complaint
        return outcome.predictions

    def insist_on_room(self, prepared: PreparedModel, features: bytes, rows: int) -> None:
        """Insist that the model can be handed the test set.

        Raises
        ------
        TestSetTooLarge
            It would not find room: every model would fail, and nobody be told.
        """
        size, room = len(features) + room_for(rows), prepared.quarters.room
        if room is not None and size > room:
            raise TestSetTooLarge(size, room)

    def predict(
        self, prepared: PreparedModel, features: bytes, name: str, rows: int
    ) -> Predictions:
        """Run the model on the test set, in silence.

        Nothing that the model does raises an error or is shown, not even how long it took: only
        pass or fail may leave a run on secret rows. A model that fails, or is not done in time,
        has no predictions.

        Parameters
        ----------
        features
            The test set without its labels.
        name
            The features file's name.
        rows
            How many rows the test set has.

        Raises
        ------
        SandboxFailed, EngineFailed
            It could not be run.
        """
        self._progress.say(f"Running {prepared.name} on the test set; its log is not kept.")
        outcome = self._run(prepared, features, name, rows, keep_log=False)
        self._progress.say(f"Done with {prepared.name}.")
        if not outcome.completed.succeeded:
            return Predictions.none(rows, ModelCrashed(outcome.completed.exit_code))
        return outcome.predictions

    def _run(
        self, prepared: PreparedModel, features: bytes, name: str, rows: int, *, keep_log: bool
    ) -> Outcome:
        if Path(name).name != name:
            raise ValueError(f"name must be a plain file name, not {name!r}")
        return prepared.quarters.run(features, name, rows, keep_log=keep_log)


def _describe_end(exit_code: int | None) -> str:
    if exit_code is None:
        return "was ended from outside (is there enough memory?)"
    if exit_code >= 0:
        return f"ended with exit code {exit_code}"
    try:
        name = signal.Signals(-exit_code).name
    except ValueError:
        name = f"signal {-exit_code}"
    memory = " (is there enough memory?)" if -exit_code == signal.SIGKILL else ""
    return f"was ended by {name}{memory}"
