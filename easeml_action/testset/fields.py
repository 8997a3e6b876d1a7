"""Finds the fields of a delimited text, a block of rows at a time, without a loop over fields."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easeml_action.testset.canonical import WHITE_SPACE
from easeml_action.testset.table_errors import QuotesMisplaced, RaggedRow

Bytes = NDArray[np.uint8]
Positions = NDArray[np.int64]

PADDING = 8  # zero bytes after a block's text, so that eight bytes can be read at any place
_BLOCK = 1 << 20  # bytes: a block and what is computed from it stay in the processor's cache

_QUOTE, _NEWLINE, _RETURN = 34, 10, 13
_IS_BLANK = np.zeros(256, bool)
_IS_BLANK[[9, 10, 11, 12, 13, 32]] = True


@dataclass(frozen=True)
class Dialect:
    """How rows are written: a separator, an end of row, and whether quotes protect these."""

    delimiter: int
    newline: int = _NEWLINE
    quoted: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of fields inside a larger text.

    Attributes
    ----------
    data
        The text.
    begin, end
        Where its rows begin (after the header) and end (before blank lines at the end).
    dialect
        How they are written.
    names
        The columns' names, or their positions counted from 1.
    """

    data: bytes
    begin: int
    end: int
    dialect: Dialect
    names: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """Some whole rows, and where each of their fields begins and ends.

    Attributes
    ----------
    text
        The rows' bytes, each row with its end, then `PADDING` zero bytes.
    offset
        Where they begin in the table's data.
    first_row
        The number of rows before them.
    starts, ends
        Shape (rows, columns): bounds in ``text``, quotes included, the row's end not.
    """

    text: Bytes
    offset: int
    first_row: int
    starts: Positions
    ends: Positions

    @property
    def size(self) -> int:
        """The number of bytes, without the padding."""
        return len(self.text) - PADDING


def blocks(table: Table, size: int = _BLOCK) -> Iterator[Block]:
    """Go through the table's rows in blocks.

    Raises
    ------
    RaggedRow
        A row has more or fewer fields than there are names.
    QuotesMisplaced
        A quote stands where RFC 4180 allows none.
    """
    columns = len(table.names)
    offset, row, length = table.begin, 0, size
    while offset < table.end:
        stop = min(offset + length, table.end)
        text = _padded(table, offset, stop)
        separators, open_quote = _separators(text, table.dialect)
        ends_row = text[separators] == table.dialect.newline
        last = len(ends_row) - int(np.argmax(ends_row[::-1])) if ends_row.any() else 0
        if last == 0 or (open_quote and stop == table.end):
            if stop == table.end:
                raise QuotesMisplaced(row + int(np.count_nonzero(ends_row)) + 1)
            length *= 2  # one row is longer than the block
            continue
        separators, ends_row = separators[:last], ends_row[:last]
        used = int(separators[-1]) + 1
        text = np.concatenate([text[:used], np.zeros(PADDING, np.uint8)])
        starts = np.empty_like(separators)
        starts[0] = 0
        np.add(separators[:-1], 1, out=starts[1:])
        if table.dialect.quoted:
            _check_quotes(text, starts, separators, ends_row, row)
        _check_shape(ends_row, columns, row)
        starts, ends = starts.reshape(-1, columns), separators.reshape(-1, columns)
        if table.dialect.newline == _NEWLINE:
            final = ends[:, -1]
            final -= (text[final - 1] == _RETURN) & (final > starts[:, -1])
        yield Block(text, offset, row, starts, ends)
        offset, row, length = offset + used, row + len(starts), size


def pick(table: Table, kept: NDArray[np.bool_]) -> Table:
    """Return a table of the rows that are kept, each with every byte of its own.

    Parameters
    ----------
    kept
        Shape (rows,).
    """
    pieces = [table.data[: table.begin]]
    for block in blocks(table):
        rows = kept[block.first_row : block.first_row + len(block.starts)]
        widths = np.diff(block.starts[:, 0], append=block.size)
        pieces.append(block.text[: block.size][np.repeat(rows, widths)].tobytes())
    data = b"".join(pieces)
    return replace(table, data=data, end=len(data))


def first_row(
    data: bytes, begin: int, end: int, dialect: Dialect, number: int
) -> tuple[int, list[str]]:
    """Return where the row that begins at ``begin`` ends, and its fields as they are written.

    Errors call the row by its number.

    Raises
    ------
    QuotesMisplaced
    """
    stop = begin
    while stop < end:
        stop = data.find(dialect.newline, stop, end) + 1 or end
        if not dialect.quoted or data.count(b'"', begin, stop) % 2 == 0:
            break
    text = _padded(Table(data, begin, stop, dialect, ()), begin, stop)
    separators, open_quote = _separators(text, dialect)
    if open_quote:
        raise QuotesMisplaced(number)
    starts = np.concatenate([np.zeros(1, np.int64), separators[:-1] + 1])
    if dialect.quoted:
        _check_quotes(text, starts, separators, text[separators] == dialect.newline, number - 1)
    return stop, [
        text[first:last].tobytes().decode().removesuffix("\r")
        for first, last in zip(starts.tolist(), separators.tolist(), strict=True)
    ]


def trim(text: Bytes, starts: Positions, ends: Positions) -> None:
    """Move the bounds past white space, in place."""
    inside = np.flatnonzero((starts < ends) & _IS_BLANK[text[starts]])
    while inside.size:
        starts[inside] += 1
        inside = inside[starts[inside] < ends[inside]]
        inside = inside[_IS_BLANK[text[starts[inside]]]]
    inside = np.flatnonzero((starts < ends) & _IS_BLANK[text[ends - 1]])
    while inside.size:
        ends[inside] -= 1
        inside = inside[starts[inside] < ends[inside]]
        inside = inside[_IS_BLANK[text[ends[inside] - 1]]]


def quoted_fields(text: Bytes, starts: Positions, ends: Positions) -> NDArray[Any]:
    """Return the indices of the fields whose trimmed bounds are a pair of quotes."""
    return np.flatnonzero(
        (ends - starts >= 2) & (text[starts] == _QUOTE) & (text[ends - 1] == _QUOTE)
    )


def unquote(field: str) -> str:
    """Return a field out of its quotes."""
    inner = field.strip(WHITE_SPACE)
    if len(inner) >= 2 and inner[0] == inner[-1] == '"':
        return inner[1:-1].replace('""', '"')
    return field


def _padded(table: Table, offset: int, stop: int) -> Bytes:
    """Return bytes of the table with an end of row after the last one, if it lacks it."""
    count = stop - offset
    complete = table.data[stop - 1] == table.dialect.newline
    closing = stop == table.end and not complete
    text = np.zeros(count + closing + PADDING, np.uint8)
    text[:count] = np.frombuffer(table.data, np.uint8, count, offset)
    if closing:
        text[count] = table.dialect.newline
    return text


def _separators(text: Bytes, dialect: Dialect) -> tuple[Positions, bool]:
    """Return the places of separators and row ends, and whether a quote is left open."""
    marks = (text == dialect.delimiter) | (text == dialect.newline)
    if not dialect.quoted:
        return np.flatnonzero(marks), False
    # After an odd number of quotes a byte is inside a quoted field.
    inside = np.logical_xor.accumulate(text == _QUOTE)
    marks &= ~inside
    return np.flatnonzero(marks), bool(inside[-1])


def _check_quotes(
    text: Bytes, starts: Positions, ends: Positions, ends_row: NDArray[np.bool_], row: int
) -> None:
    """Refuse a quote that does not open or close its field and is not one of a pair."""
    quotes = np.flatnonzero(text == _QUOTE)
    if not quotes.size:
        return
    fields, first = np.unique(np.searchsorted(ends, quotes), return_index=True)
    bounds = np.append(first, len(quotes))
    inner_starts, inner_ends = starts[fields], ends[fields]
    trim(text, inner_starts, inner_ends)
    wrong = (quotes[first] != inner_starts) | (quotes[bounds[1:] - 1] != inner_ends - 1)
    wrong |= np.diff(bounds) % 2 == 1
    # What is left between the first and the last quote of a field has to be doubled.
    between = np.ones(len(quotes), bool)
    between[first] = between[bounds[1:] - 1] = False
    pairs = quotes[between]
    if not wrong.any() and np.all(pairs[1::2] - pairs[::2] == 1):
        return
    if not wrong.any():
        bad = pairs[::2][pairs[1::2] - pairs[::2] != 1][0]
        field = int(np.searchsorted(ends, bad))
    else:
        field = int(fields[np.argmax(wrong)])
    raise QuotesMisplaced(row + int(np.count_nonzero(ends_row[:field])) + 1)


def _check_shape(ends_row: NDArray[np.bool_], columns: int, row: int) -> None:
    rows = len(ends_row) // columns
    if (
        rows * columns == len(ends_row)
        and int(np.count_nonzero(ends_row)) == rows
        and bool(ends_row[columns - 1 :: columns].all())
    ):
        return
    counts = np.diff(np.flatnonzero(ends_row), prepend=-1)
    bad = int(np.argmax(counts != columns))
    raise RaggedRow(row + bad + 1, int(counts[bad]), columns)
