"""What goes wrong on a command line, before any room is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from easeml_action.errors import GateError


class WrongUse(GateError):
    """The command was not given what it needs; ends with exit code 2."""


@contextmanager
def read_as_options() -> Iterator[None]:
    """Take what a configuration cannot hold for wrong use, where options say it.

    Raises
    ------
    WrongUse
        An option has a value that it cannot have.
    """
    from easeml_action.config import ConfigInvalid  # noqa: PLC0415  not before a command runs

    try:
        yield
    except ConfigInvalid as error:
        raise WrongUse(error.problem, error.remedy, error.excerpt) from None


class FileUnreadable(GateError):
    """A file named on the command line cannot be read."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"{path} cannot be read: {_reason(error)}.", "Check the path.")


class FileExists(GateError):
    """A file would be written over."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} exists, and is not written over.",
            "Move it away first, or name another file.",
        )


class FileUnwritable(GateError):
    """A file cannot be written."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"{path} cannot be written: {_reason(error)}.", "Name another file.")


class MatplotlibMissing(GateError):
    """A picture was asked for, and what draws it is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "A picture needs matplotlib, which is not installed.",
            "Install it with: pip install 'easeml-action[plot]'.",
        )


def _reason(error: OSError) -> str:
    return (error.strerror or "unknown error").lower()
