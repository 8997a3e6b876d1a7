"""Where a model is run, and the contract that holds wherever that is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from easeml_action.model.predictions import Predictions
from easeml_action.sandbox import Completed

PREDICTIONS_NAME: Final = "predictions.txt"


@dataclass(frozen=True)
class Outcome:
    """How a run ended, and what the model predicted in it."""

    completed: Completed
    predictions: Predictions


class Quarters(Protocol):
    """A place where one model can be run, as often as is asked."""

    @property
    def room(self) -> int | None:
        """How many bytes of features and predictions it holds; None where the disk bounds them."""

    def run(self, features: bytes, name: str, rows: int, *, keep_log: bool) -> Outcome:
        """Run the model once; nothing of the run is left.

        Parameters
        ----------
        features
            What it predicts from.
        name
            The features file's name.
        rows
            How many predictions there should be.
        keep_log
            Whether to keep what it prints.

        Raises
        ------
        SandboxFailed, EngineFailed
            It could not be run. Never because of what it did.
        """


def variables(features: str, predictions: str, home: str) -> dict[str, str]:
    """Return what every model finds in its environment."""
    return {
        "LANG": "C.UTF-8",
        "HOME": home,
        "TMPDIR": home,
        "PYTHONUNBUFFERED": "1",
        "EASEML_FEATURES": features,
        "EASEML_PREDICTIONS": predictions,
    }


def needs_interpreter(script: Path) -> bool:
    """Say whether a script is started as Python, since it cannot be started by itself."""
    return script.suffix == ".py" and not (script.stat().st_mode & 0o100 and _has_shebang(script))


def _has_shebang(script: Path) -> bool:
    with script.open("rb") as file:
        first = file.readline(256)
    # With a carriage return at its end the line names a program that does not exist.
    return first.startswith(b"#!") and not first.endswith(b"\r\n")
