"""Git's tree objects, read in bulk: the files of a commit that are in scope, and their digest.

A digest is a hash over mode, name and content id of every file in scope, folder by folder, so
that two commits whose models are the same files have the same digest, and a folder that two
commits share is read and hashed once. The paths of the script and of the Dockerfile belong to it:
the same files started otherwise are another model.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from easeml_action.errors import GateError
from easeml_action.git import CommitMissing, Git
from easeml_action.model.scope import Scope

FILE, PROGRAM, LINK, SUBMODULE, FOLDER = "100644", "100755", "120000", "160000", "040000"

MAX_FILES = 100_000
MAX_FOLDERS = 50_000
MAX_DEPTH = 100

# refs/replace could show other objects than the ids say.
OBJECTS_AS_THEY_ARE = {"GIT_NO_REPLACE_OBJECTS": "1"}


class ObjectMissing(GateError):
    """The checkout lacks an object of a commit that it knows."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The git object {name[:12]} is not in this checkout.",
            "Use actions/checkout with fetch-depth: 0 and without a filter.",
        )


class UnreadableTree(GateError):
    """A tree object is not what git writes."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The git object {name[:12]} is corrupt.",
            "Run 'git fsck' in a clone, and leave out the commit that holds it.",
        )


class TooManyFiles(GateError):
    """The tree is larger, or deeper, than what is read."""

    def __init__(self) -> None:
        super().__init__(
            f"The model has more than {MAX_FILES:,} files or {MAX_FOLDERS:,} folders, or folders "
            f"more than {MAX_DEPTH} deep.",
            "List the files and folders that make up the model under model_paths.",
        )


class UnsafePath(GateError):
    """A path that git itself would not check out."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"The commit holds the path {path[:200]!a}, which cannot be checked out safely.",
            "Remove it from the commit.",
        )


@dataclass(frozen=True)
class Entry:
    """One file, symbolic link or submodule of a commit."""

    mode: str
    oid: str
    path: str


class _Child(NamedTuple):
    mode: str
    name: str
    oid: str


def resolve(git: Git, commit: str) -> tuple[str, str]:
    """Return the full ids of a commit and of its tree.

    Raises
    ------
    CommitMissing
        There is no such commit here.
    """
    # Read from stdin, so that no name can act as an option.
    if "\n" in commit:
        raise CommitMissing(commit)
    names = f"{commit}^{{commit}}\n{commit}^{{tree}}\n".encode()
    lines = git.run("cat-file", "--batch-check", stdin=names, environment=OBJECTS_AS_THEY_ARE)
    fields = [line.split(" ") for line in lines.decode(errors="replace").splitlines()]
    if [field[1:2] for field in fields] != [["commit"], ["tree"]]:
        raise CommitMissing(commit)
    return fields[0][0], fields[1][0]


def read_objects(git: Git, oids: Iterable[str]) -> dict[str, bytes]:
    """Return the contents of many objects by one ``git cat-file --batch``.

    Raises
    ------
    ObjectMissing
        One of them is not here.
    """
    wanted = list(dict.fromkeys(oids))
    if not wanted:
        return {}
    names = "".join(f"{oid}\n" for oid in wanted).encode()
    output = git.run("cat-file", "--batch", stdin=names, environment=OBJECTS_AS_THEY_ARE)
    contents = {}
    position = 0
    for oid in wanted:
        end = output.index(b"\n", position)
        header = output[position:end].split(b" ")
        if len(header) != 3:
            raise ObjectMissing(oid)
        size = int(header[2])
        contents[oid] = output[end + 1 : end + 1 + size]
        position = end + 1 + size + 1
    return contents


class Trees:
    """Reads the trees of one repository through one scope, and remembers digests."""

    def __init__(self, git: Git, scope: Scope) -> None:
        self._git = git
        self._start = scope.start
        # A history asks for the same paths again and again.
        self._covers = cache(scope.covers)
        self._reaches = cache(scope.reaches)
        self._folders: dict[str, tuple[_Child, ...]] = {}
        self._digests: dict[tuple[str, str], bytes | None] = {}

    def digests(self, trees: Sequence[str]) -> list[str | None]:
        """Return the digest of each tree; None where nothing in it is in scope."""
        self._load(trees)
        found = [self._digest(tree, "") for tree in trees]
        self._folders.clear()
        return [None if digest is None else self._name(digest) for digest in found]

    def entries(self, tree: str) -> tuple[Entry, ...]:
        """Return everything in scope, submodules included, ordered as git orders it.

        Raises
        ------
        UnsafePath
            A path that must not be checked out.
        TooManyFiles
            More files than are read.
        """
        self._digests.clear()
        self._load([tree])
        found = []
        for entry in self._walk(tree, ""):
            found.append(entry)
            if len(found) > MAX_FILES:
                raise TooManyFiles
        return tuple(found)

    def _name(self, digest: bytes) -> str:
        start = "".join(f"{path}\0" for path in self._start).encode(errors="surrogateescape")
        return hashlib.sha256(start + digest).hexdigest()

    def _load(self, trees: Sequence[str]) -> None:
        """Read every folder in scope whose digest is not known yet, level by level."""
        level = {(tree, "") for tree in trees} - self._digests.keys()
        seen = 0
        for _ in range(MAX_DEPTH):
            if not level:
                return
            seen += len(level)
            if seen > MAX_FOLDERS * max(len(trees), 1):
                break
            missing = {tree for tree, _ in level} - self._folders.keys()
            for tree, content in read_objects(self._git, missing).items():
                self._folders[tree] = tuple(_parse(tree, content))
            level = {
                (child.oid, path)
                for tree, folder in level
                for child in self._folders[tree]
                if child.mode == FOLDER and self._reaches(path := _join(folder, child.name))
            } - self._digests.keys()
        raise TooManyFiles

    def _digest(self, tree: str, folder: str) -> bytes | None:
        key = (tree, folder)
        if key not in self._digests:
            parts = [
                f"{child.mode} {child.name}\0".encode(errors="surrogateescape") + content
                for child in self._folders[tree]
                if (content := self._content(child, _join(folder, child.name))) is not None
            ]
            self._digests[key] = hashlib.sha256(b"".join(parts)).digest() if parts else None
        return self._digests[key]

    def _content(self, child: _Child, path: str) -> bytes | None:
        """Return what stands for a child in its folder's digest; None where it is out of scope."""
        if child.mode == FOLDER:
            return self._digest(child.oid, path) if self._reaches(path) else None
        if child.mode == SUBMODULE or not self._covers(path):
            return None
        return bytes.fromhex(child.oid)

    def _walk(self, tree: str, folder: str) -> Iterator[Entry]:
        names = set[str]()
        for child in self._folders[tree]:
            path = _join(folder, child.name)
            if child.name in names:  # git writes no such tree: a folder's files would go by a link
                raise UnsafePath(path)
            names.add(child.name)
            if child.mode == FOLDER:
                if self._reaches(path):
                    _refuse_unsafe(child.name, path)
                    yield from self._walk(child.oid, path)
            elif self._covers(path):
                _refuse_unsafe(child.name, path)
                if child.mode not in {FILE, PROGRAM, LINK, SUBMODULE}:
                    raise UnsafePath(path)
                yield Entry(child.mode, child.oid, path)


def _parse(tree: str, content: bytes) -> Iterator[_Child]:
    """Read a tree object: mode, blank, name, zero byte, id as bytes, again and again."""
    width = len(tree) // 2
    position = 0
    while position < len(content):
        space = content.find(b" ", position)
        end = content.find(b"\0", space)
        if min(space, end) < 0 or end + width >= len(content):
            raise UnreadableTree(tree)
        mode = _canonical(content[position:space])
        name = content[space + 1 : end].decode(errors="surrogateescape")
        position = end + 1 + width
        yield _Child(mode, name, content[end + 1 : position].hex())


@cache
def _canonical(mode: bytes) -> str:
    """Write a mode in six digits. Of a file's only the owner's x bit counts."""
    digits = mode.decode("ascii", "replace").zfill(6)
    if not digits.startswith("100"):
        return digits
    return PROGRAM if digits[3:4] in set("1357") else FILE


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


# Characters that HFS+ leaves out when it compares names, so that they can hide in ".git".
_INVISIBLE = dict.fromkeys(
    [*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF]
)


def _refuse_unsafe(name: str, path: str) -> None:
    folded = name.translate(_INVISIBLE).casefold().rstrip(" .").split(":", 1)[0]
    if (
        name in {"", ".", ".."}
        or folded in {".git", "git~1"}
        or any(sign in name for sign in "/\\")
        or any(ord(sign) < 32 for sign in name)
    ):
        raise UnsafePath(path)
