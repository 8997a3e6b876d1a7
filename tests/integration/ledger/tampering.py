"""What somebody who may push can do to a ledger, by name, and what shows of it."""

import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from easeml_action.git import Git
from easeml_action.ledger import (
    LedgerCopied,
    LedgerDeleted,
    LedgerInconsistent,
    LedgerReplaced,
    LedgerRolledBack,
    LedgerTruncated,
    NotALedger,
    RecordDuplicated,
    RecordEdited,
    RecordForged,
    RecordReplaced,
    RecordsMissing,
    RecordsReordered,
    WrongLedgerKey,
)

BRANCH = "refs/heads/easeml-ledger"
WITNESS = "refs/easeml/ledgers/easeml-ledger/witness"
FILE = "ledger.jsonl"
_SOMEBODY = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Somebody"), ("EMAIL", "somebody@example.com"))
}

Lines = list[dict[str, Any]]


@dataclass(frozen=True)
class Tampering:
    """One way to tamper with a ledger.

    Parameters
    ----------
    what
        In words.
    do
        Does it, in the bare repository.
    public
        The situation in which a reader without the key stops, or None where nothing shows.
    sealed
        The situation in which a holder of the key stops, who has also seen a mark of the ledger's
        last record, as the commit statuses of verdicts carry one.
    """

    what: str
    do: Callable[[Path], None]
    public: type[Exception] | None
    sealed: type[Exception]


def written(lines: Sequence[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)


def rehash(lines: Lines, first: int = 0, key: bytes | None = None) -> Lines:
    """Number and chain the lines anew from one on; without the key the old seals stay."""
    for number in range(first, len(lines)):
        line = lines[number]
        line["seq"] = number
        line["prev"] = lines[number - 1]["hash"] if number else "0" * 64
        body = {name: line[name] for name in ("v", "seq", "prev", "kind", "record")}
        text = json.dumps(body, separators=(",", ":")).removesuffix("}").encode()
        line["hash"] = hashlib.sha256(text).hexdigest()
        if key is not None:
            message = b"easeml ledger record\0" + line["hash"].encode()
            line["seal"] = hmac.new(key, message, hashlib.sha256).hexdigest()
    return lines


def put(repository: Path, name: str, data: bytes, *refs: str) -> None:
    """Commit a file in place of the ledger, on top of the branch, and move refs there."""
    git = Git(repository)
    blob = git.run("hash-object", "-w", "--stdin", stdin=data).decode().strip()
    tree = git.run("mktree", stdin=f"100644 blob {blob}\t{name}\n".encode()).decode().strip()
    made = git.run("commit-tree", tree, "-p", BRANCH, "-m", "By hand", environment=_SOMEBODY)
    for ref in refs:
        git.run("update-ref", ref, made.decode().strip())


def rewritten(edit: Callable[[Lines], Lines], *refs: str) -> Callable[[Path], None]:
    """Return what writes the lines anew and pushes them to the branch and its witness."""

    def do(repository: Path) -> None:
        data = Git(repository).run("show", f"{BRANCH}:{FILE}")
        lines = edit([json.loads(line) for line in data.splitlines()])
        put(repository, FILE, written(lines), *(refs or (BRANCH, WITNESS)))

    return do


def edited(line: dict[str, Any]) -> dict[str, Any]:
    """Return a line with a fair record that says something else."""
    record = line["record"]
    name = next(name for name in ("passed", "rows", "run", "ciphertext") if name in record)
    others = {"passed": record.get("passed") is not True, "rows": record.get("rows", 0) + 1}
    return {**line, "record": {**record, name: others.get(name, "0" * 64)}}


def cut_off(repository: Path) -> None:
    data = Git(repository).run("show", f"{BRANCH}:{FILE}")
    put(repository, FILE, data[:-9], BRANCH, WITNESS)


def emptied(repository: Path) -> None:
    put(repository, "README.md", b"Nothing to see here.\n", BRANCH, WITNESS)


def put_back(*refs: str) -> Callable[[Path], None]:
    def do(repository: Path) -> None:
        for ref in refs:
            Git(repository).run("update-ref", ref, f"{BRANCH}~1" if ref == BRANCH else BRANCH)

    return do


def removed(*refs: str) -> Callable[[Path], None]:
    def do(repository: Path) -> None:
        for ref in refs:
            Git(repository).run("update-ref", "-d", ref)

    return do


def last_edited(lines: Lines) -> Lines:
    return rehash([*lines[:-1], edited(lines[-1])], len(lines) - 1)


def appended(key: bytes | None = None) -> Callable[[Lines], Lines]:
    """Return what adds a ciphertext that the ledger's writer has never seen."""

    def edit(lines: Lines) -> Lines:
        test_set = lines[1]["record"]["test_set"]
        record = {"test_set": test_set, "ciphertext": "f" * 64}
        forged = {**lines[-1], "kind": "ciphertext", "record": record}
        return rehash([*lines, forged], len(lines), key)

    return edit


def of_another_repository(lines: Lines) -> Lines:
    lines[0]["record"]["repository"] = "another"
    return rehash(lines, 0, bytes(range(32)))


# Whoever does these moves the witness along with the branch, where nothing else is said. The
# first line is the genesis, the second opens the first test set.
TAMPERINGS = (
    Tampering(
        "a record edited",
        rewritten(lambda lines: [lines[0], edited(lines[1]), *lines[2:]]),
        RecordEdited,
        RecordEdited,
    ),
    Tampering(
        "a record edited and given a hash that fits",
        rewritten(lambda lines: rehash([*lines[:1], edited(lines[1])], 1) + lines[2:]),
        RecordReplaced,
        RecordForged,
    ),
    Tampering(
        "a record edited and every hash after it made to fit",
        rewritten(lambda lines: rehash([lines[0], edited(lines[1]), *lines[2:]], 1)),
        None,
        RecordForged,
    ),
    Tampering(
        "the last record edited and given a hash that fits",
        rewritten(last_edited),
        None,
        RecordForged,
    ),
    Tampering(
        "two records exchanged",
        rewritten(lambda lines: [lines[0], lines[2], lines[1], *lines[3:]]),
        RecordsReordered,
        RecordsReordered,
    ),
    Tampering(
        "a record given twice",
        rewritten(lambda lines: [*lines[:2], lines[1], *lines[2:]]),
        RecordDuplicated,
        RecordDuplicated,
    ),
    Tampering(
        "a record given twice and every hash after it made to fit",
        rewritten(lambda lines: rehash([*lines[:2], dict(lines[1]), *lines[2:]], 2)),
        LedgerInconsistent,
        RecordForged,
    ),
    Tampering(
        "a record removed",
        rewritten(lambda lines: [lines[0], *lines[2:]]),
        RecordsMissing,
        RecordsMissing,
    ),
    Tampering("the file cut off inside a record", cut_off, LedgerTruncated, LedgerTruncated),
    Tampering(
        "the last record cut off, the witness left",
        rewritten(lambda lines: lines[:-1], BRANCH),
        LedgerRolledBack,
        LedgerRolledBack,
    ),
    Tampering(
        "the branch put back, the witness left",
        put_back(BRANCH),
        LedgerRolledBack,
        LedgerRolledBack,
    ),
    Tampering(
        "the branch deleted, the witness left", removed(BRANCH), LedgerDeleted, LedgerDeleted
    ),
    Tampering("the file removed from the branch", emptied, NotALedger, NotALedger),
    Tampering("a record forged without the key", rewritten(appended()), None, RecordForged),
    Tampering(
        "a record forged without the key, the witness left",
        rewritten(appended(), BRANCH),
        None,
        RecordForged,
    ),
    Tampering(
        "the whole ledger written with another key",
        rewritten(lambda lines: rehash(lines, 0, bytes(32))),
        None,
        WrongLedgerKey,
    ),
    Tampering(
        "the last record edited, the witness left",
        rewritten(last_edited, BRANCH),
        LedgerReplaced,
        RecordForged,
    ),
    Tampering(
        "the ledger of another repository",
        rewritten(of_another_repository),
        LedgerCopied,
        LedgerCopied,
    ),
    Tampering("branch and witness put back", put_back(BRANCH, WITNESS), None, LedgerRolledBack),
    Tampering("branch and witness deleted", removed(BRANCH, WITNESS), None, LedgerRolledBack),
)
