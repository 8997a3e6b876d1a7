"""A model that brings its own Dockerfile, and runs in a container of the image."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from easeml_action.errors import GateError
from easeml_action.model.predictions import (
    NoPredictions,
    Predictions,
    parse_predictions,
    room_for,
)
from easeml_action.model.quarters import PREDICTIONS_NAME, Outcome, needs_interpreter, variables
from easeml_action.progress import Progress
from easeml_action.sandbox import Completed, Limits
from easeml_action.sandbox.container import SCRATCH, Task, room_in, run_contained
from easeml_action.sandbox.engine import open_engine
from easeml_action.sandbox.image import Image, build_image

# Started as the model will be, with its command's words in $0 and $1 or the features in $1.
_TRIAL: Final = 'command -v head && command -v "$0" && test -r "$1"'


class ImageUnusable(GateError):
    """The image is built, and the model cannot be started in it."""

    def __init__(self, command: Sequence[str]) -> None:
        super().__init__(
            f"The model's image cannot start {' '.join(command)[:200]!a} in its working folder.",
            "Have the Dockerfile set WORKDIR, COPY the model's files there, readable by every "
            "user, and start from an image that has sh, cat and head.",
        )


@dataclass(frozen=True)
class Container:
    """Runs a model in a container of its own.

    Parameters
    ----------
    image
        What its Dockerfile made.
    command
        How it is started, from the image's working folder.
    limits
        Bounds on one run.
    """

    image: Image
    command: Sequence[str]
    limits: Limits

    @property
    def room(self) -> int:
        """How many bytes of features and predictions it holds, in memory."""
        return room_in(self.limits)

    def run(self, features: bytes, name: str, rows: int, *, keep_log: bool) -> Outcome:
        """Run the model once; nothing of the run is left."""
        completed, content = self._carry_out(features, name, room_for(rows) + 1, keep_log=keep_log)
        if not content:
            return Outcome(completed, Predictions.none(rows, NoPredictions()))
        return Outcome(completed, parse_predictions(content, rows))

    def try_out(self, progress: Progress) -> None:
        """Start a container as a run does, to look for what the run needs.

        Raises
        ------
        ImageUnusable, ContainerNotStarted
            The image lacks it.
        """
        trial = replace(self, command=["/bin/sh", "-c", _TRIAL, *self.command])
        completed, _ = trial._carry_out(b"", "features", 1, keep_log=True)
        if not completed.succeeded:
            if completed.log:
                progress.show_untrusted(completed.log)
            raise ImageUnusable(self.command)

    def _carry_out(
        self, features: bytes, name: str, room: int, *, keep_log: bool
    ) -> tuple[Completed, bytes]:
        task = Task(self.command, features, name, PREDICTIONS_NAME, room)
        environment = variables(task.input_path, task.output_path, SCRATCH)
        return run_contained(self.image, task, environment, self.limits, keep_log=keep_log)


@contextmanager
def open_container(
    checkout: Path,
    script: str,
    dockerfile: str,
    progress: Progress,
    *,
    limits: Limits,
    build_limits: Limits,
) -> Iterator[Container]:
    """Build a model's image, and lend a container of it for runs.

    Raises
    ------
    NoEngine, EngineTooWeak, EngineFailed
        There is no engine, or it does not do what it is asked.
    ImageBuildFailed, ImageHasVolumes, ImageUnusable, ContainerNotStarted
        The Dockerfile does not make an image that the model can run in.
    """
    interpreter = ["python3"] if needs_interpreter(checkout / script) else []
    with open_engine() as client:
        with progress.group(f"Build the model's image from {dockerfile}"):
            image = build_image(client, checkout, dockerfile, build_limits, progress)
        try:
            container = Container(image, [*interpreter, f"./{script}"], limits)
            container.try_out(progress)
            yield container
        finally:
            image.remove()
