"""An auditor of ledgers, who shares no code with their writer and believes nothing.

It reads every version of the file that the branch ever had with git's plumbing, and knows two
things: the form of a line, and the rules of the budget. What it reports is found from first
principles: :class:`Audit`.
"""

import hashlib
import hmac
import json
import math
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

FILE = "ledger.jsonl"
MOST_RESUMPTIONS = 9
_NOTHING = "0" * 64
_KINDS = ("genesis", "rows", "open", "ciphertext", "reserve", "resume", "verdict")
_ROUNDING = 1e-9

Json = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """What a run was told: the step that its model has, and the bit, None where it is hidden."""

    test_set: str
    model: str
    step: int
    passed: bool | None


@dataclass
class Audit:
    """What an audit found.

    Parameters
    ----------
    records
        Every record with its ``kind``, the oldest first.
    flaws
        All that is wrong, in words.
    lost
        Steps that were taken and that the ledger does not hold: records taken away again, numbers
        left out, verdicts that no step was charged for, steps that a run was told of.
    double
        Steps charged for a question that had one, or under a number that was taken, and second
        verdicts on one step.
    exceeded
        Steps charged after the budget was spent, by their number, by passes or by level.
    """

    records: list[Json] = field(default_factory=list)
    flaws: list[str] = field(default_factory=list)
    lost: int = 0
    double: int = 0
    exceeded: int = 0

    def of(self, kind: str) -> list[Json]:
        """Return the records of one kind."""
        return [record for record in self.records if record["kind"] == kind]

    def lose(self, flaw: str, steps: int = 1) -> None:
        """Report steps lost."""
        self.flaws.append(flaw)
        self.lost += steps


def audit(
    repository: Path,
    key: bytes | None,
    *,
    branch: str = "easeml-ledger",
    told: Iterable[Told] = (),
) -> Audit:
    """Audit the ledger of a bare repository.

    Parameters
    ----------
    repository, branch
        Where it is.
    key
        Seals the records; None leaves the seals unchecked.
    told
        What runs were told, which the ledger has to bear out.
    """
    found = Audit()
    versions = list(_versions(repository, branch, found))
    for earlier, later in pairwise(versions):
        if not later.startswith(earlier):
            kept = set(later.splitlines())
            gone = [line for line in earlier.splitlines() if line not in kept]
            steps = sum(b'"kind":"reserve"' in line for line in gone)
            found.lose("a push changed what stood there", steps)
    audit_file(versions[-1] if versions else b"", key, found)
    for each in told:
        _check_told(each, found)
    return found


def audit_file(data: bytes, key: bytes | None, found: Audit) -> None:
    """Audit one version of the file."""
    *lines, rest = data.split(b"\n")
    if rest:
        found.flaws.append("the file ends inside a line")
    prev = _NOTHING
    books: dict[str, _Book] = {}
    for seq, line in enumerate(lines):
        said = _read(line, found)
        if said is None:
            continue
        if (said["seq"], said["prev"]) != (seq, prev):
            found.flaws.append(f"record {seq} does not follow the one before it")
        if key is not None and said["seal"] != _seal(said["hash"], key):
            found.flaws.append(f"record {seq} is not sealed with the key")
        prev = said["hash"]
        record = {"kind": said["kind"], **said["record"]}
        if (record["kind"] == "genesis") != (seq == 0):
            found.flaws.append("the ledger does not begin with its one genesis")
        _enter(record, books, found)
        found.records.append(record)


def _versions(repository: Path, branch: str, found: Audit) -> Iterator[bytes]:
    """Return the file as each commit of the branch left it, the oldest first."""
    ref = f"refs/heads/{branch}"
    if not _git(repository, "for-each-ref", ref):
        return
    history = [
        line.split()
        for line in _git(repository, "rev-list", "--reverse", "--parents", ref).decode().split("\n")
        if line
    ]
    if any(len(parents) != 1 for _, *parents in history[1:]) or len(history[0]) != 1:
        found.flaws.append("the branch is not one line of commits")
    asked = "".join(f"{commit}:{FILE}\n" for commit, *_ in history).encode()
    answer = _git(repository, "cat-file", "--batch", stdin=asked)
    for _ in history:
        head, _, answer = answer.partition(b"\n")
        size = int(head.split()[2])
        yield answer[:size]
        answer = answer[size + 1 :]


def _git(repository: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout


def _read(line: bytes, found: Audit) -> Json | None:
    """Return one line's fields, or None where it is no line that a ledger may have."""
    try:
        said: Json = json.loads(line)
        written = json.dumps(said, separators=(",", ":")).encode()
        body = written[: -len(f',"hash":"{said["hash"]}","seal":"{said["seal"]}"}}')]
    except (ValueError, TypeError, KeyError):
        found.flaws.append("a line is no record")
        return None
    if line != written or [*said] != ["v", "seq", "prev", "kind", "record", "hash", "seal"]:
        found.flaws.append("a line is not in its one form")
    if said["hash"] != hashlib.sha256(body).hexdigest():
        found.flaws.append("a record does not have the hash that it says")
    if said["v"] != 1 or said["kind"] not in _KINDS:
        found.flaws.append(f"a record of version {said['v']} and kind {said['kind']} is unknown")
        return None
    return said


def _seal(digest: str, key: bytes) -> str:
    message = b"easeml ledger record\0" + digest.encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()


@dataclass
class _Book:
    """One test set, as its records tell it."""

    terms: Json
    floor: float | None
    questions: dict[int, str] = field(default_factory=dict)
    bits: dict[int, bool | None] = field(default_factory=dict)
    resumptions: Counter[int] = field(default_factory=Counter)

    @property
    def counts(self) -> tuple[int, int]:
        bits = list(self.bits.values())
        return bits.count(True), bits.count(False)

    def spent_by(self) -> str | None:
        """Return what ends the life of the test set now, if anything does."""
        passes, fails = self.counts
        last_pass = 1 if self.terms["adaptivity"] == "firstChange" else self.terms["passes"]
        if len(self.questions) >= self.terms["steps"]:
            return "all steps were taken"
        if last_pass is not None and passes >= last_pass:
            return "the last pass was there"
        if self.terms["adaptivity"] == "metered" and self.floor is not None:
            share = self.terms["pass_rate"]
            level = math.log((1 - self.terms["reliability"]) / self.terms["steps"])
            level += passes * math.log(share) + fails * math.log(1 - share)
            if level < self.floor - _ROUNDING:
                return "the level was below what the rows carry"
        return None


def _enter(record: Json, books: dict[str, _Book], found: Audit) -> None:
    """Enter one record into the book of its test set."""
    kind = record["kind"]
    if kind == "genesis":
        return
    name = record["question"]["test_set"] if kind == "reserve" else record["test_set"]
    if kind == "rows":
        _share_out(record, books, found)
    elif kind == "open":
        _own(record, found)
        _check_period(record, books, found)
        if name in books:
            found.flaws.append("a test set is opened twice")
        books[name] = _Book(record["contract"], record["ln_alpha_floor"])
    elif kind == "ciphertext":
        _own(record, found)
        if not any(name in {each, _period(each, found)[0]} for each in books):
            found.flaws.append("a ciphertext is given to an unknown test set")
    elif name not in books:
        found.lose(f"a record of kind {kind} is about no open test set", kind == "verdict")
    else:
        {"reserve": _charge, "resume": _resume, "verdict": _judge}[kind](record, books[name], found)


def _share_out(record: Json, books: dict[str, _Book], found: Audit) -> None:
    if record["test_set"] in {each["test_set"] for each in found.of("rows")}:
        found.flaws.append("rows are shared out twice")
    if record["test_set"] in books and record["periods"] != 1:
        found.flaws.append("rows are shared out that serve already")


def _period(name: str, found: Audit) -> tuple[str, int, int]:
    """Return which test set's rows these are, which share of them, and of how many."""
    whole, _, number = name.rpartition(".")
    for each in found.of("rows"):
        if each["test_set"] == whole and each["periods"] > 1:
            return whole, int(number), each["periods"]
    return name, 1, 1


def _own(record: Json, found: Audit) -> None:
    """Hold a ciphertext to the one test set that it was first given to."""
    owners = {
        _period(each["test_set"], found)[0]
        for each in found.records
        if each.get("ciphertext") == record["ciphertext"]
    }
    is_news = record["kind"] == "ciphertext"
    if owners and (is_news or owners != {_period(record["test_set"], found)[0]}):
        found.flaws.append("a ciphertext is given twice")


def _check_period(record: Json, books: dict[str, _Book], found: Audit) -> None:
    """Hold a period to its turn: the next one, once the one before it is used up."""
    whole, number, periods = _period(record["test_set"], found)
    for each in found.of("rows"):
        share, more = divmod(each["rows"], periods)
        if each["test_set"] == whole and record["rows"] != share + (number <= more):
            found.flaws.append("a period has more or fewer rows than its share")
    if not 1 <= number <= periods or (number > 1 and f"{whole}.{number - 1}" not in books):
        found.flaws.append("a period is opened out of turn")
    elif number > 1 and books[f"{whole}.{number - 1}"].spent_by() is None:
        found.flaws.append("a period is opened while the one before it serves")


def _charge(record: Json, book: _Book, found: Audit) -> None:
    step, question = record["step"], json.dumps(record["question"], sort_keys=True)
    due = len(book.questions) + 1
    if (reason := book.spent_by()) is not None:
        found.flaws.append(f"step {step} was charged although {reason}")
        found.exceeded += 1
    if step in book.questions or question in book.questions.values():
        found.flaws.append(f"step {step} is charged twice")
        found.double += 1
    if step > due:
        found.lose(f"step {step} was charged where {due} was due", step - due)
    if (record["passes"], record["fails"]) != book.counts:
        found.flaws.append(f"step {step} has the level of other verdicts than were known")
    book.questions[step] = question


def _resume(record: Json, book: _Book, found: Audit) -> None:
    step = record["step"]
    book.resumptions[step] += 1
    if step not in book.questions or step in book.bits:
        found.flaws.append(f"step {step} is resumed and is not under way")
    if book.resumptions[step] > MOST_RESUMPTIONS:
        found.flaws.append(f"step {step} is resumed too often")


def _judge(record: Json, book: _Book, found: Audit) -> None:
    step = record["step"]
    if step not in book.questions:
        found.lose(f"the verdict of step {step} was charged to nobody")
    if step in book.bits:
        found.flaws.append(f"step {step} has two verdicts")
        found.double += 1
    if (record["passed"] is None) != (book.terms["adaptivity"] == "none"):
        found.flaws.append(f"step {step} shows a bit that it must not show, or hides one")
    book.bits[step] = record["passed"]


def _check_told(told: Told, found: Audit) -> None:
    asked = [(each["question"], each["step"]) for each in found.of("reserve")]
    bits = {(each["test_set"], each["step"]): each["passed"] for each in found.of("verdict")}
    place = (told.test_set, told.step)
    if place not in [(q["test_set"], step) for q, step in asked if q["new"] == told.model]:
        found.lose(f"a run was told of step {told.step}, which is not there")
    elif place not in bits or bits[place] is not told.passed:
        found.flaws.append(f"a run was told another verdict on step {told.step}")
