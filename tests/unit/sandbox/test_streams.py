import socket
import struct
import threading
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from easeml_action.sandbox.capture import Excerpt
from easeml_action.sandbox.streams import STDERR, STDOUT, Demultiplexer, exchange

Pieces = list[tuple[int, bytes]]
pieces = st.lists(st.tuples(st.sampled_from([STDOUT, STDERR, 7]), st.binary(max_size=40)))


def framed(said: Pieces) -> bytes:
    return b"".join(struct.pack(">BxxxL", number, len(piece)) + piece for number, piece in said)


@given(pieces, st.lists(st.integers(0, 200)))
def test_streams_come_apart_wherever_they_are_cut(said: Pieces, cuts: list[int]) -> None:
    whole = framed(said)
    places = sorted({0, len(whole), *(min(cut, len(whole)) for cut in cuts)})
    out, errors = Excerpt(10_000, 0), Excerpt(10_000, 0)
    received = Demultiplexer({STDOUT: out, STDERR: errors})
    for start, end in pairwise(places):
        received.add(whole[start:end])
    assert out.head == b"".join(piece for number, piece in said if number == STDOUT)
    assert errors.head == b"".join(piece for number, piece in said if number == STDERR)


def test_a_stream_nobody_asked_for_is_thrown_away() -> None:
    out = Excerpt(3, 0)
    Demultiplexer({STDOUT: out}).add(framed([(STDERR, b"no"), (STDOUT, b"yes, and more")]))
    assert out.head == b"yes"


def test_both_directions_flow_at_once() -> None:
    """More than a socket holds, both ways, from a side that reads only after it has written."""
    given, answer = bytes(5_000_000), b"x" * 5_000_000
    ours, theirs = socket.socketpair()
    received = bytearray()

    def other_side() -> None:
        with theirs:
            theirs.sendall(framed([(STDOUT, answer)]))
            while chunk := theirs.recv(2**16):
                received.extend(chunk)

    thread = threading.Thread(target=other_side)
    thread.start()
    out = Excerpt(len(answer), 0)
    with ours:
        assert exchange(ours, given, {STDOUT: out}, 60)
    thread.join()
    assert out.head == answer
    assert received == given


def test_what_was_said_counts_even_where_nobody_reads_what_is_given() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(framed([(STDOUT, b"done")]))
    out = Excerpt(10, 0)
    with ours:
        assert exchange(ours, bytes(1_000_000), {STDOUT: out}, 60)
    assert out.head == b"done"


def test_it_ends_when_the_time_is_up() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert not exchange(ours, b"", {}, 0.1)
