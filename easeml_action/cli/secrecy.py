# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""What must never be in a repository's history: the plain test set, and its private key.

Both are searched by content in git's own objects, under whatever name they were committed. Whoever
has a clone has the history: what was committed once is no secret, also after it was deleted.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from easeml_action.cli.terminal import show_note
from easeml_action.errors import GateError
from easeml_action.git import Git, GitFailed

# A key has a few thousand characters; with both bounds a search stays below half a minute.
_LARGEST_BLOB = 1 << 20
_MOST_BYTES = 1 << 28
_BATCH_BYTES = 1 << 24

_ARMOR = b"-----BEGIN PGP PRIVATE KEY "
_MARKS = (_ARMOR, base64.b64encode(_ARMOR))


class PlaintextInHistory(GateError):
    """A commit holds the plain test set."""

    def __init__(self, path: Path, where: str) -> None:
        super().__init__(
            f"The rows of {path} are in the repository already ({where}), so they are no secret.",
            "Use rows that were never committed: neither a deletion nor a rewritten history takes "
            "them back from those who have a clone.",
        )


class PrivateKeyInHistory(GateError):
    """A commit holds the private key."""

    def __init__(self, where: str, *, known: bool) -> None:
        remedy = (
            "Delete it and .easeml/public.asc, make a new pair with `easeml keygen` and encrypt "
            "new rows: whoever has a clone can read the old ones."
            if known
            else "If it is the test set's, take new rows and a new pair. If it is not, make the "
            "test set's own pair first, with `easeml keygen`."
        )
        super().__init__(f"A private key is in the repository ({where}).", remedy)


@dataclass(frozen=True)
class CommittedKey:
    """A private key that git has: the object that holds it, where, and whose it is."""

    blob: str
    where: str
    fingerprint: str | None


def insist_never_committed(git: Git, path: Path, data: bytes) -> None:
    """Refuse a plain test set that a commit or the index of the repository holds.

    Raises
    ------
    PlaintextInHistory
        It does, under whatever name.
    """
    # As it is, and as git stores a file of this name (line ends, filters).
    named = ("hash-object", "-t", "blob", "--stdin")
    for options in (("--no-filters",), (f"--path={path.name}",)):
        blob = git.run(*named, *options, stdin=data).decode().strip()
        where = _place_of(git, blob)
        if where is not None:
            raise PlaintextInHistory(path, where)


def insist_no_private_key(git: Git, public_key: str | None) -> None:
    """Refuse a repository in whose history the test set's private key is.

    Parameters
    ----------
    public_key
        The test set's public key; None where there is none yet, and any private key could become
        the one in use.

    Raises
    ------
    PrivateKeyInHistory
        It is.
    """
    from easeml_action.testset import fingerprint_of

    if git.text("rev-parse", "--is-shallow-repository") == "true":
        show_note("Note: this clone is shallow. Only the history in it is searched.")
    found = list(committed_keys(git))
    if not found:
        return
    own = None if public_key is None else fingerprint_of(public_key)
    for key in found:
        if own is None or key.fingerprint == own:
            raise PrivateKeyInHistory(key.where, known=own is not None)


def committed_keys(git: Git) -> Iterator[CommittedKey]:
    """Find the private keys, armored or in base64, that commits or the index hold."""
    from easeml_action.model.tree import read_objects

    for batch in _batches(_small_blobs(git)):
        for blob, content in read_objects(git, batch).items():
            if not any(mark in content for mark in _MARKS):
                continue
            fingerprint = _private_fingerprint(content)
            where = _place_of(git, blob) if fingerprint is not None else None
            if where is not None:
                yield CommittedKey(blob, where, fingerprint or None)


def _private_fingerprint(content: bytes) -> str | None:
    """Return whose private key a file holds, "" where that cannot be told; None for no key."""
    from easeml_action.testset import open_vault
    from easeml_action.testset.keytext import private_key_bytes

    text = content.decode("latin-1")
    try:
        private_key_bytes(text)
    except GateError:
        return None  # a text that speaks of keys
    try:
        with open_vault(SecretStr(text), None) as vault:
            return vault.fingerprint
    except GateError:
        return ""


def _place_of(git: Git, blob: str) -> str | None:
    """Return where the repository holds an object; None where no commit and no index does."""
    try:
        git.run("cat-file", "-e", blob)
    except GitFailed:
        return None
    staged = git.run("ls-files", "--stage", "-z").decode(errors="replace").split("\0")
    names = [entry.partition("\t")[2] for entry in staged if entry.split(" ")[1:2] == [blob]]
    if names:
        return names[0]
    found = (f"--find-object={blob}", "--max-count=1", "--format=%h")
    commit = git.text("log", "--all", "-m", *found)  # -m: also what a merge itself brought in
    return f"commit {commit.split()[0]}" if commit else None


def _small_blobs(git: Git) -> Iterator[tuple[str, int]]:
    listed = git.run(
        "cat-file",
        "--batch-all-objects",
        "--unordered",
        "--batch-check=%(objecttype) %(objectsize) %(objectname)",
    )
    total = 0
    for line in listed.decode().splitlines():
        kind, size, name = line.split(" ")
        if kind == "blob" and len(_ARMOR) <= int(size) <= _LARGEST_BLOB:
            total += int(size)
            if total > _MOST_BYTES:
                show_note(
                    f"Note: the history is long. {_MOST_BYTES >> 20:,} MiB of it are searched for "
                    "a private key."
                )
                return
            yield name, int(size)


def _batches(blobs: Iterator[tuple[str, int]]) -> Iterator[list[str]]:
    batch: list[str] = []
    held = 0
    for name, size in blobs:
        batch.append(name)
        held += size
        if held > _BATCH_BYTES:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch
