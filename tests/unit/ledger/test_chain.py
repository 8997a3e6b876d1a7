"""A ledger is read only if it is, byte for byte, what the holder of the key has written."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from easeml_action.ledger import (
    Contract,
    Genesis,
    KnownCiphertext,
    LedgerTruncated,
    OpenedTestSet,
    Question,
    Record,
    RecordDuplicated,
    RecordEdited,
    RecordForged,
    RecordReplaced,
    RecordsMissing,
    RecordsReordered,
    RecordUnknown,
    RecordUnreadable,
    ReservedStep,
    ResumedStep,
    UntrustedLedger,
    Verdict,
    WrongLedgerKey,
    chain,
)

Write = Callable[[Sequence[Record]], bytes]

sha256 = st.text("0123456789abcdef", min_size=64, max_size=64)
marks = st.text("0123456789abcdef", min_size=32, max_size=32)
digests = st.text(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:+/=-",
    min_size=1,
    max_size=128,
)
lines = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=60)
counts = st.integers(0, 10_000)
positives = st.integers(1, 10_000)
times = st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20))
shares = st.floats(0, 1, exclude_min=True, exclude_max=True)
questions = st.builds(
    Question, digests, lines, st.sampled_from(["fp-free", "fn-free"]), digests, st.none() | digests
)
sealed = st.text("ABCz019+/= \n", min_size=1, max_size=300).map(
    lambda text: f"-----BEGIN PGP MESSAGE-----\n{text}-----END PGP MESSAGE-----\n"
)
contracts = st.builds(Contract, shares, st.integers(1, 1000), st.sampled_from(["none", "full"]))
any_record = st.one_of(
    st.builds(Genesis, marks, st.none() | lines, times),
    st.builds(OpenedTestSet, digests, sha256, positives, contracts, times),
    st.builds(KnownCiphertext, digests, sha256),
    st.builds(ReservedStep, questions, positives, counts, counts, sha256, times, st.none() | lines),
    st.builds(ResumedStep, digests, positives, times, marks, st.none() | lines),
    st.builds(Verdict, digests, positives, st.none() | st.booleans(), sealed),
)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every place in a JSON value where something that is not an object stands."""
    if isinstance(value, dict):
        for name in value:
            yield from leaves(value[name], (*path, name))
    else:
        yield path, value


def other(value: Any) -> Any:
    """A value that differs as little as possible, so that it is likely to stay in bounds."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case float():
            return value * 0.999
        case str():
            return ("b" if value[0] != "b" else "c") + value[1:]
        case _:
            return "b"


def rewrite(line: bytes, path: tuple[Any, ...], value: Any) -> bytes:
    said = json.loads(line)
    place = said
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"


def rehash(line: bytes, **changes: Any) -> bytes:
    """What someone without the key can do: change a record and give it a hash that fits."""
    said = json.loads(line) | changes
    body = {name: said[name] for name in ("v", "seq", "prev", "kind", "record")}
    text = json.dumps(body, separators=(",", ":")).removesuffix("}")
    said["hash"] = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"


@given(st.lists(any_record, min_size=1, max_size=8), st.binary(min_size=32, max_size=32))
def test_what_is_written_is_read_back(written: list[Record], key: bytes) -> None:
    links = chain.extend((), written, key)
    assert chain.read(chain.to_bytes(links), key) == links
    assert [link.record for link in links] == written


@given(st.lists(any_record, min_size=2, max_size=6), st.integers(1, 5))
def test_writing_in_parts_gives_the_same_ledger(written: list[Record], cut: int) -> None:
    key = bytes(32)
    first = chain.extend((), written[:cut], key)
    assert first + chain.extend(first, written[cut:], key) == chain.extend((), written, key)


def outcome(read: Callable[[], object]) -> object:
    """What a reading comes to: the links, or the situation and its words."""
    try:
        return read()
    except UntrustedLedger as damage:
        return type(damage), damage.problem


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_was_read_before_changes_nothing_in_what_is_found(
    data: st.DataObject, records: tuple[Record, ...], write: Write, key: bytes
) -> None:
    good = write(records).splitlines(keepends=True)
    known = data.draw(st.integers(0, len(good)))
    before = chain.Verified(
        b"".join(good[:known]), chain.read(b"".join(good[:known]), key) if known else ()
    )
    others = [*good, *write(records[:3]).splitlines(keepends=True), rehash(good[2]), b"{}\n", b"\n"]
    rest = st.lists(st.sampled_from(others), max_size=4)
    ledger = b"".join(data.draw(st.just(good) | st.just(good[:known]))) + b"".join(data.draw(rest))

    again = outcome(lambda: chain.read(ledger, key, before))

    assert again == outcome(lambda: chain.read(ledger, key))


def test_what_was_read_before_is_not_believed_of_other_bytes(
    records: tuple[Record, ...], write: Write, key: bytes
) -> None:
    ledger = write(records)
    before = chain.Verified(ledger, chain.read(ledger, key))
    edited = ledger.replace(b'"step":1,"passed":true', b'"step":1,"passed":false')
    with pytest.raises(RecordEdited, match="Line 5 "):
        chain.read(edited, key, before)


def test_every_edit_of_a_single_field_shows(
    records: tuple[Record, ...], write: Write, key: bytes
) -> None:
    lines = write(records).splitlines(keepends=True)
    tried = 0
    for number, line in enumerate(lines):
        for path, value in leaves(json.loads(line)):
            edited = [*lines[:number], rewrite(line, path, other(value)), *lines[number + 1 :]]
            with pytest.raises(UntrustedLedger):
                chain.read(b"".join(edited), key)
            tried += 1
    assert tried > 80


def test_every_edit_but_that_of_a_seal_shows_without_the_key(
    records: tuple[Record, ...], write: Write
) -> None:
    lines = write(records).splitlines(keepends=True)
    for number, line in enumerate(lines):
        for path, value in leaves(json.loads(line)):
            if path == ("seal",):
                continue
            edited = [*lines[:number], rewrite(line, path, other(value)), *lines[number + 1 :]]
            with pytest.raises(UntrustedLedger):
                chain.read(b"".join(edited), None)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_changed_byte_shows(
    data: st.DataObject, records: tuple[Record, ...], write: Write, key: bytes
) -> None:
    ledger = write(records)
    place = data.draw(st.integers(0, len(ledger) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != ledger[place]))
    with pytest.raises(UntrustedLedger):
        chain.read(ledger[:place] + bytes([byte]) + ledger[place + 1 :], key)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_cut_shows_unless_it_falls_between_records(
    data: st.DataObject, records: tuple[Record, ...], write: Write, key: bytes
) -> None:
    ledger = write(records)
    end = data.draw(st.integers(0, len(ledger) - 1).filter(lambda end: ledger[end - 1] != 10))
    with pytest.raises(LedgerTruncated):
        chain.read(ledger[:end], key)


@given(st.binary(max_size=300), st.none() | st.just(bytes(32)))
def test_foreign_bytes_are_never_a_ledger(data: bytes, key: bytes | None) -> None:
    with pytest.raises(UntrustedLedger):
        chain.read(data, key)


def test_an_edited_record_is_named(records: tuple[Record, ...], write: Write, key: bytes) -> None:
    ledger = write(records).replace(b'"step":1,"passed":true', b'"step":1,"passed":false')
    with pytest.raises(RecordEdited, match="Line 5 "):
        chain.read(ledger, key)
    with pytest.raises(RecordEdited, match="Line 5 "):
        chain.read(ledger, None)


@pytest.mark.parametrize("gone", [0, 1, 3, 5])
def test_a_missing_record_is_named(
    gone: int, records: tuple[Record, ...], write: Write, key: bytes
) -> None:
    lines = write(records).splitlines(keepends=True)
    with pytest.raises(RecordsMissing, match=f"lacks record {gone},"):
        chain.read(b"".join(lines[:gone] + lines[gone + 1 :]), key)


def test_records_out_of_order_are_named(
    records: tuple[Record, ...], write: Write, key: bytes
) -> None:
    lines = write(records).splitlines(keepends=True)
    lines[3], lines[5] = lines[5], lines[3]
    with pytest.raises(RecordsReordered, match="from line 4 on"):
        chain.read(b"".join(lines), key)


def test_a_record_given_twice_is_named(
    records: tuple[Record, ...], write: Write, key: bytes
) -> None:
    lines = write(records).splitlines(keepends=True)
    with pytest.raises(RecordDuplicated, match="line 4"):
        chain.read(b"".join([*lines[:3], lines[2], *lines[3:]]), key)


def test_a_record_forged_with_a_fitting_hash_is_named(
    records: tuple[Record, ...], write: Write, key: bytes
) -> None:
    lines = write(records).splitlines(keepends=True)
    rows = json.loads(lines[-1])["record"] | {"rows": 999}
    lines[-1] = rehash(lines[-1], record=rows)
    with pytest.raises(RecordForged, match=f"Line {len(records)} "):
        chain.read(b"".join(lines), key)


def test_a_ledger_recomputed_without_the_key_passes_only_without_the_key(
    records: tuple[Record, ...], write: Write, key: bytes
) -> None:
    lines = write(records).splitlines(keepends=True)
    lines[3] = rehash(lines[3], record=json.loads(lines[3])["record"] | {"run": None})
    for number in range(4, len(lines)):
        lines[number] = rehash(lines[number], prev=json.loads(lines[number - 1])["hash"])
    chain.read(b"".join(lines), None)
    with pytest.raises(RecordForged, match="Line 4 "):
        chain.read(b"".join(lines), key)


def test_a_record_from_another_ledger_of_the_same_key_is_named(
    records: tuple[Record, ...], write: Write, key: bytes
) -> None:
    ours = write(records).splitlines(keepends=True)
    theirs = write([Genesis("f" * 32, None, records[0].time), *records[1:]])
    ours[4] = theirs.splitlines(keepends=True)[4]
    with pytest.raises(RecordReplaced, match="Line 5 "):
        chain.read(b"".join(ours), key)


def test_another_key_is_told_from_a_forgery(records: tuple[Record, ...], write: Write) -> None:
    with pytest.raises(WrongLedgerKey):
        chain.read(write(records), bytes(32))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_another_size_is_a_mistake_of_the_program(
    size: int, records: tuple[Record, ...], write: Write
) -> None:
    with pytest.raises(ValueError, match="key must be of 32 bytes"):
        chain.extend((), records, bytes(size))
    with pytest.raises(ValueError, match="key must be of 32 bytes"):
        chain.read(write(records), bytes(size))


@pytest.mark.parametrize("change", [{"v": 2}, {"v": "1"}, {"v": None}, {"kind": "erase"}])
def test_a_version_or_kind_from_the_future_asks_for_a_later_version(
    change: dict[str, Any], records: tuple[Record, ...], write: Write, key: bytes
) -> None:
    lines = write(records).splitlines(keepends=True)
    lines[2] = rehash(lines[2], **change)
    with pytest.raises(RecordUnknown, match=r"Line 3 .* or a later one"):
        chain.read(b"".join(lines), key)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"v":1}',
        b'{"v":1',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"v":' + b"1" * 10_000 + b"}",
        b"x" * 200_000,
        b"<<<<<<< HEAD",
    ],
)
def test_a_line_that_is_no_record_stops_the_run(
    line: bytes, records: tuple[Record, ...], write: Write, key: bytes
) -> None:
    with pytest.raises((RecordUnreadable, RecordUnknown), match=f"Line {len(records) + 1} "):
        chain.read(write(records) + line + b"\n", key)


def test_one_record_has_one_spelling(records: tuple[Record, ...], write: Write, key: bytes) -> None:
    ledger = write(records)
    for spelled in (
        ledger.replace(b'"step":1,', b'"step": 1,', 1),
        ledger.replace(b'"step":1,', b'"step":1.0,', 1),
        ledger.replace(b'"step":1,', b'"step":7,"step":1,', 1),
        ledger.replace(b"0.99", b"0.990", 1),
        ledger.replace(b"new-1", b"new\\u002d1", 1),
        ledger.replace(b'"seq":1,', b'"seq":true,', 1),
        ledger.replace(b"\n", b"\r\n"),
        ledger + b"\n",
        b"\xef\xbb\xbf" + ledger,
    ):
        assert spelled != ledger
        with pytest.raises(UntrustedLedger):
            chain.read(spelled, key)
