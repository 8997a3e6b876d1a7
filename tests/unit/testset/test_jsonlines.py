import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easeml_action.errors import GateError
from easeml_action.testset import TestSet
from easeml_action.testset.table_errors import (
    JsonInvalid,
    LabelKeyMissing,
    LabelNeedsName,
    LabelNested,
    LabelsEmpty,
    NoFeatures,
    NoRows,
)

KEY = bytes(32)


def parse(data: bytes, label: str | int = "y") -> TestSet:
    return TestSet.parse(data, format="jsonl", label=label)


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        (b'{"x": 1.50, "y": 0}', b'{"x": 1.50}'),
        (b'{"y":0,"x":1e5}', b'{"x":1e5}'),
        (b'{ "y" : "a, b}" , "x" : [1, 2] }', b'{ "x" : [1, 2] }'),
        (b'{"x":"y","y":true,"z":null}', b'{"x":"y","z":null}'),
        (b'{"a": {"y": 1}, "y": 2}', b'{"a": {"y": 1}}'),
        (b'{"a": "\\"y\\": 3, ", "y": 2}', b'{"a": "\\"y\\": 3, "}'),
        (b'{"\\u0079": 2, "a": 1}', b'{"a": 1}'),
        (b'{"y": 2, "a": {"b": "}"}}', b'{"a": {"b": "}"}}'),
    ],
)
def test_the_label_is_cut_out_of_a_line_and_the_rest_stays(line: bytes, rest: bytes) -> None:
    assert parse(line + b"\n").features == rest + b"\n"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('ay":,{}[]\\ é\x1e', max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ay"), inner),
    max_leaves=4,
)
rows = st.lists(
    st.tuples(st.dictionaries(st.sampled_from(["a", "b", "yy"]), values), st.integers(0, 9)),
    min_size=1,
    max_size=5,
).filter(lambda rows: any(row for row, _ in rows))


@given(rows, st.booleans(), st.booleans(), st.sampled_from(["y", "é", 'q"']))
def test_features_and_labels_together_are_the_objects(
    rows: list[tuple[dict[str, Any], int]], ascii: bool, first: bool, key: str
) -> None:
    objects = [{key: label} | row if first else row | {key: label} for row, label in rows]
    text = "".join(json.dumps(row, ensure_ascii=ascii) + "\n" for row in objects)
    tests = parse(text.encode(), label=key)
    assert [json.loads(line) for line in tests.features.splitlines()] == [row for row, _ in rows]
    assert tests.labels.tolist() == [str(label) for _, label in rows]
    assert len(tests.row_digests(KEY)) == len(rows)


def test_labels_may_be_numbers_strings_and_booleans() -> None:
    data = b'{"x":1,"y":7.0}\n{"x":1,"y":"7"}\r\n{"x":1,"y":true}\n{"x":1,"y":"True"}\n\n'
    assert parse(data).labels.tolist() == ["7", "7", "true", "true"]


def test_columns_are_all_keys_that_occur() -> None:
    assert parse(b'{"b":1,"y":0}\n{"a":1,"y":0}\n').columns == ("a", "b", "y")


def test_a_value_in_another_cell_is_another_row() -> None:
    first = parse(b'{"a":"1","b":"","y":0}\n{"a":"s\\u001ft","b":"","y":0}\n').row_digests(KEY)
    second = parse(b'{"a":"","b":"1","y":0}\n{"a":"s","b":"t","y":0}\n').row_digests(KEY)
    assert not set(first.tolist()) & set(second.tolist())


def fails(error: type[GateError], message: str, data: bytes, label: str | int = "y") -> None:
    with pytest.raises(error, match=message) as caught:
        parse(data, label)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "line", [b"SECRET", b'["SECRET"]', b"", b'{"x": "SECRET', b"[" * 100_000, b'{"x": 1}{}']
)
def test_an_invalid_line_is_named_by_its_row(line: bytes) -> None:
    fails(JsonInvalid, "Row 2 ", b'{"x":1,"y":1}\n' + line + b'\n{"x":1,"y":1}\n')


def test_other_errors_name_the_row_and_what_to_do() -> None:
    fails(NoRows, "no rows", b" \n")
    fails(NoFeatures, "single column", b'{"y":1}\n')
    fails(LabelKeyMissing, "Row 2 .* no key 'y'", b'{"x":1,"y":1}\n{"SECRET":"SECRET"}')
    fails(LabelNested, "label of row 1 ", b'{"x":1,"y":["SECRET"]}')
    fails(LabelNeedsName, "position 2 means nothing", b'{"x":1,"y":1}', label=2)
    empty = b'{"x":1,"y":null}\n{"x":1,"y":""}\n{"x":1,"y":NaN}\n{"x":1,"y":0}\n'
    fails(LabelsEmpty, "3 of the labels .* row 1", empty)
