"""Comma- and tab-separated files: the label taken out, the features as they were."""

import io
from dataclasses import dataclass

import numpy as np

from easeml_action.testset.canonical import WHITE_SPACE
from easeml_action.testset.fields import Block, Dialect, Table, blocks, first_row, unquote
from easeml_action.testset.labels import LabelCollector, Labels
from easeml_action.testset.table_errors import (
    ColumnsRepeated,
    LabelColumnMissing,
    LabelNeedsName,
    LabelOutOfRange,
    NoFeatures,
    NoRows,
    OtherSeparator,
    QuotesMisplaced,
    RaggedRow,
)

_BOM = b"\xef\xbb\xbf"
_FORMATS = {",": "CSV", "\t": "TSV"}
_SEPARATORS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}


@dataclass(frozen=True)
class Parsed:
    """A table taken apart: what names its rows, what judges a model, what a model reads.

    Attributes
    ----------
    table
        All of its cells, as they are hashed.
    label
        The name of the label's column in it.
    labels
        The labels.
    features
        The file for a model, in the form of the test set's own, with its rows.
    """

    table: Table
    label: str
    labels: Labels
    features: Table


def parse_delimited(data: bytes, delimiter: str, label: str | int, *, header: bool) -> Parsed:
    """Take a delimited file apart.

    Parameters
    ----------
    data
        UTF-8, with any line ends.
    delimiter
        One character.
    label
        The label column's name, or its position counted from 1.
    header
        Whether the first row holds the columns' names.

    Raises
    ------
    GateError
        One of those in `table_errors`.
    """
    try:
        table = read_table(data, delimiter, header=header)
    except QuotesMisplaced:
        _insist_on_separator(data, delimiter)
        raise
    if len(table.names) == 1:
        _insist_on_separator(data, delimiter)
        raise NoFeatures
    return _take_apart(table, _label_column(table, label, header=header))


def read_table(data: bytes, delimiter: str, *, header: bool) -> Table:
    """Find the columns' names, where the rows begin and end, and what quotes mean.

    Quotes are those of RFC 4180. Tab-separated text often means them literally instead: where
    they cannot be read as RFC 4180 wants them, every tab separates and every line is a row.

    Raises
    ------
    NoRows, ColumnsRepeated, QuotesMisplaced, RaggedRow
        The whole table has been looked at, so that later passes find it in order.
    """
    dialect = Dialect(ord(delimiter), quoted=b'"' in data)
    try:
        table = _outline(data, dialect, header=header)
        if delimiter == "\t" and dialect.quoted:
            for _ in blocks(table):
                pass
    except (QuotesMisplaced, RaggedRow):
        if delimiter != "\t" or not dialect.quoted:
            raise
        return _outline(data, Dialect(ord(delimiter)), header=header)
    return table


def _outline(data: bytes, dialect: Dialect, *, header: bool) -> Table:
    begin = len(_BOM) if data.startswith(_BOM) else 0
    end = len(data)
    while end > begin and data[end - 1] in b"\r\n":
        end -= 1
    if begin == end:
        raise NoRows
    # The last row keeps its own end.
    end += data.startswith(b"\r\n", end) + data.startswith((b"\n", b"\r\n"), end)
    stop, first = first_row(data, begin, end, dialect, number=0 if header else 1)
    if not header:
        names = tuple(str(position) for position in range(1, len(first) + 1))
        return Table(data, begin, end, dialect, names)
    names = tuple(unquote(name).strip(WHITE_SPACE) for name in first)
    for place, name in enumerate(names, 1):
        if (first_place := names.index(name) + 1) < place:
            raise ColumnsRepeated(first_place, place)
    if stop >= end:
        raise NoRows
    return Table(data, stop, end, dialect, names)


def _insist_on_separator(data: bytes, delimiter: str) -> None:
    """Refuse a first line that only another separator divides.

    Raises
    ------
    OtherSeparator
    """
    line = data.split(b"\n", 1)[0].decode()
    found = max(_SEPARATORS, key=line.count)
    if delimiter not in line and found in line:
        raise OtherSeparator(_FORMATS[delimiter], _SEPARATORS[delimiter], _SEPARATORS[found])


def _label_column(table: Table, label: str | int, *, header: bool) -> int:
    names = table.names
    if isinstance(label, int):
        if not 1 <= label <= len(names):
            raise LabelOutOfRange(label, len(names))
        return label - 1
    if not header:
        raise LabelNeedsName(
            f"{label!r} is a name, and header is false",
            "Give the label's position counted from 1, or set header to true.",
        )
    if label.strip(WHITE_SPACE) not in names:
        raise LabelColumnMissing(label, names)
    return names.index(label.strip(WHITE_SPACE))


def _take_apart(table: Table, column: int) -> Parsed:
    features = io.BytesIO()
    begin = len(_BOM) if table.data.startswith(_BOM) else 0
    features.write(table.data[:begin])
    if table.begin > begin:
        heading = Table(table.data, begin, table.begin, table.dialect, table.names)
        for block in blocks(heading):
            features.write(_without(block, column))
    rows_begin = features.tell()
    labels = LabelCollector(unquote if table.dialect.quoted else str)
    for block in blocks(table):
        labels.add(block.text, block.starts[:, column], block.ends[:, column])
        features.write(_without(block, column))
    data, label = features.getvalue(), table.names[column]
    names = tuple(name for name in table.names if name != label)
    shortened = Table(data, rows_begin, len(data), table.dialect, names)
    return Parsed(table, label, labels.finish(), shortened)


def _without(block: Block, column: int) -> bytes:
    """Return a block's rows without one column and one separator beside it."""
    if column + 1 < block.starts.shape[1]:
        begin, end = block.starts[:, column], block.starts[:, column + 1]
    else:
        begin, end = block.ends[:, column - 1], block.ends[:, column]
    widths = end - begin
    before = np.cumsum(widths) - widths
    gone = np.repeat(begin - before, widths) + np.arange(int(widths.sum()))
    kept = np.ones(block.size, bool)
    kept[gone] = False
    return block.text[: block.size][kept].tobytes()
