"""The chain: each record names the one before it by hash and is sealed with the ledger's key.

Without the key, an edit, a gap, a changed order and a record spliced in from elsewhere show, as
long as whoever did it has not recomputed every hash after it. With the key, any record that was
not written by a holder of the key shows. Records cut off the end leave a chain that is sound:
whoever wants to notice that must remember the number and hash of a link he has seen.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from easeml_action.ledger.errors import (
    LedgerTruncated,
    RecordDuplicated,
    RecordEdited,
    RecordForged,
    RecordReplaced,
    RecordsMissing,
    RecordsReordered,
    RecordUnknown,
    RecordUnreadable,
    WrongLedgerKey,
)
from easeml_action.ledger.records import Record, from_json, kind_of, to_json

VERSION: Final = 1
KEY_BYTES: Final = 32
MAX_LINE_BYTES: Final = 128 * 1024
START: Final = "0" * 64

_FIELDS: Final = ("v", "seq", "prev", "kind", "record", "hash", "seal")


@dataclass(frozen=True)
class Link:
    """One record in its place.

    Parameters
    ----------
    seq
        Its number, from 0.
    prev
        Hash of the link before it; `START` for the first.
    record
        What it says.
    hash
        SHA-256 over the three above and the version.
    seal
        HMAC-SHA256 of the hash under the ledger's key.
    """

    seq: int
    prev: str
    record: Record
    hash: str
    seal: str

    def to_line(self) -> bytes:
        """Return the one line of JSON that stands for this link, newline included."""
        return _line(_body(self.seq, self.prev, self.record), self.hash, self.seal)


def extend(links: Sequence[Link], records: Iterable[Record], key: bytes) -> tuple[Link, ...]:
    """Return new links for the records, to follow the links given.

    Raises
    ------
    ValueError
        The key is not of 32 bytes.
    """
    _check_key(key)
    seq, prev = len(links), links[-1].hash if links else START
    added = []
    for record in records:
        digest = _hash(_body(seq, prev, record))
        added.append(Link(seq, prev, record, digest, _seal(digest, key)))
        seq, prev = seq + 1, digest
    return tuple(added)


def to_bytes(links: Iterable[Link]) -> bytes:
    """Return the lines of the links."""
    return b"".join(link.to_line() for link in links)


@dataclass(frozen=True)
class Verified:
    """A ledger's bytes, and the links that were read from them or written as them."""

    data: bytes = b""
    links: tuple[Link, ...] = ()


_NOTHING_YET: Final = Verified()


def read(data: bytes, key: bytes | None, before: Verified = _NOTHING_YET) -> tuple[Link, ...]:
    """Read a ledger and check all that can be checked of it.

    Parameters
    ----------
    data
        The whole file.
    key
        The ledger's key, or None to check the hashes only.
    before
        What was read with this key before, or written with it. Where the file still begins with
        these very bytes, only what follows them is taken apart.

    Raises
    ------
    UntrustedLedger
        By a subclass that says what is wrong with which line.
    WrongLedgerKey
        No seal at all was made with this key.
    ValueError
        The key is not of 32 bytes.
    """
    if key is not None:
        _check_key(key)
    if not data.endswith(b"\n"):
        raise LedgerTruncated("The ledger is empty or ends in the middle of a record.")
    if not data.startswith(before.data):
        before = _NOTHING_YET
    known = before.links
    lines = data[len(before.data) :].split(b"\n")[:-1]
    links = (*known, *(_parse(line, number) for number, line in enumerate(lines, len(known) + 1)))
    _check_numbers(links)
    if key is not None:
        _check_seals(links, len(known), key)
    _check_order(links)
    return links


def _parse(line: bytes, number: int) -> Link:
    unreadable = RecordUnreadable(f"Line {number} of the ledger is not a record.")
    if len(line) > MAX_LINE_BYTES:
        raise unreadable
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        raise unreadable from None
    if not isinstance(said, dict) or "v" not in said:
        raise unreadable
    if said["v"] != VERSION or isinstance(said["v"], bool):
        raise RecordUnknown(
            f"Line {number} of the ledger has a schema version that this action does not know.",
            "Use the version of the action that wrote it, or a later one.",
        )
    if tuple(said) != _FIELDS:
        raise unreadable
    for name in ("prev", "hash", "seal"):
        if not isinstance(said[name], str) or len(said[name]) != len(START):
            raise unreadable
    if type(said["seq"]) is not int:
        raise unreadable
    record = from_json(said["kind"], said["record"], number)
    link = Link(said["seq"], said["prev"], record, said["hash"], said["seal"])
    body = _body(link.seq, link.prev, record)
    if link.hash != _hash(body):
        raise RecordEdited(f"Line {number} of the ledger was edited: its hash does not fit.")
    # One value has one spelling: what JSON would let pass unnoticed (white space, a key given
    # twice, another spelling of a number) is an edit.
    if line + b"\n" != _line(body, link.hash, link.seal):
        raise RecordEdited(
            f"Line {number} of the ledger was edited: it is not in its written form."
        )
    return link


def _check_numbers(links: Sequence[Link]) -> None:
    numbers = [link.seq for link in links]
    expected = list(range(len(links)))
    if numbers == expected:
        return
    place = next(
        i for i, (was, due) in enumerate(zip(numbers, expected, strict=True)) if was != due
    )
    if len(set(numbers)) < len(numbers):
        raise RecordDuplicated(f"The ledger holds a record twice, at line {place + 1} or after it.")
    if sorted(numbers) == expected:
        raise RecordsReordered(f"The ledger's records are out of order from line {place + 1} on.")
    raise RecordsMissing(f"The ledger lacks record {place}, which belongs on line {place + 1}.")


def _check_seals(links: Sequence[Link], known: int, key: bytes) -> None:
    forged = [
        number
        for number, link in enumerate(links[known:], known + 1)
        if not hmac.compare_digest(link.seal.encode(), _seal(link.hash, key).encode())
    ]
    if len(forged) == len(links):
        raise WrongLedgerKey
    if forged:
        raise RecordForged(
            f"Line {forged[0]} of the ledger is forged: it was not written with the ledger's key."
        )


def _check_order(links: Sequence[Link]) -> None:
    prev = START
    for number, link in enumerate(links, 1):
        if link.prev != prev:
            raise RecordReplaced(
                f"Line {number} of the ledger does not follow the line before it: "
                "one of the two was put in the place of another."
            )
        prev = link.hash


def _check_key(key: bytes) -> None:
    if len(key) != KEY_BYTES:
        raise ValueError(f"key must be of {KEY_BYTES} bytes, not {len(key)}")


def _body(seq: int, prev: str, record: Record) -> bytes:
    """Return what is hashed: the line without its end."""
    said = {
        "v": VERSION,
        "seq": seq,
        "prev": prev,
        "kind": kind_of(record),
        "record": to_json(record),
    }
    text = json.dumps(said, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.removesuffix("}").encode("ascii")


def _line(body: bytes, digest: str, seal: str) -> bytes:
    return body + f',"hash":"{digest}","seal":"{seal}"}}\n'.encode(errors="replace")


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _seal(digest: str, key: bytes) -> str:
    message = b"easeml ledger record\0" + digest.encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()
