"""Traces: what is kept of the rows of a test set, so that they are known when they come back.

A row's trace is a keyed digest of its features, loosely taken. The label does not count: a row
with a corrected label is the row whose features the developers' models were tried on. Copies of a
row within a test set have traces of their own, so that a trace never repeats, and two test sets
have as many in common as rows of the one can be paired with equal rows of the other. Honest data
may hold the same few values again and again, and then pairs are all that can be counted.

A trace has 64 bits. Among a million rows and a million others, the chance that a single one is
taken for another is less than one in ten million.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from easeml_action.testset.fields import Table
from easeml_action.testset.fingerprint import RowHasher, Words, derive, number_copies
from easeml_action.testset.table import TestSet


@dataclass(frozen=True)
class Traces:
    """What is kept of the rows of one test set.

    Parameters
    ----------
    label
        A keyed digest of the name of the column that does not count.
    digests
        Eight bytes for each row, in ascending order: nothing of the rows' own order.
    """

    label: str
    digests: bytes


def trace(test_set: TestSet, key: bytes) -> Traces:
    """Return what is to be kept of the rows of a test set.

    Parameters
    ----------
    key
        Secret; at least 16 bytes.
    """
    found = _digests(test_set.table, test_set.columns, key, test_set.label)
    digests = np.sort(found).astype("<u8").tobytes()
    return Traces(_name_digest(key, test_set.label), digests)


def find_again(
    test_set: TestSet,
    key: bytes,
    kept: Iterable[Traces],
    names: tuple[str, ...] | None = None,
) -> Iterator[NDArray[np.bool_]]:
    """Say for each test set that was kept which rows of this one are rows of it.

    Parameters
    ----------
    key
        The one that they were kept with.
    kept
        The others, each traced without the column that is the label there.
    names
        What this one's columns are taken to be called, place by place; None: what they are.
    """
    names = names or test_set.columns
    columns = {_name_digest(key, name): name for name in names}
    known: dict[str | None, Words] = {}
    for other in kept:
        without = columns.get(other.label)
        if without not in known:
            known[without] = _digests(test_set.table, names, key, without)
        yield np.isin(known[without], np.frombuffer(other.digests, "<u8"))


def _digests(table: Table, names: tuple[str, ...], key: bytes, without: str | None) -> Words:
    hasher = RowHasher(key, names, loosely=True, without=without)
    return number_copies(derive(key, b"easeml-copies"), hasher.digests(table))


def _name_digest(key: bytes, name: str) -> str:
    # In a file without a header that is taken to have one, the name may be a cell of a row.
    return derive(derive(key, b"easeml-columns") + name.encode(), b"easeml-column")[:8].hex()
