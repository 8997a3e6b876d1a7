"""What else remembers the ledger: a ref beside its branch, and marks in what GitHub shows.

A chain that was cut off at its end is sound by itself. Whoever wants to notice must remember a
link that he has seen. Two witnesses do: a ref that is pushed together with the branch, and a mark
in the text of commit statuses and issues, which names one record by its number and its hash.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from easeml_action.ledger.chain import Link
from easeml_action.ledger.errors import LedgerDeleted, LedgerReplaced, LedgerRolledBack

_DIGITS: Final = 8
_PLAIN_LABEL: Final = re.compile(r"[A-Za-z0-9._/-]{1,30}")
_MARK: Final = re.compile(
    r"\[(?P<label>[A-Za-z0-9._/-]{1,30})@(?P<seq>[0-9]{1,9}):"
    r"(?P<head>[0-9a-f]{8})\.(?P<seal>[0-9a-f]{8})\]"
)


def witness_ref(branch: str) -> str:
    """Return the ref that stands where the branch stands.

    It is no branch and no tag: it does not show in a repository's lists, no clone fetches it, no
    rule for branches or tags is in its way, and whoever clears up branches passes it by. A ledger
    on another branch has a witness of its own.
    """
    return f"{witness_folder(branch)}witness"


def witness_folder(branch: str) -> str:
    """Return what comes before the last part of the witness's name."""
    return f"refs/easeml/ledgers/{branch}/"


def deleted(branch: str) -> LedgerDeleted:
    """Return what is wrong where the witness is there and the branch is not."""
    return LedgerDeleted(
        f"The ledger's branch {branch} was deleted; the ref {witness_ref(branch)} still has it.",
        how_to_restore(branch),
    )


def compare(branch: str, data: bytes, witnessed: bytes | None) -> LedgerReplaced | None:
    """Return what is wrong with the ledger on the branch, by what the witness holds; else None."""
    if witnessed is not None and data.startswith(witnessed):
        return None  # a push without its witness: the branch has gone on
    if witnessed is not None and witnessed.startswith(data):
        lost = witnessed.count(b"\n") - data.count(b"\n")
        return LedgerRolledBack(
            f"The ledger on the branch {branch} lost its last {lost:,} "
            f"{'record' if lost == 1 else 'records'}: the ref {witness_ref(branch)} has them.",
            how_to_restore(branch),
        )
    return LedgerReplaced(
        f"The ledger on the branch {branch} is another one than the ref {witness_ref(branch)} "
        "remembers.",
        how_to_restore(branch),
    )


def how_to_restore(branch: str) -> str:
    """Return the commands that put the branch where its witness stands."""
    return (
        f"Restore it with `git fetch origin {witness_ref(branch)} && git push origin "
        f"+FETCH_HEAD:refs/heads/{branch}`; a new ledger, with a new test set, is begun by naming "
        "another ledger-branch."
    )


@dataclass(frozen=True)
class Mark:
    """One record as a text remembers it; sealed, so that nobody can raise a false alarm.

    Parameters
    ----------
    label
        Stands for the branch.
    seq
        The record's number, from 0.
    head
        The first digits of its hash.
    seal
        The first digits of an HMAC of the three above under the ledger's key.
    """

    label: str
    seq: int
    head: str
    seal: str

    @classmethod
    def of(cls, branch: str, link: Link, key: bytes) -> "Mark":
        """Return the mark of a record on a branch."""
        label, head = _label(branch), link.hash[:_DIGITS]
        return cls(label, link.seq, head, _seal(label, link.seq, head, key))

    def __str__(self) -> str:
        return f"[{self.label}@{self.seq}:{self.head}.{self.seal}]"

    def is_of(self, branch: str, key: bytes) -> bool:
        """Say whether a holder of the key made this mark for the branch."""
        expected = _seal(self.label, self.seq, self.head, key)
        return self.label == _label(branch) and hmac.compare_digest(self.seal, expected)

    def is_kept_by(self, links: Sequence[Link]) -> bool:
        """Say whether the record is still there."""
        return self.seq < len(links) and links[self.seq].hash.startswith(self.head)


def find_marks(text: str) -> Iterator[Mark]:
    """Find the marks in a text, which may be anybody's."""
    for found in _MARK.finditer(text):
        yield Mark(found["label"], int(found["seq"]), found["head"], found["seal"])


def forgotten(branch: str, mark: Mark, links: Sequence[Link]) -> LedgerRolledBack:
    """Return what is wrong where a text remembers a record that the ledger does not have."""
    return LedgerRolledBack(
        f"GitHub shows a verdict that was recorded as line {mark.seq + 1:,} of the ledger on the "
        f"branch {branch}, and the ledger, of {len(links):,} lines, does not have it.",
        f"The branch and {witness_ref(branch)} were deleted or put back: restore both from a "
        "clone or a backup, or begin a new ledger, with a new test set, by naming another "
        "ledger-branch.",
    )


def _label(branch: str) -> str:
    if _PLAIN_LABEL.fullmatch(branch):
        return branch
    return hashlib.sha256(branch.encode()).hexdigest()[:12]


def _seal(label: str, seq: int, head: str, key: bytes) -> str:
    message = f"easeml ledger mark\0{label}@{seq}:{head}".encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:_DIGITS]
