"""Which files of a commit are the model."""

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from easeml_action.errors import GateError

# What the Python environment is built from. Always part of the model: another environment is
# another model.
ENVIRONMENT_FILES = ("requirements.txt", "pyproject.toml", "uv.lock")


class PathOutsideRepository(GateError):
    """A path of the configuration is absolute or climbs out of the repository."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"The path {path!a} leads out of the repository.",
            "Give paths relative to the repository's top folder, without '..'.",
        )


@dataclass(frozen=True)
class Scope:
    """The files that count as the model, and that a run of it sees.

    Parameters
    ----------
    script
        The program that is run. Always in scope.
    paths
        Files and folders that make up the model, or None for the whole tree.
    excluded
        Files and folders that are the gate's own (its configuration, the test set, the sample).
        They never count, unless one of them is the script or describes its environment.
    dockerfile
        What the model's image is built from; None where it runs in a Python environment.

    Raises
    ------
    PathOutsideRepository
        A path is absolute or climbs out of the repository.
    """

    script: str
    paths: tuple[str, ...] | None = None
    excluded: tuple[str, ...] = ()
    dockerfile: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "script", normalize(self.script))
        if self.paths is not None:
            object.__setattr__(self, "paths", tuple(normalize(path) for path in self.paths))
        object.__setattr__(self, "excluded", tuple(normalize(path) for path in self.excluded))
        if self.dockerfile is not None:
            object.__setattr__(self, "dockerfile", normalize(self.dockerfile))

    @property
    def start(self) -> tuple[str, ...]:
        """The files that it is started by: the same files started by others are another model."""
        return (self.script,) if self.dockerfile is None else (self.script, self.dockerfile)

    @property
    def always(self) -> tuple[str, ...]:
        """The files that are in scope whatever the paths say."""
        return (*self.start, *ENVIRONMENT_FILES)

    def covers(self, path: str) -> bool:
        """Say whether the file at ``path`` is part of the model."""
        if path in self.always:
            return True
        return not _lies_in(path, self.excluded) and (
            self.paths is None or _lies_in(path, self.paths)
        )

    def reaches(self, folder: str) -> bool:
        """Say whether anything under ``folder`` can be part of the model."""
        below = f"{folder}/"
        if any(path.startswith(below) for path in self.always):
            return True
        if _lies_in(folder, self.excluded):
            return False
        return self.paths is None or (
            _lies_in(folder, self.paths) or any(path.startswith(below) for path in self.paths)
        )


def normalize(path: str) -> str:
    """Return a path of the configuration as git spells it; the top folder is ``''``."""
    plain = posixpath.normpath(path)
    if plain == ".":
        return ""
    if plain.startswith("/") or plain == ".." or plain.startswith("../") or "\0" in plain:
        raise PathOutsideRepository(path)
    return plain


def _lies_in(path: str, places: Iterable[str]) -> bool:
    return any(not place or path == place or path.startswith(f"{place}/") for place in places)
