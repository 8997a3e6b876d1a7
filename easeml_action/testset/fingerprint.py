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

import numpy as np
from numpy.typing import NDArray

from easeml_action.testset.cells import canonical_cells
from easeml_action.testset.fields import PADDING, Block, Bytes, Positions, Table, blocks

Words = NDArray[np.uint64]

_LONGEST = 1024  # bytes of a cell that are hashed here; a longer cell is first hashed by BLAKE2
_KEY_WORDS = 4  # per eight bytes of a cell: two halves, two sums
_LOW = np.uint64(0xFFFFFFFF)
_HIGH_SHIFT = np.uint64(32)
_MASKS = np.array([(1 << (8 * count)) - 1 for count in range(9)], np.uint64)


class RowHasher:
    """Computes the digests of a table's rows under one key.

    Parameters
    ----------
    key
        Secret; at least 16 bytes.
    names
        The columns' names.
    """

    def __init__(self, key: bytes, names: tuple[str, ...]) -> None:
        if len(key) < 16:
            raise ValueError("key must have at least 16 bytes")
        self._key = hashlib.blake2b(key, digest_size=64, person=b"easeml-rows").digest()
        self._names = names
        self._schedule = np.empty((0, len(names), _KEY_WORDS), np.uint64)

    def digests(self, table: Table) -> Words:
        """Return one 64-bit digest per row, in the rows' order."""
        return np.concatenate([self._block(block, table) for block in blocks(table)])

    def _block(self, block: Block, table: Table) -> Words:
        cells = canonical_cells(block, table.dialect)
        starts, ends = cells.starts, cells.ends
        long = np.flatnonzero(ends - starts > _LONGEST)
        texts = cells.replacements + [
            block.text[start:end].tobytes()
            for start, end in zip(starts[long].tolist(), ends[long].tolist(), strict=True)
        ]
        ends[long] = starts[long]
        sums = np.zeros((len(block.starts), 2), np.uint64)
        self._add_all(sums, block.text, starts, ends)
        if texts:
            fields = np.concatenate([cells.replaced, long])
            self._add_some(sums, *self._joined(texts), fields)
        return siphash(self._key[:16], sums[:, 0], sums[:, 1])

    def _add_all(self, sums: Words, text: Bytes, starts: Positions, ends: Positions) -> None:
        """Add the hashes of all fields, given row by row, to their rows' sums."""
        lengths = ends - starts
        columns = len(self._names)
        for place in range(_count_words(lengths)):
            longer = np.flatnonzero(lengths > 8 * place)
            if 4 * len(longer) < len(lengths):
                self._add_some(sums, text, starts[longer], ends[longer], longer, place)
                return
            keys = self._keys(place)
            words = _load(text, starts, lengths, place).reshape(-1, columns)
            sums += (words & _LOW) @ keys[:, :2]
            sums += (words >> _HIGH_SHIFT) @ keys[:, 2:]

    def _add_some(
        self,
        sums: Words,
        text: Bytes,
        starts: Positions,
        ends: Positions,
        fields: NDArray[np.intp],
        first_place: int = 0,
    ) -> None:
        """Add the hashes of the fields numbered ``fields``, from one place on."""
        lengths = ends - starts
        rows, columns = np.divmod(fields, len(self._names))
        for place in range(first_place, _count_words(lengths)):
            longer = np.flatnonzero(lengths > 8 * place)
            words = _load(text, starts[longer], lengths[longer], place)[:, None]
            keys = self._keys(place)[columns[longer]]
            terms = (words & _LOW) * keys[:, :2] + (words >> _HIGH_SHIFT) * keys[:, 2:]
            np.add.at(sums, rows[longer], terms)

    def _joined(self, texts: list[bytes]) -> tuple[Bytes, Positions, Positions]:
        texts = [self._shortened(text) if len(text) > _LONGEST else text for text in texts]
        ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
        starts = np.concatenate([np.zeros(1, np.int64), ends[:-1]])
        return np.frombuffer(b"".join(texts) + bytes(PADDING), np.uint8), starts, ends

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
        keys: Words = self._schedule[place]
        return keys


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


def _count_words(lengths: Positions) -> int:
    return int(lengths.max(initial=0) + 7) // 8


def _load(text: Bytes, starts: Positions, lengths: Positions, place: int) -> Words:
    """Return the eight bytes at one place of each field, zeros behind its end."""
    # A view of the text as words that begin at every byte.
    windows = np.ndarray((len(text) - 7,), "<u8", text, strides=(1,))
    where = np.minimum(starts + 8 * place, len(windows) - 1)
    words: Words = windows[where].astype(np.uint64, copy=False)
    words &= _MASKS[np.clip(lengths - 8 * place, 0, 8)]
    return words
