import os
import tracemalloc

import pytest

from easeml_action.sandbox.capture import Excerpt, drain


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_a_short_stream_is_kept_whole_however_it_is_cut(size: int) -> None:
    text = "zwölf Boxkämpfer"
    data = text.encode()
    excerpt = Excerpt(6, len(data))
    for start in range(0, len(data), size):
        excerpt.add(data[start : start + size])
    assert excerpt.text() == text


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_of_a_long_stream_the_head_and_the_tail_are_kept(size: int) -> None:
    data = b"".join(b"%03d " % number for number in range(250))
    excerpt = Excerpt(8, 8)
    for start in range(0, len(data), size):
        excerpt.add(data[start : start + size])
    assert excerpt.text() == "000 001 \n[... 984 bytes left out ...]\n248 249 "


def test_memory_stays_bounded_whatever_comes() -> None:
    excerpt = Excerpt(1000, 1000)
    chunk = b"x" * 65_536
    tracemalloc.start()
    try:
        for _ in range(2000):
            excerpt.add(chunk)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 500_000
    assert len(excerpt.text()) < 2100


def test_bytes_that_are_no_text_do_not_fail() -> None:
    excerpt = Excerpt(4, 4)
    excerpt.add(b"\xff\xfe\0\xff" * 4)
    assert "left out" in excerpt.text()


def test_draining_ends_with_the_streams_or_with_the_time() -> None:
    read, write = os.pipe()
    with os.fdopen(read, "rb") as stream:
        excerpt = Excerpt(100, 100)
        os.write(write, b"before")
        drain({stream: excerpt}, 0.2)
        assert excerpt.text() == "before"
        os.write(write, b" after")
        os.close(write)
        drain({stream: excerpt}, 60)
    assert excerpt.text() == "before after"
