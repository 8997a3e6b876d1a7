"""Digests of rows that only the key's holder can compute or test a guess against.

A universal hash compresses each row and a pseudo-random function hides the result, the usual
construction of Wegman and Carter (1981). The hash is the multilinear one over 32-bit pieces
modulo 2^64 (Lemire & Kaser, "Strongly universal string hashing is fast", 2014), taken twice: two
different rows agree with probability at most 2^-66. Its keys are drawn per column name, so that
the order of the columns does not matter. The pseudo-random function is SipHash-2-4 (Aumasson &
Bernstein, 2012). Both are sums and shifts of whole arrays: a million rows take about as long as
their decryption.
"""

import hashlib
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from easeml_action.testset.cells import canonical_cells
from easeml_action.testset.fields import PADDING, Block, Bytes, Positions, Table, blocks

Words = NDArray[np.uint64]

_LONGEST = 1024  # bytes of a cell that are hashed here; a longer cell is first hashed by BLAKE2
_WORKERS = min(4, os.cpu_count() or 1)
_KEY_WORDS = 4  # per eight bytes of a cell: two halves, two sums
_LOW = np.uint64(0xFFFFFFFF)
_HIGH_SHIFT = np.uint64(32)
_MASKS = np.array([(1 << (8 * count)) - 1 for count in range(9)], np.uint64)


@dataclass(frozen=True)
class _Texts:
    """Some cells: where each begins and ends in a buffer, and its number, row by row."""

    buffer: Bytes
    starts: Positions
    ends: Positions
    numbers: NDArray[np.intp]

    def longer_than(self, length: int) -> "_Texts":
        kept = np.flatnonzero(self.ends - self.starts > length)
        return _Texts(self.buffer, self.starts[kept], self.ends[kept], self.numbers[kept])

    def count_places(self) -> int:
        return int((self.ends - self.starts).max(initial=0) + 7) // 8

    def load(self, place: int) -> Words:
        """Return the eight bytes at one place of each cell, zeros behind its end."""
        # A view of the buffer as words that begin at every byte.
        windows = np.ndarray((len(self.buffer) - 7,), "<u8", self.buffer, strides=(1,))
        where = np.minimum(self.starts + 8 * place, len(windows) - 1)
        words: Words = windows[where].astype(np.uint64, copy=False)
        words &= _MASKS[np.clip(self.ends - self.starts - 8 * place, 0, 8)]
        return words


class RowHasher:
    """Computes the digests of a table's rows under one key.

    Parameters
    ----------
    key
        Secret; at least 16 bytes.
    names
        The columns' names.
    loosely
        Whether cells that are copies of one another but for what programs do to a table count
        as equal, too: see `canonical_loosely`. The digests have nothing in common with others.
    without
        The name of a column that does not count, if it is there.
    """

    def __init__(
        self,
        key: bytes,
        names: tuple[str, ...],
        *,
        loosely: bool = False,
        without: str | None = None,
    ) -> None:
        self._key = derive(key, b"easeml-traces" if loosely else b"easeml-rows")
        self._names = names
        self._loosely = loosely
        self._without = names.index(without) if without in names else None
        self._schedule = np.empty((0, len(names), _KEY_WORDS), np.uint64)

    def digests(self, table: Table) -> Words:
        """Return one 64-bit digest per row, in the rows' order."""
        found: list[Words] = []
        waiting: deque[Future[Words]] = deque()
        # numpy works outside the interpreter's lock for most of the time.
        with ThreadPoolExecutor(_WORKERS) as pool:
            for block in blocks(table):
                waiting.append(pool.submit(self._block, block, table))
                if len(waiting) > 2 * _WORKERS:
                    found.append(waiting.popleft().result())
            found += [task.result() for task in waiting]
        return np.concatenate(found)

    def _block(self, block: Block, table: Table) -> Words:
        cells = canonical_cells(block, table.dialect, loosely=self._loosely)
        starts, ends = cells.starts, cells.ends
        long = np.flatnonzero(ends - starts > _LONGEST)
        texts = cells.replacements + [
            cells.text[start:end].tobytes()
            for start, end in zip(starts[long].tolist(), ends[long].tolist(), strict=True)
        ]
        ends[long] = starts[long]
        sums = np.zeros((len(block.starts), 2), np.uint64)
        self._add_all(sums, _Texts(cells.text, starts, ends, np.arange(len(starts))))
        if texts:
            numbers = np.concatenate([cells.replaced, long])
            self._add_some(sums, self._joined(texts, numbers), 0)
        return siphash(self._key[:16], sums[:, 0], sums[:, 1])

    def _add_all(self, sums: Words, texts: _Texts) -> None:
        """Add the hashes of all of a block's cells to their rows' sums."""
        for place in range(texts.count_places()):
            longer = texts.longer_than(8 * place)
            if 4 * len(longer.starts) < len(texts.starts):
                self._add_some(sums, longer, place)
                return
            keys = self._keys(place)
            words = texts.load(place).reshape(len(sums), -1)
            sums += (words & _LOW) @ keys[:, :2]
            sums += (words >> _HIGH_SHIFT) @ keys[:, 2:]

    def _add_some(self, sums: Words, texts: _Texts, first_place: int) -> None:
        """Add the hashes of a few cells, from one place on, to their rows' sums."""
        for place in range(first_place, texts.count_places()):
            texts = texts.longer_than(8 * place)
            words = texts.load(place)[:, None]
            rows, columns = np.divmod(texts.numbers, len(self._names))
            keys = self._keys(place)[columns]
            terms = (words & _LOW) * keys[:, :2] + (words >> _HIGH_SHIFT) * keys[:, 2:]
            np.add.at(sums, rows, terms)

    def _joined(self, texts: list[bytes], numbers: NDArray[np.intp]) -> _Texts:
        texts = [self._shortened(text) if len(text) > _LONGEST else text for text in texts]
        ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
        starts = np.concatenate([np.zeros(1, np.int64), ends[:-1]])
        buffer = np.frombuffer(b"".join(texts) + bytes(PADDING), np.uint8)
        return _Texts(buffer, starts, ends, numbers)

    def _shortened(self, text: bytes) -> bytes:
        # No UTF-8 text starts with this byte: a digest is never taken for a cell.
        return b"\xff" + hashlib.blake2b(text, digest_size=32, key=self._key).digest()

    def _keys(self, place: int) -> Words:
        """Return the hash keys for one place (eight bytes) in each column's cells."""
        if place >= len(self._schedule):
            places = max(4, 2 * place)
            streams = [
                np.frombuffer(_stream(self._key, name, 8 * _KEY_WORDS * places), "<u8")
                for name in self._names
            ]
            shape = (len(self._names), places, _KEY_WORDS)
            self._schedule = np.stack(streams).reshape(shape).transpose(1, 0, 2).copy()
            if self._without is not None:
                self._schedule[:, self._without] = 0
        keys: Words = self._schedule[place]
        return keys


def derive(key: bytes, purpose: bytes) -> bytes:
    """Return 64 bytes for one purpose, of at most 16 bytes, that tell nothing about the others."""
    if len(key) < 16:
        raise ValueError("key must have at least 16 bytes")
    return hashlib.blake2b(key, digest_size=64, person=purpose).digest()


def number_copies(key: bytes, digests: Words) -> Words:
    """Return a digest of each row and of the number of rows like it that came before.

    So equal rows have different digests, and which of them has which does not matter. Nothing
    shows how many there are, and what two sets of rows have in common is counted with copies.

    Parameters
    ----------
    key
        At least 16 bytes.
    digests
        Of the rows, equal for equal rows.
    """
    order = np.argsort(digests, kind="stable")
    ordered = digests[order]
    begins = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    numbers = np.empty(len(digests), np.uint64)
    numbers[order] = np.arange(len(digests)) - np.repeat(
        begins, np.diff(begins, append=len(digests))
    )
    return siphash(key[:16], digests, numbers)


def identity(key: bytes, digests: Words) -> str:
    """Return the public name of a set of rows: 16 hexadecimal digits, whatever their order.

    Sixty-four bits name a test set among the few that a repository ever has; it is no proof of
    anything, since who edits the ledger needs the key.
    """
    ordered = np.sort(digests).astype("<u8").tobytes()
    return hashlib.blake2b(ordered, digest_size=8, key=key[:64], person=b"easeml-set").hexdigest()


def siphash(key: bytes, *words: Words) -> Words:
    """Return SipHash-2-4 of messages of whole 64-bit words, many messages at once.

    Parameters
    ----------
    key
        16 bytes.
    words
        The first words of all messages, then the second ones, and so on; each of shape (n,).

    Returns
    -------
    Words
        Shape (n,).

    References
    ----------
    Aumasson & Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT 2012.
    """
    k0, k1 = np.frombuffer(key, "<u8").astype(np.uint64)
    constants = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
    state = [
        np.full(len(words[0]), np.uint64(constant) ^ half, np.uint64)
        for constant, half in zip(constants, (k0, k1, k0, k1), strict=True)
    ]
    length = np.full(len(words[0]), (8 * len(words) & 0xFF) << 56, np.uint64)
    for word in (*words, length):
        state[3] ^= word
        for _ in range(2):
            _round(state)
        state[0] ^= word
    state[2] ^= np.uint64(0xFF)
    for _ in range(4):
        _round(state)
    result: Words = state[0] ^ state[1] ^ state[2] ^ state[3]
    return result


def _round(state: list[Words]) -> None:
    v0, v1, v2, v3 = state
    v0 += v1
    v2 += v3
    v1 = _rotate(v1, 13) ^ v0
    v3 = _rotate(v3, 16) ^ v2
    v0 = _rotate(v0, 32)
    v2 += v1
    v0 += v3
    v1 = _rotate(v1, 17) ^ v2
    v3 = _rotate(v3, 21) ^ v0
    v2 = _rotate(v2, 32)
    state[:] = v0, v1, v2, v3


def _rotate(word: Words, places: int) -> Words:
    return (word << np.uint64(places)) | (word >> np.uint64(64 - places))


def _stream(key: bytes, name: str, size: int) -> bytes:
    return hashlib.shake_256(key + name.encode()).digest(size)
