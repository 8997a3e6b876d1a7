"""Files of the command line: read with a name in the error, written once and whole."""

import os
from pathlib import Path

from easeml_action.cli.errors import FileExists, FileUnreadable, FileUnwritable
from easeml_action.git import Git, GitFailed

PRIVATE = 0o600
PUBLIC = 0o644


def read_file(path: Path) -> bytes:
    """Return the content of a file.

    Raises
    ------
    FileUnreadable
        There is none, or the system does not hand it over.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileUnreadable(path, error) from None


def write_new(path: Path, data: bytes, mode: int = PUBLIC) -> None:
    """Write a file that does not exist yet; a directory made for a private one is private too.

    Raises
    ------
    FileExists
        It is there.
    FileUnwritable
        The system does not take it.
    """
    _make_folder(path.parent, 0o700 if mode == PRIVATE else 0o777)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with open(descriptor, "wb") as file:  # noqa: PTH123  a descriptor has no path
            file.write(data)
    except FileExistsError:
        raise FileExists(path) from None
    except OSError as error:
        raise FileUnwritable(path, error) from None


def _make_folder(folder: Path, mode: int) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=mode)
    except OSError as error:
        raise FileUnwritable(folder, error) from None


def replace(path: Path, data: bytes, mode: int = PUBLIC) -> None:
    """Write a file, in place of an older one if there is one; never half of it.

    Raises
    ------
    FileUnwritable
        The system does not take it.
    """
    draft = path.with_name(f".{path.name}.new")
    _make_folder(path.parent, 0o777)
    draft.unlink(missing_ok=True)
    write_new(draft, data, mode)
    try:
        draft.replace(path)
    except OSError as error:
        draft.unlink()
        raise FileUnwritable(path, error) from None


def work_tree_of(path: Path) -> Path | None:
    """Return the git work tree that a path, existing or not, would lie in; None outside of any."""
    folder = path.absolute()
    while not folder.is_dir():
        folder = folder.parent
    try:
        top = Git(folder).text("rev-parse", "--show-toplevel")
    except GitFailed:
        return None
    return Path(top) if top else None
