import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easeml_action.testset import TestSet
from easeml_action.testset.fingerprint import siphash

KEY = bytes(range(32))


def parse(data: bytes, **options: object) -> TestSet:
    settings = {"format": "csv", "label": "y"} | options
    return TestSet.parse(data, **settings)  # type: ignore[arg-type]


def test_siphash_gives_the_published_vectors() -> None:
    # The reference implementation's vectors for messages of 8 and 16 bytes 00 01 02 ...
    key = bytes(range(16))
    words = [np.array([value], np.uint64) for value in (0x0706050403020100, 0x0F0E0D0C0B0A0908)]
    assert siphash(key, words[0])[0] == 0x93F5F5799A932462
    assert siphash(key, *words)[0] == 0x3F2ACC7F57C29BDB


@pytest.mark.parametrize(
    "other",
    [
        b"a,b,y\n3,z,1\n1,x,0\n2,y,1\n",  # another order of rows
        b"y,b,a\n0,x,1\n1,y,2\n1,z,3\n",  # another order of columns
        b"a,b,y\n1.0,x,0\n 2 ,y,1.\n3e0,z,+1\n",  # numbers written differently
        b'"a","b","y"\r\n"1","x","0"\r\n"2","y","1"\r\n"3","z","1"',  # quotes, CRLF, no last end
        b"\xef\xbb\xbfa,b,y\n1,x,0\n2,y,1\n3,z,1\n\n",  # a byte-order mark, a blank last line
    ],
)
def test_the_same_rows_are_the_same_set_however_they_are_written(other: bytes) -> None:
    original = parse(b"a,b,y\n1,x,0\n2,y,1\n3,z,1\n")
    assert parse(other).identity(KEY) == original.identity(KEY)


@pytest.mark.parametrize(
    "other",
    [
        b"a,b,y\n1,x,0\n2,y,1\n3,z,0\n",  # another label
        b"a,b,y\n1,x,0\n2,y,1\n3,zz,1\n",  # another cell
        b"a,b,y\n1,x,0\n2,y,1\n",  # a row less
        b"a,b,y\n1,x,0\n2,y,1\n3,z,1\n3,z,1\n",  # a row twice
        b"b,a,y\n1,x,0\n2,y,1\n3,z,1\n",  # cells under another name
        b"a,b,y\nx,1,0\ny,2,1\nz,3,1\n",  # cells exchanged
    ],
)
def test_other_rows_are_another_set(other: bytes) -> None:
    original = parse(b"a,b,y\n1,x,0\n2,y,1\n3,z,1\n")
    assert parse(other).identity(KEY) != original.identity(KEY)


def test_the_name_and_the_digests_depend_on_the_key() -> None:
    tests = parse(b"a,y\n1,0\n2,1\n")
    other = KEY[::-1]
    assert tests.identity(KEY) != tests.identity(other)
    assert not set(tests.row_digests(KEY).tolist()) & set(tests.row_digests(other).tolist())


def test_formats_share_their_rows_digests() -> None:
    csv = parse(b"a,b,y\n1,x y,0\n2.50,,1\n")
    tsv = parse(b"a\tb\ty\n1\tx y\t0\n2.5\t\t1\n", format="tsv")
    jsonl = parse(b'{"a":1,"b":"x y","y":0}\n{"y":true,"a":2.5}\n', format="jsonl")
    jsonl_one = parse(b'{"b":"x y","a":"1","y":0}\n{"y":1,"b":null,"a":25e-1}\n', format="jsonl")
    assert csv.identity(KEY) == tsv.identity(KEY) == jsonl_one.identity(KEY)
    assert jsonl.row_digests(KEY)[0] == csv.row_digests(KEY)[0]
    assert jsonl.row_digests(KEY)[1] != csv.row_digests(KEY)[1]


@pytest.mark.parametrize("length", [7, 8, 9, 16, 17, 1023, 1024, 1025, 5000])
def test_long_cells_are_told_apart_by_their_last_character(length: int) -> None:
    texts = ["a" * length, "a" * (length - 1) + "b", "a" * (length + 1), '"' + "a" * length + '"']
    rows = "".join(f"{text},0\n" for text in texts)
    digests = parse(f"text,y\n{rows}".encode()).row_digests(KEY)
    assert len(set(digests.tolist())) == 3
    assert digests[0] == digests[3]


def test_a_cell_counts_wherever_the_other_rows_put_it() -> None:
    """A row's digest is its own: what stands beside it in the file does not matter."""
    rows = [f"{'w' * width},{width}\n" for width in (1, 9, 30, 80, 700, 3000)]
    alone = [parse(f"text,y\n{row}".encode()).row_digests(KEY)[0] for row in rows]
    together = parse(f"text,y\n{''.join(rows)}".encode()).row_digests(KEY)
    assert together.tolist() == alone


@given(st.lists(st.tuples(st.text("01.e ab", max_size=9), st.integers(0, 3)), min_size=1))
def test_the_order_of_rows_does_not_matter(rows: list[tuple[str, int]]) -> None:
    def table(ordered: list[tuple[str, int]]) -> TestSet:
        return parse(("x,y\n" + "".join(f"{x},{y}\n" for x, y in ordered)).encode())

    shuffled = random.Random(1).sample(rows, len(rows))
    assert table(rows).identity(KEY) == table(shuffled).identity(KEY)


def test_digests_of_many_rows_are_all_different() -> None:
    rows = "".join(f"{number},{number % 7},{number % 2}\n" for number in range(500_000))
    digests = parse(f"a,b,y\n{rows}".encode()).row_digests(KEY)
    assert len(np.unique(digests)) == 500_000


def test_a_short_key_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="key must have at least 16 bytes"):
        parse(b"a,y\n1,0\n").row_digests(b"short")
