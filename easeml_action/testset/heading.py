"""Tells a line of names from a row, where a file is said to have no header."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from easeml_action.testset.canonical import MISSING, WHITE_SPACE, is_number
from easeml_action.testset.fields import blocks, unquote
from easeml_action.testset.table import TestSet

_LOOKED_AT = 100  # rows that the first line is compared with, cell by cell


def begins_with_names(test_set: TestSet) -> bool:
    """Say whether the first row of a test set without a header looks like its columns' names.

    Either its label is a text that no other row has, while every other label comes again; or it
    has a text in a column of numbers.
    """
    return test_set.rows > 1 and (_label_is_alone(test_set) or _text_above_numbers(test_set))


def _label_is_alone(test_set: TestSet) -> bool:
    first, *others = test_set.labels.tolist()
    counts = Counter(others)
    return first not in counts and not is_number(first) and min(counts.values()) > 1


def _text_above_numbers(test_set: TestSet) -> bool:
    rows = _rows(test_set)
    columns = zip(*islice(rows, _LOOKED_AT), strict=True)
    return any(
        _is_text(first) and all(map(is_number, others)) for first, *others in columns if others
    )


def _rows(test_set: TestSet) -> Iterator[list[str]]:
    quoted = test_set.table.dialect.quoted
    for block in blocks(test_set.table):
        content = block.text.tobytes()
        for starts, ends in zip(block.starts.tolist(), block.ends.tolist(), strict=True):
            cells = [content[a:b].decode() for a, b in zip(starts, ends, strict=True)]
            yield [(unquote(cell) if quoted else cell).strip(WHITE_SPACE) for cell in cells]


def _is_text(cell: str) -> bool:
    return bool(cell) and cell.lower() not in MISSING and not is_number(cell)
