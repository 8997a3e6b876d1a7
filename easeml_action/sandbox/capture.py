"""What a process prints, read to its end in bounded memory."""

import os
import selectors
import time
from collections.abc import Mapping
from typing import IO


class Excerpt:
    """The head and the tail of a stream; what lies between is counted and thrown away.

    Parameters
    ----------
    head, tail
        How many bytes to keep of each, at most.
    """

    def __init__(self, head: int, tail: int) -> None:
        self._room = head
        self._bound = tail
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0

    def add(self, chunk: bytes) -> None:
        """Take the next bytes of the stream."""
        taken = chunk[: self._room - len(self._head)]
        self._head += taken
        self._tail += chunk[len(taken) :]
        excess = len(self._tail) - self._bound
        if excess > 0:
            del self._tail[:excess]
            self._dropped += excess

    @property
    def head(self) -> bytes:
        """The first bytes, as many as there is room for."""
        return bytes(self._head)

    def text(self) -> str:
        """Return what was kept, with a line that says how much is missing."""
        if not self._dropped:
            return (self._head + self._tail).decode(errors="replace")
        head, tail = (part.decode(errors="replace") for part in (self._head, self._tail))
        return f"{head}\n[... {self._dropped:,} bytes left out ...]\n{tail}"


def drain(streams: Mapping[IO[bytes], Excerpt], seconds: float) -> None:
    """Read every stream to its end, or until the time is up."""
    deadline = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        for stream, excerpt in streams.items():
            selector.register(stream, selectors.EVENT_READ, excerpt)
        while selector.get_map() and (remaining := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(remaining):
                chunk = os.read(key.fd, 2**16)
                if chunk:
                    key.data.add(chunk)
                else:
                    selector.unregister(key.fileobj)
