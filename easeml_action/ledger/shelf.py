"""The shelf beside the ledger: for each test set a file of digests, by which its rows are known.

A file is named and bound by the SHA-256 that its record gives, so that one that was edited, or put
in the place of another, shows. A run that meets a known ciphertext reads none of them.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from easeml_action.errors import GateError
from easeml_action.ledger.errors import RowsEdited, RowsMissing
from easeml_action.ledger.history import History
from easeml_action.ledger.records import RememberedRows

# Returns a file of the branch at one moment; None where there is none.
ReadFile = Callable[[str], bytes | None]

DIGEST_BYTES = 8
MAX_ROWS = 12_000_000  # a file of them is just smaller than the 100 MB that GitHub takes


class TooManyRows(GateError):
    """The digests of a test set's rows would make too large a file."""

    def __init__(self, rows: int) -> None:
        super().__init__(
            f"The test set has {rows:,} rows, and the ledger can remember {MAX_ROWS:,}.",
            "Use fewer rows: `easeml plan` shows how many are of use.",
        )


@dataclass(frozen=True)
class ShelvedRows:
    """A test set's rows as they lie on the shelf.

    Parameters
    ----------
    record
        What the ledger says of them.
    digests
        `DIGEST_BYTES` for each row.
    """

    record: RememberedRows
    digests: bytes

    @classmethod
    def of(cls, test_set: str, periods: int, label: str, digests: bytes) -> Self:
        """Bind digests to a record.

        Raises
        ------
        TooManyRows
            The file would be larger than git hosts take.
        """
        rows = len(digests) // DIGEST_BYTES
        if rows > MAX_ROWS:
            raise TooManyRows(rows)
        digest = hashlib.sha256(digests).hexdigest()
        return cls(RememberedRows(test_set, rows, periods, label, digest), digests)

    def __post_init__(self) -> None:
        digest = hashlib.sha256(self.digests).hexdigest()
        if digest != self.record.digests or len(self.digests) != DIGEST_BYTES * self.record.rows:
            raise ValueError("digests: they are not those of the record")

    @property
    def path(self) -> str:
        """Where they lie on the branch."""
        return path_of(self.record)


def path_of(record: RememberedRows) -> str:
    """Return where on the branch the digests of a record lie."""
    return f"rows/{record.digests}.bin"


def take_down(history: History, read: ReadFile) -> tuple[ShelvedRows, ...]:
    """Return the rows of every test set that the history remembers.

    Parameters
    ----------
    read
        Returns a file of the branch as it was when the history was read; None where there is none.

    Raises
    ------
    RowsMissing, RowsEdited
        A file is not there, or is not the one that was put there.
    """
    return tuple(_take_down(record, read) for record in history.remembered)


def _take_down(record: RememberedRows, read: ReadFile) -> ShelvedRows:
    path = path_of(record)
    digests = read(path)
    if digests is None:
        raise RowsMissing(
            f"The file {path} beside the ledger is missing: it tells whether rows of the test set "
            f"{record.test_set} come back."
        )
    try:
        return ShelvedRows(record, digests)
    except ValueError:
        raise RowsEdited(
            f"The file {path} beside the ledger was edited: it is not the one that was recorded "
            f"for the test set {record.test_set}."
        ) from None
