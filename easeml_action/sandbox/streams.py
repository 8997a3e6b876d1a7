"""Talks with a container over the one connection that carries its three streams."""

import selectors
import socket
import struct
import time
from collections.abc import Mapping
from typing import Final

from easeml_action.sandbox.capture import Excerpt

STDOUT: Final = 1
STDERR: Final = 2

# Before each piece of output stand the number of its stream and its length.
_HEADER = struct.Struct(">BxxxL")


class Demultiplexer:
    """Takes the engine's one stream apart.

    Parameters
    ----------
    sinks
        Where the pieces of each stream go, by its number; those of others are thrown away.
    """

    def __init__(self, sinks: Mapping[int, Excerpt]) -> None:
        self._sinks = sinks
        self._header = bytearray()
        self._sink: Excerpt | None = None
        self._left = 0

    def add(self, chunk: bytes) -> None:
        """Take the next bytes, wherever they were cut."""
        while chunk:
            if not self._left:
                missing = _HEADER.size - len(self._header)
                self._header += chunk[:missing]
                chunk = chunk[missing:]
                if len(self._header) == _HEADER.size:
                    number, self._left = _HEADER.unpack(self._header)
                    self._sink = self._sinks.get(number)
                    self._header.clear()
                continue
            piece, chunk = chunk[: self._left], chunk[self._left :]
            self._left -= len(piece)
            if self._sink is not None:
                self._sink.add(piece)


def exchange(
    connection: socket.socket, given: bytes, sinks: Mapping[int, Excerpt], seconds: float
) -> bool:
    """Write all that is given, then the end of input, while reading all that comes back.

    Returns
    -------
    bool
        Whether the other side came to its end before the time was up.
    """
    deadline = time.monotonic() + seconds
    received = Demultiplexer(sinks)
    left = memoryview(given)
    connection.setblocking(False)
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ | selectors.EVENT_WRITE)
        while (remaining := deadline - time.monotonic()) > 0:
            for _, ready in selector.select(remaining):
                if ready & selectors.EVENT_READ:
                    try:
                        chunk = connection.recv(2**16)
                    except ConnectionResetError:
                        return True  # with input that nobody had read
                    if not chunk:
                        return True
                    received.add(chunk)
                if ready & selectors.EVENT_WRITE:
                    left = _send(connection, left)
                    if not left:
                        selector.modify(connection, selectors.EVENT_READ)
    return False


def _send(connection: socket.socket, left: memoryview) -> memoryview:
    """Send what goes through now; after the last of it, the end of input. Return the rest."""
    try:
        left = left[connection.send(left) :]
        if not left:
            connection.shutdown(socket.SHUT_WR)
    except BrokenPipeError:
        return left[:0]  # nobody reads any more; what was written comes yet
    return left
