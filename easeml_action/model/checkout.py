"""The model's files as they stand in a commit, and a clean checkout of them.

The workspace is never read: blobs come straight from git's objects, without filters, hooks or
attributes, so that a run sees exactly what the model's digest covers.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from easeml_action.errors import GateError
from easeml_action.git import Git
from easeml_action.lfs import MAX_POINTER, Pointer, copy_large_file, git_directory, parse_pointer
from easeml_action.model.scope import Scope
from easeml_action.model.tree import (
    FILE,
    LINK,
    OBJECTS_AS_THEY_ARE,
    PROGRAM,
    SUBMODULE,
    Entry,
    ObjectMissing,
    Trees,
    UnsafePath,
    read_objects,
    resolve,
)

MAX_BYTES = 20 * 2**30
_BATCH_BYTES = 64 * 2**20


class ModelPathMissing(GateError):
    """An entry of model_paths matches no file of the commit."""

    def __init__(self, path: str, commit: str) -> None:
        super().__init__(
            f"model_paths names {path[:200]!a}, but commit {commit[:12]} has no such file.",
            "Correct model_paths in the configuration, or commit the file.",
        )


class ScriptMissing(GateError):
    """The commit does not have the script as a file."""

    def __init__(self, script: str, commit: str) -> None:
        super().__init__(
            f"The script {script[:200]!a} is not a file of commit {commit[:12]}.",
            "Correct script in the configuration, or commit the file.",
        )


class ScriptNotExecutable(GateError):
    """The script is no Python file and its x bit is not set."""

    def __init__(self, script: str) -> None:
        super().__init__(
            f"The script {script[:200]!a} is not executable.",
            f"Run 'git update-index --chmod=+x {script[:200]}' and commit.",
        )


class DockerfileMissing(GateError):
    """The commit does not have the Dockerfile as a file."""

    def __init__(self, dockerfile: str, commit: str) -> None:
        super().__init__(
            f"The Dockerfile {dockerfile[:200]!a} is not a file of commit {commit[:12]}.",
            "Correct dockerfile in the configuration, or commit the file.",
        )


class ModelTooLarge(GateError):
    """The model's files are more than a checkout may hold."""

    def __init__(self) -> None:
        super().__init__(
            f"The model's files take more than {MAX_BYTES // 2**30} GiB.",
            "List the files and folders that make up the model under model_paths.",
        )


class LinkLeavesCheckout(GateError):
    """A symbolic link points out of the checkout."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"The symbolic link {path[:200]!a} points out of the repository.",
            "Replace it by a relative link to a file of the repository, or leave it out of "
            "model_paths.",
        )


@dataclass(frozen=True)
class ModelFiles:
    """The files of one model.

    Parameters
    ----------
    commit
        The full id of the commit that they were read from.
    digest
        Names the model: the same files started by the same script have the same digest, whatever
        the commit.
    entries
        The files and symbolic links.
    script
        The path of the program that is run.
    submodules
        The paths of submodules in scope. They are not checked out and not in the digest.
    dockerfile
        The path of what its image is built from; None where it runs in a Python environment.
    """

    commit: str
    digest: str
    entries: tuple[Entry, ...]
    script: str
    submodules: tuple[str, ...] = ()
    dockerfile: str | None = None

    def write_to(self, git: Git, directory: Path) -> None:
        """Write a clean checkout into a new folder, readable by every user.

        Raises
        ------
        ModelTooLarge, LinkLeavesCheckout, LargeFileMissing, ObjectMissing
            The files cannot be had, or must not be written.
        """
        directory.mkdir(mode=0o755)
        directory.chmod(0o755)
        files = [entry for entry in self.entries if entry.mode in {FILE, PROGRAM}]
        links = [entry for entry in self.entries if entry.mode == LINK]
        sizes = _sizes(git, self.entries)
        room = MAX_BYTES - sum(sizes[entry.oid] for entry in self.entries)
        if room < 0:
            raise ModelTooLarge
        large: list[tuple[Entry, Pointer]] = []
        for batch in _batches(files, sizes):
            contents = read_objects(git, (entry.oid for entry in batch))
            for entry in batch:
                pointer = parse_pointer(contents[entry.oid])
                if pointer is None:
                    _write(directory, entry, contents[entry.oid])
                else:
                    large.append((entry, pointer))
        if sum(pointer.size for _, pointer in large) > room:
            raise ModelTooLarge
        self._write_large_files(git, directory, large)
        # Links come last: no file is ever written through one.
        targets = read_objects(git, (entry.oid for entry in links))
        for entry in links:
            _link(directory, entry, targets[entry.oid])
        top = os.path.realpath(directory)
        for entry in links:
            if not f"{os.path.realpath(directory / entry.path)}/".startswith(f"{top}/"):
                raise LinkLeavesCheckout(entry.path)

    def _write_large_files(
        self, git: Git, directory: Path, large: Sequence[tuple[Entry, Pointer]]
    ) -> None:
        if not large:
            return
        kept_in = git_directory(git)
        for entry, pointer in large:
            with os.fdopen(_create(directory, entry), "wb") as target:
                copy_large_file(pointer, kept_in, target, entry.path)


def read_model(git: Git, commit: str, scope: Scope) -> ModelFiles:
    """Read which files a commit's model consists of.

    Parameters
    ----------
    commit
        A commit of this repository; the workspace may stand at any other, and be dirty.
    scope
        What counts as the model.

    Raises
    ------
    CommitMissing
        The commit is not here.
    ModelPathMissing
        A path of the scope matches nothing.
    ScriptMissing, ScriptNotExecutable
        The script cannot be run.
    DockerfileMissing
        There is nothing to build its image from.
    UnsafePath, TooManyFiles
        The tree must not be checked out.
    """
    commit, tree = resolve(git, commit)
    trees = Trees(git, scope)
    entries = trees.entries(tree)
    for path in scope.paths or ():
        if path and not any(
            entry.path == path or entry.path.startswith(f"{path}/") for entry in entries
        ):
            raise ModelPathMissing(path, commit)
    files = {entry.path: entry.mode for entry in entries if entry.mode in {FILE, PROGRAM}}
    [digest] = trees.digests([tree])
    if digest is None or scope.script not in files:
        raise ScriptMissing(scope.script, commit)
    if scope.dockerfile is not None and scope.dockerfile not in files:
        raise DockerfileMissing(scope.dockerfile, commit)
    if files[scope.script] == FILE and not scope.script.endswith(".py"):
        raise ScriptNotExecutable(scope.script)
    return ModelFiles(
        commit=commit,
        digest=digest,
        entries=tuple(entry for entry in entries if entry.mode != SUBMODULE),
        script=scope.script,
        submodules=tuple(entry.path for entry in entries if entry.mode == SUBMODULE),
        dockerfile=scope.dockerfile,
    )


def _sizes(git: Git, entries: Sequence[Entry]) -> dict[str, int]:
    oids = list(dict.fromkeys(entry.oid for entry in entries))
    names = "".join(f"{oid}\n" for oid in oids).encode()
    lines = git.run("cat-file", "--batch-check", stdin=names, environment=OBJECTS_AS_THEY_ARE)
    sizes = {}
    for oid, line in zip(oids, lines.decode().splitlines(), strict=True):
        fields = line.split(" ")
        if fields[1] != "blob":
            raise ObjectMissing(oid)
        sizes[oid] = int(fields[2])
    return sizes


def _batches(entries: Sequence[Entry], sizes: dict[str, int]) -> Iterator[list[Entry]]:
    """Cut the files into runs that fit in memory together."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        if batch and size + sizes[entry.oid] > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += sizes[entry.oid]
    if batch:
        yield batch


def _create(directory: Path, entry: Entry) -> int:
    place = directory / entry.path
    _make_parents(directory, place)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    mode = 0o755 if entry.mode == PROGRAM else 0o644
    try:
        descriptor = os.open(place, flags, mode)
    except OSError:
        raise UnsafePath(entry.path) from None
    os.fchmod(descriptor, mode)
    return descriptor


def _write(directory: Path, entry: Entry, content: bytes) -> None:
    with os.fdopen(_create(directory, entry), "wb") as file:
        file.write(content)


def _link(directory: Path, entry: Entry, target: bytes) -> None:
    if not target or b"\0" in target or len(target) > MAX_POINTER:
        raise LinkLeavesCheckout(entry.path)
    place = directory / entry.path
    _make_parents(directory, place)
    if place.parent.resolve() != directory.resolve() / place.parent.relative_to(directory):
        raise UnsafePath(entry.path)
    try:
        place.symlink_to(os.fsdecode(target))
    except OSError:
        raise UnsafePath(entry.path) from None


def _make_parents(directory: Path, place: Path) -> None:
    missing = []
    parent = place.parent
    while parent != directory and not parent.is_dir():
        missing.append(parent)
        parent = parent.parent
    for folder in reversed(missing):
        try:
            folder.mkdir(mode=0o755)
        except OSError:
            raise UnsafePath(str(place.relative_to(directory))) from None
        folder.chmod(0o755)
