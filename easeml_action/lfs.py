"""Git LFS pointers, and the large files that they stand for."""

import hashlib
import io
import os
import re
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from easeml_action.errors import GateError
from easeml_action.git import Git

# A pointer file is shorter than this by its specification.
MAX_POINTER = 1024

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n"
    rb"(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize ([0-9]{1,15})\n?"
)


class LargeFileMissing(GateError):
    """A file is kept in Git LFS and the checkout has only its pointer."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"The file {path[:200]!a} is kept in Git LFS and was not fetched.",
            "Use actions/checkout with lfs: true, and 'git lfs fetch origin COMMIT' where it "
            "belongs to an earlier commit.",
        )


@dataclass(frozen=True)
class Pointer:
    """What a Git LFS pointer says: the SHA-256 of the file and its size in bytes."""

    sha256: str
    size: int


def parse_pointer(content: bytes) -> Pointer | None:
    """Return the pointer that a blob is, or None where the blob is an ordinary file."""
    found = _POINTER.fullmatch(content) if len(content) < MAX_POINTER else None
    return Pointer(found[1].decode(), int(found[2])) if found else None


def resolve(git: Git, content: bytes, path: str) -> bytes:
    """Return a file's content, also where a commit holds only a pointer to it.

    Raises
    ------
    LargeFileMissing
        The checkout does not have it.
    """
    pointer = parse_pointer(content)
    if pointer is None:
        return content
    target = io.BytesIO()
    copy_large_file(pointer, git_directory(git), target, path)
    return target.getvalue()


def git_directory(git: Git) -> Path:
    """Return the repository's own folder, where Git LFS keeps ``lfs/objects``."""
    return git.directory / git.text("rev-parse", "--git-common-dir")


def copy_large_file(pointer: Pointer, git_directory: Path, target: BinaryIO, path: str) -> None:
    """Copy the file that a pointer stands for, after checking that it is that file.

    Parameters
    ----------
    git_directory
        The repository's own folder, where Git LFS keeps ``lfs/objects``.
    target
        Where the file goes, open for writing.
    path
        The file's name in the commit, for the error.

    Raises
    ------
    LargeFileMissing
        It is not there, or is not what the pointer names.
    """
    first, second = pointer.sha256[:2], pointer.sha256[2:4]
    place = git_directory / "lfs" / "objects" / first / second / pointer.sha256
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        raise LargeFileMissing(path) from None
    with os.fdopen(descriptor, "rb") as source:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size != pointer.size:
            raise LargeFileMissing(path)
        if hashlib.file_digest(source, "sha256").hexdigest() != pointer.sha256:
            raise LargeFileMissing(path)
        source.seek(0)
        shutil.copyfileobj(source, target)
