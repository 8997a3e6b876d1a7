import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easeml_action.testset import TestSet, split_sample
from easeml_action.testset.table_errors import NotText, SampleTooLarge

KEY = bytes(32)


@pytest.mark.parametrize(
    ("format", "header", "start", "lines"),
    [
        ("csv", True, b"x,y\n", [b"%d,%d\n" % (n, n % 2) for n in range(9)]),
        ("csv", True, b"\xef\xbb\xbfx,y\r\n", [b'"%d\r\n",%d\r\n' % (n, n % 2) for n in range(9)]),
        ("tsv", False, b"", [b"%d\t%d\n" % (n, n % 2) for n in range(9)]),
        ("tsv", True, b"x\ty\n", [b'5"\t%d\n' % (n % 2) for n in range(9)]),
        ("jsonl", False, b"", [b'{"x":%d,"y":0}\n' % n for n in range(9)]),
    ],
)
@pytest.mark.parametrize("closed", [True, False])
def test_each_row_is_in_one_of_the_two_with_every_byte(
    format: str, header: bool, start: bytes, lines: list[bytes], closed: bool
) -> None:
    data = start + b"".join(lines)
    if not closed:
        data = data.rstrip(b"\r\n")
    rest, sample = split_sample(data, format=format, header=header, rows=3)
    assert rest.startswith(start)
    assert sample.startswith(start)
    found = []
    for part, count in ((rest, 6), (sample, 3)):
        content = part.removeprefix(start)
        here = [line for line in lines if line in content]
        assert Counter(here).total() >= count
        assert len(content) == sum(map(len, lines[:count]))
        found.append(content)
    assert sorted(found[0] + found[1]) == sorted(b"".join(lines))


@given(st.integers(2, 40), st.data())
def test_both_parts_together_have_the_rows_of_the_whole(rows: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, rows - 1))
    table = b"x,y\n" + b"".join(b"%d,%d\n" % (row * 7, row % 3) for row in range(rows))
    rest, sample = split_sample(table, format="csv", header=True, rows=count)

    def digests(part: bytes) -> list[int]:
        return TestSet.parse(part, format="csv", label="y").row_digests(KEY).tolist()

    assert len(digests(sample)) == count
    assert sorted(digests(rest) + digests(sample)) == sorted(digests(table))


def test_the_rows_are_drawn_at_random() -> None:
    table = b"".join(b"%d,0\n" % row for row in range(100))
    first, again, other = (
        split_sample(table, format="csv", header=False, rows=5, source=random.Random(seed))[1]
        for seed in (1, 1, 2)
    )
    assert first == again != other


def test_a_sample_leaves_a_test_set() -> None:
    with pytest.raises(SampleTooLarge, match="sample of 2 rows cannot be set aside from 2"):
        split_sample(b"x,y\n1,0\n2,1\n", format="csv", header=True, rows=2)
    with pytest.raises(ValueError, match="rows must be at least 1"):
        split_sample(b"x,y\n1,0\n2,1\n", format="csv", header=True, rows=0)
    with pytest.raises(NotText):
        split_sample(b"x,y\n1,\xff\n2,1\n", format="csv", header=True, rows=1)
