"""Rows that serve a second time: found before a test set is opened, and refused."""

from collections.abc import Sequence

import numpy as np

from easeml_action.errors import GateError
from easeml_action.ledger import ShelvedRows
from easeml_action.testset import TestSet, Traces, find_again, trace

_NAMED = 3  # test sets that an error names
_BY_CHANCE = 100  # one row, or one in so many, may be alike by chance


class RowsShared(GateError):
    """Some rows of a new test set have served before, or are known from elsewhere."""

    def __init__(self, shared: int, rows: int, where: str, *, can_pass: bool) -> None:
        by_chance = (
            f" Where rows are alike by chance, `allow_overlap: {shared}` in the configuration lets "
            "so many pass."
        )
        super().__init__(
            f"{shared:,} of the {rows:,} rows {'is' if shared == 1 else 'are'} also in {where}.",
            "Leave them out: a new test set needs rows that nobody has learned anything about."
            + (by_chance if can_pass and shared <= max(1, rows // _BY_CHANCE) else ""),
        )


def insist_apart(
    new: TestSet, other: TestSet, key: bytes, where: str, tolerated: int | None = None
) -> None:
    """Refuse rows that another table has, under the names of its columns or in their places.

    Parameters
    ----------
    where
        What an error calls the other table.
    tolerated
        How many may be shared, by the configuration; None: none, and no configuration is asked.

    Raises
    ------
    RowsShared
        More are shared than is tolerated.
    """
    kept = [trace(other, key)]
    (found,) = find_again(new, key, kept)
    if new.columns != other.columns and len(new.columns) == len(other.columns):
        (in_place,) = find_again(new, key, kept, other.columns)
        found |= in_place
    shared = int(found.sum())
    if shared > (tolerated or 0):
        raise RowsShared(shared, new.rows, where, can_pass=tolerated is not None)


def insist_on_new_rows(
    test_set: TestSet, key: bytes, served: Sequence[ShelvedRows], tolerated: int
) -> None:
    """Refuse rows that have served in test sets that the ledger knows, retired or not.

    Parameters
    ----------
    key
        The one that the ledger's rows were traced with.
    served
        The rows of the other test sets.
    tolerated
        How many may be shared.

    Raises
    ------
    RowsShared
        There are more, counted over all the test sets together.
    """
    kept = (Traces(each.record.label, each.digests) for each in served)
    known = np.zeros(test_set.rows, bool)
    shares: dict[str, int] = {}
    for each, found in zip(served, find_again(test_set, key, kept), strict=True):
        known |= found
        if found.any():
            shares[each.record.test_set] = int(found.sum())
    shared = int(known.sum())
    if shared > tolerated:
        raise RowsShared(shared, test_set.rows, _in_words(shares), can_pass=True)


def _in_words(shares: dict[str, int]) -> str:
    if len(shares) == 1:
        return f"the test set {next(iter(shares))}, which has been in use before"
    most = sorted(shares, key=lambda name: -shares[name])
    named = [f"{name} ({shares[name]:,})" for name in most[:_NAMED]]
    more = len(most) - len(named)
    others = f" and {more:,} more" if more else ""
    return f"the test sets {', '.join(named)}{others}, which have been in use before"
