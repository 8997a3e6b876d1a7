"""Rows that come back are known again, in whatever form."""

import json
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easeml_action.testset import TestSet, Traces, find_again, trace

KEY = bytes(range(32))
ROWS = [("1", "x", "0"), ("2.5", "y", "1"), ("", "true", "1"), ("0.1", "z", "0")]


def parse(data: str, **options: object) -> TestSet:
    settings = {"format": "csv", "label": "y"} | options
    return TestSet.parse(data.encode(), **settings)  # type: ignore[arg-type]


def table(rows: list[tuple[str, ...]]) -> TestSet:
    return parse("a,b,y\n" + "".join(",".join(row) + "\n" for row in rows))


def shared(new: TestSet, *old: TestSet) -> list[int]:
    found = find_again(new, KEY, [trace(each, KEY) for each in old])
    return [int(rows.sum()) for rows in found]


@pytest.mark.parametrize(
    "copy",
    [
        "a,b,y\n0.1,z,0\n,true,1\n2.5,y,1\n1,x,0\n",  # another order of rows
        "y,b,a\n0,x,1\n1,y,2.5\n1,true,\n0,z,0.1\n",  # another order of columns
        "a,b,y\n1.0, x ,0\n+2.50,y,1\n ,true,1\n.1,z,0\n",  # white space and zeros
        "a,b,y\n1e0,x,0\n25e-1,y,1\nNaN,True,1\n1E-1,z,0\n",  # exponents, and as pandas writes
        "a,b,y\n01,x,0\n2.5,y,1\nNone,TRUE,1\n0.10000000000000001,z,0\n",  # 17 digits
        "a,b,y\n1.000000000000000000e+00,x,0\n2.5,y,1\n<NA>,true,1\n1.000000000000000056e-01,z,0\n",
        "a,b,y\n1,x,1\n2.5,y,0\n,true,0\n0.1,z,1\n",  # other labels
        "a,b,y,c\n1,x,0,\n2.5,y,1,\n,true,1,\n0.1,z,0,\n",  # a column that is empty
    ],
)
def test_a_copy_of_a_row_is_that_row(copy: str) -> None:
    assert shared(parse(copy), table(ROWS)) == [4]
    assert shared(table(ROWS), parse(copy)) == [4]


@pytest.mark.parametrize(
    ("other", "count"),
    [
        ("a,b,y\n1,X,0\n2.5,y,1\n,true,1\n0.1,z,0\n", 3),  # another cell
        ("b,a,y\n1,x,0\n2.5,y,1\n,true,1\n0.1,z,0\n", 0),  # cells under other names
        ("a,b,y\n1.00000000000001,x,0\n2.5,y,1\n,tru,1\n0.1,z,0\n", 2),  # another number
        ("a,b,y\n1,x,0\n1,x,0\n1,x,0\n", 1),  # a row stands for one row only
        ("a,b,y\n9,x,0\n", 0),
    ],
)
def test_another_row_is_not_that_row(other: str, count: int) -> None:
    assert shared(parse(other), table(ROWS)) == [count]


def test_under_other_names_rows_are_known_by_the_places_of_their_columns() -> None:
    old, new = table(ROWS), parse("A,B,Y\n1,x,0\n2.5,y,1\n9,z,0\n", label="Y")
    for names, count in ((None, 0), (old.columns, 2)):
        (found,) = find_again(new, KEY, [trace(old, KEY)], names)
        assert int(found.sum()) == count


def test_formats_share_their_rows() -> None:
    lines = [{"b": "x", "y": 0, "a": 1}, {"a": 2.5, "b": "y", "y": 1}, {"b": True, "y": 3}]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    assert shared(parse(text, format="jsonl"), table(ROWS)) == [3]
    tsv = "a\tb\ty\n" + "".join("\t".join(row) + "\n" for row in ROWS)
    assert shared(parse(tsv, format="tsv"), table(ROWS)) == [4]


def test_rows_are_known_where_another_column_is_the_label() -> None:
    other = parse("a,b,y\n1,x,0\n2.5,y,1\n9,z,0\n8,w,0\n", label="a")
    assert shared(other, table(ROWS)) == [2]  # by a and b, as the old rows were kept
    assert shared(table(ROWS), other) == [3]  # by b and y


def test_every_set_that_was_kept_is_compared() -> None:
    first, second = table(ROWS[:2]), table(ROWS[1:])
    assert shared(table(ROWS), first, second) == [2, 3]
    assert shared(table(ROWS)) == []


small = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1)), min_size=1, max_size=30)


@given(small, small)
def test_copies_are_counted_in_pairs(
    new: list[tuple[int, int]], old: list[tuple[int, int]]
) -> None:
    def of(rows: list[tuple[int, int]]) -> TestSet:
        return parse("x,y\n" + "".join(f"{x},{y}\n" for x, y in rows))

    features = [Counter(x for x, _ in rows) for rows in (new, old)]
    assert shared(of(new), of(old)) == [(features[0] & features[1]).total()]


def test_traces_tell_nothing_without_the_key() -> None:
    tests = table([("1", "x", "0")] * 50)
    kept, other = trace(tests, KEY), trace(tests, KEY[::-1])
    digests = np.frombuffer(kept.digests, "<u8")
    assert len(np.unique(digests)) == 50  # not even which rows are equal
    assert (np.diff(digests.astype(object)) > 0).all()  # nor their order
    assert not set(digests.tolist()) & set(np.frombuffer(other.digests, "<u8").tolist())
    assert not set(digests.tolist()) & set(tests.row_digests(KEY).tolist())
    assert kept.label != other.label
    assert next(find_again(tests, KEY[::-1], [kept])).sum() == 0


def test_nothing_kept_is_nothing_found() -> None:
    assert [rows.tolist() for rows in find_again(table(ROWS), KEY, [Traces("0" * 16, b"")])] == [
        [False] * 4
    ]


rows = st.lists(st.tuples(st.text("01.e ab", max_size=5), st.integers(0, 3)), min_size=1)


@given(rows, st.integers(1, 7))
def test_shares_are_disjoint_and_even_and_do_not_depend_on_the_order(
    rows: list[tuple[str, int]], of: int
) -> None:
    of = min(of, len(rows))

    def table(ordered: list[tuple[str, int]]) -> TestSet:
        return parse("x,y\n" + "".join(f"{x},{y}\n" for x, y in ordered))

    def contents(tests: TestSet) -> list[Counter[int]]:
        shares = [tests.share(KEY, number, of) for number in range(1, of + 1)]
        sizes = [each.rows for each in shares]
        assert sum(sizes) == tests.rows
        assert max(sizes) - min(sizes) <= 1
        assert sizes == sorted(sizes, reverse=True)
        for each in shares:
            assert each.features.count(b"\n") == each.rows + 1
            assert len(each.labels) == each.rows
        return [Counter(each.row_digests(KEY).tolist()) for each in shares]

    whole = table(rows)
    mine = contents(whole)
    total: Counter[int] = sum(mine, Counter())
    assert total == Counter(whole.row_digests(KEY).tolist())
    assert contents(table(random.Random(1).sample(rows, len(rows)))) == mine


def test_equal_rows_are_spread_over_the_shares_by_chance() -> None:
    """In a small domain a share is a sample of all the values, and not all of some."""
    tests = parse("x,y\n" + "".join(f"{number % 4},0\n" for number in range(4000)))
    for number in (1, 2, 3):
        counts = Counter(tests.share(KEY, number, 4).features.split())
        assert all(190 < counts[value] < 310 for value in (b"0", b"1", b"2", b"3"))


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ('a,y\r\n"1\n2",p\r\n"3,""4",q\r\n5,r', {}),
        ('a\ty\n5" x\tp\n"q\tq\n3\tr\n', {"format": "tsv"}),  # quotes that mean themselves
        ("\ufeffp,1\nq,2\nr,3\n", {"label": 1}),
        ('{"a": "1\\u001f\\n", "y": "p"}\n{"y": "q", "b": [1]}\n{"y": "r"}\n', {"format": "jsonl"}),
    ],
)
def test_a_share_has_every_byte_of_its_rows(text: str, options: dict[str, object]) -> None:
    whole = parse(text, **options)
    shares = [whole.share(KEY, number, 3) for number in (1, 2, 3)]
    head = b"\xef\xbb\xbf" if text.startswith("\ufeff") else b""
    if text[0] == "a":
        head = b"a\r\n" if b"\r" in whole.features else b"a\n"
    by_label = {str(each.labels[0]): each for each in shares}
    assert sorted(by_label) == ["p", "q", "r"]
    joined = head + b"".join(by_label[label].features[len(head) :] for label in "pqr")
    assert joined.rstrip(b"\n") == whole.features.rstrip(b"\n")
    for each in shares:
        assert each.features.startswith(head)
        assert each.share(KEY, 1, 1).features == each.features
