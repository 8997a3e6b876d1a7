import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easeml_action.errors import GateError
from easeml_action.testset import TestSet, format_of
from easeml_action.testset.table_errors import (
    ColumnsRepeated,
    FormatNotRead,
    LabelColumnMissing,
    LabelNeedsName,
    LabelOutOfRange,
    LabelsEmpty,
    NoFeatures,
    NoRows,
    NotText,
    OtherSeparator,
    QuotesMisplaced,
    RaggedRow,
    UnknownFormat,
)


def parse(
    data: bytes, format: str = "csv", label: str | int = "y", header: bool | None = None
) -> TestSet:
    return TestSet.parse(data, format=format, label=label, header=header)


@pytest.mark.parametrize(
    ("path", "format"),
    [
        ("data_test/test.csv.gpg", "csv"),
        ("test.CSV.GPG", "csv"),
        ("test.tsv.asc", "tsv"),
        ("test.txt.enc", "tsv"),
        ("test.tab.pgp", "tsv"),
        ("a.b/test.v2.jsonl.gpg", "jsonl"),
        ("test.ndjson", "jsonl"),
    ],
)
def test_the_format_is_told_by_the_name_under_the_encryption(path: str, format: str) -> None:
    assert format_of(path) == format


@pytest.mark.parametrize("path", ["test.gpg", "test.dat.gpg", "test", "csv", "test.csv.gz"])
def test_an_unknown_ending_lists_the_known_ones(path: str) -> None:
    with pytest.raises(UnknownFormat, match=r"\.csv, \.tsv, .*\.jsonl.* followed by \.gpg"):
        format_of(path)


@pytest.mark.parametrize(
    ("path", "name"),
    [("d.parquet", "Parquet"), ("d.XLSX.gpg", "Excel"), ("d.json", "JSON"), ("d.csv.zip", "Zip")],
)
def test_a_format_that_is_not_read_is_called_by_its_name(path: str, name: str) -> None:
    with pytest.raises(FormatNotRead, match=f"is {name}, which is not read. Save it as CSV"):
        format_of(path)


@pytest.mark.parametrize(
    ("data", "label", "features"),
    [
        (b"a,y,b\n1.50, 0,x\n02,1,\n", "y", b"a,b\n1.50,x\n02,\n"),
        (b"y,a,b\n0,1,x\n1,2,y\n", "y", b"a,b\n1,x\n2,y\n"),
        (b"a,b,y\r\n1,x,0\r\n2,y,10\r\n", "y", b"a,b\r\n1,x\r\n2,y\r\n"),
        (b'"a","y"\n"1, 2",0\n"3\n""4""","1"', "y", b'"a"\n"1, 2"\n"3\n""4"""\n'),
        (b"\xef\xbb\xbfy,a\n0,1\n1,2\n\r\n\n", "y", b"\xef\xbb\xbfa\n1\n2\n"),
        (b"1,0\n2,1\n", 2, b"1\n2\n"),
        ("a,y\nä,0\nö,1\n".encode(), "y", "a\nä\nö\n".encode()),
    ],
)
def test_features_are_the_file_without_the_label_column(
    data: bytes, label: str | int, features: bytes
) -> None:
    tests = parse(data, label=label)
    assert tests.features == features
    assert tests.rows == 2
    assert len(tests.labels) == 2


@pytest.mark.parametrize(
    ("header", "label", "labels"),
    [
        (None, 2, ["y", "0", "1"]),
        (False, 2, ["y", "0", "1"]),
        (True, 2, ["0", "1"]),
        (True, "y", ["0", "1"]),
        (None, " y ", ["0", "1"]),
    ],
)
def test_a_label_by_name_means_a_header_and_a_position_none(
    header: bool | None, label: str | int, labels: list[str]
) -> None:
    assert parse(b"x,y\n1,0\n2,1\n", label=label, header=header).labels.tolist() == labels


def test_columns_without_header_are_named_by_position() -> None:
    assert parse(b"5\t6\t7\n", format="tsv", label=3).columns == ("1", "2", "3")
    assert parse(b"5\t6\t7\n", format="tsv", label=3).features_name == "features.tsv"


def test_labels_are_canonical() -> None:
    tests = parse(b'x,y\n1,7\n2, 7 \n3,7.0\n4,"7"\n5," +7 "\n6,True\n7,spam\n')
    assert tests.labels.tolist() == ["7"] * 5 + ["true", "spam"]


def test_a_tab_separated_file_may_mean_its_quotes_literally() -> None:
    data = b'text\ty\nhe said "no\t0\n"5" x 6"\t1\n'
    tests = parse(data, format="tsv")
    assert tests.labels.tolist() == ["0", "1"]
    assert tests.features == b'text\nhe said "no\n"5" x 6"\n'


def test_a_tab_separated_file_may_quote_tabs_and_line_ends() -> None:
    data = b'text\ty\n"a\tb\nc"\t"0"\nplain\t1\n'
    tests = parse(data, format="tsv")
    assert tests.labels.tolist() == ["0", "1"]
    assert tests.features == b'text\n"a\tb\nc"\nplain\n'


texts = st.text(alphabet='ab7., "\n\u00e9', max_size=8)


@given(
    st.lists(st.tuples(texts, st.sampled_from(["0", "spam", 'a"b', "x,y"]), texts), min_size=1),
    st.permutations([0, 1, 2]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_features_and_labels_together_are_the_table(
    rows: list[tuple[str, str, str]], order: list[int], quoting: int
) -> None:
    stream = io.StringIO(newline="")
    table = [[row[column] for column in order] for row in [("a", "y", "b"), *rows]]
    csv.writer(stream, quoting=quoting).writerows(table)  # type: ignore[arg-type]
    tests = parse(stream.getvalue().encode())
    features = list(csv.reader(io.StringIO(tests.features.decode(), newline="")))
    kept = [column for column, field in enumerate(order) if field != 1]
    assert features == [[row[column] for column in kept] for row in table]
    assert tests.labels.tolist() == [row[1] for row in rows]


def test_a_row_may_be_longer_than_a_block() -> None:
    rows = [("x" * 3_000_000, "0"), ("short", "1"), ("\n" * 1_500_000, "0")]
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([("text", "y"), *rows])
    tests = parse(stream.getvalue().encode())
    assert tests.labels.tolist() == ["0", "1", "0"]
    assert len(tests.features) == len(stream.getvalue()) - 3 * 2 - 2


def test_repr_shows_the_shape_only() -> None:
    shown = repr(parse(b"x,y\nsecret,hidden\n"))
    assert "csv" in shown
    assert "secret" not in shown
    assert "hidden" not in shown


def fails(error: type[GateError], message: str, data: bytes, **options: object) -> None:
    settings = {"format": "csv", "label": "y"} | options
    with pytest.raises(error, match=message) as caught:
        TestSet.parse(data, **settings)  # type: ignore[arg-type]
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"\xef\xbb\xbf\n", b"x,y\n", b"x,y", b"x,y\r\n\r\n"]
)
def test_no_rows_is_an_error(data: bytes) -> None:
    fails(NoRows, "has no rows", data)


def test_a_missing_label_column_counts_the_columns_and_names_the_nearest() -> None:
    fails(LabelColumnMissing, "no column 'y' among its 2", b"x,Y\nSECRET,1\n")
    fails(LabelColumnMissing, "Did you mean 'label'", b"x,label\n1,SECRET\n", label="lable")


def test_a_row_that_is_taken_for_a_header_is_not_shown() -> None:
    fails(LabelColumnMissing, "no column 'y' among its 2", b"SECRET,SECRET of row 1\n1,2\n")
    fails(ColumnsRepeated, "columns 1 and 3", b"SECRET,1,SECRET\n1,2,3\n")


def test_a_label_position_is_counted_from_one() -> None:
    fails(LabelOutOfRange, "column 3, .* 1 to 2", b"SECRET,1\n", label=3)
    fails(LabelOutOfRange, "column 0, .* 1 to 2", b"SECRET,1\n", label=0)


def test_a_name_needs_a_header() -> None:
    fails(LabelNeedsName, "header is false", b"SECRET,1\n", header=False)


def test_a_repeated_column_name_is_an_error() -> None:
    fails(ColumnsRepeated, "columns 1 and 3 .* header to false", b"x,y,x\nSECRET,1,2\n")


@pytest.mark.parametrize(
    ("data", "format", "said"),
    [
        (b"x;y\nSECRET;1\n", "csv", "CSV is read with commas, and its first line has semicolons"),
        (b"x;y\n1,5;SECRET\n", "csv", "semicolons. Save it with commas"),
        (b'\xef\xbb\xbf"x";"y"\n"SECRET";"1"\n', "csv", "has semicolons"),
        (b"x\ty\nSECRET\t1\n", "csv", "has tabs"),
        (b"x|y|z, too\nSECRET|1|2\n", "tsv", "TSV is read with tabs, and its first line has bars"),
    ],
)
def test_another_separator_is_called_by_its_name(data: bytes, format: str, said: str) -> None:
    fails(OtherSeparator, said, data, format=format)


def test_a_label_alone_is_no_test_set() -> None:
    fails(NoFeatures, "leaves a model nothing to read", b"y\nSECRET\n")


def test_ragged_rows_are_counted_without_the_header() -> None:
    fails(RaggedRow, "Row 2 .* has 3 fields where 2", b"x,y\n1,2\nSECRET,2,3\n")
    fails(RaggedRow, "Row 2 .* has 1 fields where 2", b"x\ty\n1\t2\nSECRET\n", format="tsv")


def test_misplaced_quotes_in_a_csv_are_named_by_row() -> None:
    fails(QuotesMisplaced, "Row 2 ", b'x,y\n1,2\nSECRET" x,3\n')
    fails(QuotesMisplaced, "The header ", b'x",y\n1,2\n')


@pytest.mark.parametrize("label", ["", " ", "NaN", "nan", "-nan", '""', '" "'])
def test_empty_labels_are_counted(label: str) -> None:
    data = f'x,y\nSECRET,1\n"S",{label}\n3,{label}\n'.encode()
    fails(LabelsEmpty, "2 of the labels are empty or NaN, the first in row 2", data)


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        ("x,y\nSECRÉT,1\n".encode("latin-1"), "byte 8 "),
        ("x,y\n1,2\n".encode("utf-16"), "UTF-16"),
        (b"x,y\n1,\0\n", "byte 6 "),
        (b"x,y\n" + "é".encode() * (1 << 23) + b",1\n2,\xff3\n", "byte 16,777,225 "),
        (b"x,y\n1,\xc3", "byte 6 "),
        (b"x,y\n1" + "é".encode() * (1 << 23) + b",1\n2,\xff3\n", "byte 16,777,226 "),
    ],
)
def test_another_encoding_is_named_with_its_place(data: bytes, offset: str) -> None:
    fails(NotText, offset, data)


def test_an_unknown_format_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="format must be one of csv, tsv, jsonl"):
        parse(b"x,y\n1,2\n", format="xlsx")
