"""A model that runs as a process beside the gate, from a checkout and with a Python environment."""

import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from easeml_action.git import Git
from easeml_action.model.checkout import ModelFiles
from easeml_action.model.environment import Environment
from easeml_action.model.interpreter import SYSTEM_PATH
from easeml_action.model.predictions import read_predictions
from easeml_action.model.quarters import PREDICTIONS_NAME, Outcome, needs_interpreter, variables
from easeml_action.sandbox import Account, Layer, Limits, Reach, open_account, remove, run_confined


@dataclass(frozen=True)
class Process:
    """Runs a model in a folder and with a user of its own.

    Parameters
    ----------
    model, git
        The files, and where they come from.
    checkout, environment
        The files checked out, and the Python environment beside them.
    scratch
        Where runs take place; nothing of a run stays there.
    limits
        Bounds on one run.
    tolerated
        The layers of the sandbox without which the user accepts to run it.
    """

    model: ModelFiles
    git: Git
    checkout: Path
    environment: Environment
    scratch: Path
    limits: Limits
    tolerated: Collection[Layer]

    @property
    def room(self) -> None:
        """Features and predictions lie on the disk."""
        return None

    def run(self, features: bytes, name: str, rows: int, *, keep_log: bool) -> Outcome:
        """Run the model once, from its checkout; nothing of the run is left."""
        with open_account() as account, self._folder(account) as folder:
            inputs, outputs, home = (folder / part for part in ("features", "predictions", "home"))
            inputs.mkdir()
            account.share(inputs, 0o750)
            (inputs / name).write_bytes(features)
            account.share(inputs / name, 0o440)
            for place in (outputs, home):
                place.mkdir()
                account.give(place, 0o700)
            checkout = self._checkout_for(account, folder)
            paths = (str(inputs / name), str(outputs / PREDICTIONS_NAME))
            completed = run_confined(
                [*self._command(checkout), *paths],
                directory=checkout,
                environment={
                    "PATH": f"{self.environment.programs}:{SYSTEM_PATH}",
                    "VIRTUAL_ENV": str(self.environment.directory),
                    **variables(*paths, str(home)),
                },
                account=account,
                limits=self.limits,
                reach=Reach((inputs, checkout, *self.environment.places), (outputs, home)),
                keep_log=keep_log,
                tolerated=self.tolerated,
            )
            return Outcome(
                completed, read_predictions(outputs, PREDICTIONS_NAME, rows, account.uid)
            )

    @contextmanager
    def _folder(self, account: Account) -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self.scratch))
        try:
            account.share(folder, 0o750)
            yield folder
        finally:
            remove(folder)

    def _checkout_for(self, account: Account, folder: Path) -> Path:
        """Return a checkout that no earlier run can have changed."""
        if account.separate:
            return self.checkout
        fresh = folder / "checkout"
        self.model.write_to(self.git, fresh)
        return fresh

    def _command(self, checkout: Path) -> list[str]:
        """Start the script itself if it can be started, else as Python."""
        script = checkout / self.model.script
        if needs_interpreter(script):
            return [str(self.environment.python), str(script)]
        return [str(script)]
