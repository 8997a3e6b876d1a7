import csv
import io
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easeml_action.testset.canonical import canonical
from easeml_action.testset.cells import canonical_cells
from easeml_action.testset.fields import Dialect, Table, blocks, unquote
from easeml_action.testset.table_errors import QuotesMisplaced, RaggedRow

pieces = st.text(alphabet="019.+-eE aé\"',;\t\n\r%", max_size=12)
numbers = st.from_regex(r"[ ]?[+-]?[0-9]{0,3}(\.[0-9]{0,3})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)
floats = st.floats(allow_nan=True).map(repr)
wide = st.integers(0, 10**40).map(lambda number: f"{number}.000")
cells = pieces | numbers | floats | wide
tables = st.integers(1, 4).flatmap(
    lambda columns: st.lists(
        st.lists(cells, min_size=columns, max_size=columns), min_size=1, max_size=8
    )
)


def written(rows: list[list[str]], delimiter: str, newline: str) -> Table:
    stream = io.StringIO()
    for row in rows:
        # A lone empty cell is a blank line unless it is quoted; a lone CR or LF has to be.
        quoted = len(row) == 1 or any("\r" in cell or "\n" in cell for cell in row)
        quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
        csv.writer(stream, delimiter=delimiter, lineterminator=newline, quoting=quoting).writerow(
            row
        )
    data = stream.getvalue().encode()
    names = tuple(str(column) for column in range(len(rows[0])))
    return Table(data, 0, len(data), Dialect(ord(delimiter), quoted=b'"' in data), names)


def read(table: Table, size: int) -> list[list[str]]:
    found = []
    for block in blocks(table, size):
        for starts, ends in zip(block.starts.tolist(), block.ends.tolist(), strict=True):
            texts = [
                block.text[start:end].tobytes().decode()
                for start, end in zip(starts, ends, strict=True)
            ]
            found.append([unquote(text) if table.dialect.quoted else text for text in texts])
    return found


@given(tables, st.sampled_from([",", "\t"]), st.sampled_from(["\n", "\r\n"]), st.integers(1, 60))
def test_fields_are_those_that_were_written_whatever_the_blocks(
    rows: list[list[str]], delimiter: str, newline: str, size: int
) -> None:
    assert read(written(rows, delimiter, newline), size) == rows


def canonical_texts(table: Table) -> list[str]:
    (block,) = blocks(table)
    found = canonical_cells(block, table.dialect)
    texts = [
        block.text[start:end].tobytes().decode()
        for start, end in zip(found.starts.tolist(), found.ends.tolist(), strict=True)
    ]
    for index, text in zip(found.replaced.tolist(), found.replacements, strict=True):
        assert texts[index] == ""
        texts[index] = text.decode()
    return texts


@settings(max_examples=400)
@given(tables, st.sampled_from([",", "\t"]), st.sampled_from(["\n", "\r\n"]))
def test_cells_of_a_block_are_the_canonical_texts_of_its_fields(
    rows: list[list[str]], delimiter: str, newline: str
) -> None:
    table = written(rows, delimiter, newline)
    assert canonical_texts(table) == [canonical(cell) for row in rows for cell in row]


@pytest.mark.parametrize("signs", ["0.-+1", "0.e+2", "0 .-x"])
def test_every_short_number_is_brought_to_its_canonical_text(signs: str) -> None:
    cells = ["".join(cell) for size in range(6) for cell in itertools.product(signs, repeat=size)]
    data = ",".join(cells).encode()
    table = Table(data, 0, len(data), Dialect(ord(",")), tuple(map(str, range(len(cells)))))
    assert canonical_texts(table) == [canonical(cell) for cell in cells]


def test_a_block_without_quotes_may_follow_one_with_quotes() -> None:
    data = b'"a",1.0\nb,2.0\n'
    table = Table(data, 0, len(data), Dialect(ord(","), quoted=True), ("a", "b"))
    found = [canonical_cells(block, table.dialect) for block in blocks(table, 8)]
    assert [(cells.ends - cells.starts).tolist() for cells in found] == [[1, 1], [1, 1]]


def test_a_block_does_not_change_the_bounds_it_was_given() -> None:
    data = b" 1.50 , 2\n"
    table = Table(data, 0, len(data), Dialect(ord(",")), ("a", "b"))
    (block,) = blocks(table)
    before = block.starts.copy(), block.ends.copy()
    canonical_cells(block, table.dialect)
    assert np.array_equal(before[0], block.starts)
    assert np.array_equal(before[1], block.ends)


@pytest.mark.parametrize("size", [4, 1000])
@pytest.mark.parametrize(
    ("data", "row", "found"),
    [(b"1,2\n3\n4,5\n", 2, 1), (b"1,2\n3,4\n5,6,7\n", 3, 3), (b"1,2\n\n3,4\n", 2, 1)],
)
def test_a_ragged_row_is_named_with_both_counts(
    data: bytes, row: int, found: int, size: int
) -> None:
    table = Table(data, 0, len(data), Dialect(ord(",")), ("a", "b"))
    with pytest.raises(RaggedRow, match=rf"Row {row} .* {found} fields where 2") as caught:
        list(blocks(table, size))
    assert "7" not in caught.value.problem


@pytest.mark.parametrize("size", [4, 1000])
@pytest.mark.parametrize(
    ("data", "row"),
    [
        (b'1,2\n3,5" pipe\n4,5\n', 2),
        (b'1,2\n3,5" x 6"\n4,5\n', 2),
        (b'1,2\n3,"a"b"c"\n4,5\n', 2),
        (b'1,2\n3,"abc\n4,5\n', 2),
        (b'1,2\n3,4\n"a""b"c"d,5\n', 3),
        (b'1,2\n3,"a"" "b"\n', 2),
    ],
)
def test_a_misplaced_quote_is_named_by_its_row(data: bytes, row: int, size: int) -> None:
    table = Table(data, 0, len(data), Dialect(ord(","), quoted=True), ("a", "b"))
    with pytest.raises(QuotesMisplaced, match=f"Row {row} "):
        list(blocks(table, size))


@given(st.text(alphabet='ab,"\n', max_size=30))
def test_any_text_is_read_or_refused_in_one_sentence(text: str) -> None:
    data = f"x,y\n{text}".encode()
    table = Table(data, 0, len(data), Dialect(ord(","), quoted=True), ("a", "b"))
    try:
        rows = read(table, 5)
    except (RaggedRow, QuotesMisplaced):
        return
    assert rows == list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))
