"""What is on the branch is believed only if it is the ledger, whole and ours.

`test_tampering.py` tries what somebody would do to a ledger on purpose.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from easeml_action.errors import GateError
from easeml_action.ledger import (
    Contract,
    Ledger,
    LedgerCopied,
    LedgerDeleted,
    LedgerRewritten,
    LedgerTooLarge,
    LedgerTruncated,
    NotALedger,
    Question,
    RecordForged,
    RecordUnreadable,
    WrongLedgerKey,
    branch,
)

FULL = Contract(0.999, 3, "full")
Edit = Callable[[Path], None]


def charge(ledger: Ledger, model: str) -> None:
    ledger.reserve(Question("rows-a", "n > 0.8 +/- 0.05", "fp-free", model), commit="c" * 40)


def replacing(old: bytes, new: bytes) -> Edit:
    def edit(work: Path) -> None:
        data = (work / "ledger.jsonl").read_bytes()
        assert old in data
        (work / "ledger.jsonl").write_bytes(data.replace(old, new, 1))

    return edit


def holding(data: bytes) -> Edit:
    return lambda work: (work / "ledger.jsonl").write_bytes(data) and None


def moved_away(work: Path) -> None:
    (work / "ledger.jsonl").rename(work / "old.jsonl")


def made_a_folder(work: Path) -> None:
    moved_away(work)
    (work / "ledger.jsonl").mkdir()
    (work / "ledger.jsonl" / "ledger.jsonl").write_text("x")


def made_a_link(work: Path) -> None:
    moved_away(work)
    (work / "ledger.jsonl").symlink_to("old.jsonl")


@pytest.mark.parametrize(
    ("edit", "situation"),
    [
        (replacing(b'"seal":"', b'"seal":"0'), RecordUnreadable),
        (holding(b"\n"), RecordUnreadable),
        (holding(b'{"v":1}\n'), RecordUnreadable),
        (holding(b"\0" * 5000), LedgerTruncated),
        (holding(b"<<<<<<< ours\n=======\n>>>>>>> theirs\n"), RecordUnreadable),
        (moved_away, NotALedger),
        (made_a_folder, NotALedger),
        (made_a_link, NotALedger),
    ],
)
def test_a_branch_changed_by_hand_stops_every_run_and_is_not_written_to(
    edit: Edit,
    situation: type[GateError],
    *,
    new_ledger: Callable[..., Ledger],
    rewrite: Callable[[Edit], None],
    origin: Path,
    run_git: Callable[..., str],
) -> None:
    ledger = new_ledger()
    ledger.open_test_set("rows-a", "a" * 64, 1000, FULL)
    charge(ledger, "m1")
    rewrite(edit)
    before = run_git(origin, "rev-parse", "easeml-ledger")
    for attempt in (
        lambda: new_ledger().read(),
        lambda: charge(new_ledger(), "m2"),
        lambda: new_ledger().open_test_set("rows-b", "b" * 64, 1000, FULL),
    ):
        with pytest.raises(situation):
            attempt()
    assert run_git(origin, "rev-parse", "easeml-ledger") == before


def test_a_branch_of_that_name_with_other_content_is_not_taken_over(
    new_ledger: Callable[..., Ledger], checkout: Path, run_git: Callable[..., str]
) -> None:
    run_git(checkout, "push", "--quiet", "origin", "main:easeml-ledger")
    with pytest.raises(NotALedger, match="name another with ledger-branch"):
        new_ledger().open_test_set("rows-a", "a" * 64, 1000, FULL)


def test_a_file_larger_than_any_ledger_is_not_read(
    new_ledger: Callable[..., Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    new_ledger().open_test_set("rows-a", "a" * 64, 1000, FULL)
    monkeypatch.setattr(branch, "MAX_LEDGER_BYTES", 100)
    with pytest.raises(LedgerTooLarge):
        new_ledger().read()


def test_a_seal_of_somebody_else_is_named(
    new_ledger: Callable[..., Ledger], rewrite: Callable[[Edit], None], tmp_path: Path
) -> None:
    new_ledger().open_test_set("rows-a", "a" * 64, 1000, FULL)
    charge(new_ledger(), "m1")

    def swap_seals(work: Path) -> None:
        lines = (work / "ledger.jsonl").read_bytes().splitlines(keepends=True)
        seals = [line.split(b'"seal":"')[1] for line in lines]
        lines[2] = lines[2].replace(seals[2], seals[1])
        (work / "ledger.jsonl").write_bytes(b"".join(lines))

    rewrite(swap_seals)
    with pytest.raises(RecordForged, match="Line 3 "):
        new_ledger().read()


def test_a_ledger_of_another_key_is_neither_read_nor_written(
    new_ledger: Callable[..., Ledger],
) -> None:
    new_ledger().open_test_set("rows-a", "a" * 64, 1000, FULL)
    with pytest.raises(WrongLedgerKey):
        new_ledger(key=bytes(32)).read()
    with pytest.raises(WrongLedgerKey):
        new_ledger(key=bytes(32)).open_test_set("rows-b", "b" * 64, 1000, FULL)


def test_a_ledger_copied_from_another_repository_is_named(
    new_ledger: Callable[..., Ledger],
) -> None:
    new_ledger(repository="1001").open_test_set("rows-a", "a" * 64, 1000, FULL)
    new_ledger(repository="1001").read()
    new_ledger().read()
    with pytest.raises(LedgerCopied):
        new_ledger(repository="1002").read()


def test_a_ledger_that_loses_records_during_a_run_is_named(
    new_ledger: Callable[..., Ledger], origin: Path, run_git: Callable[..., str]
) -> None:
    ledger = new_ledger()
    ledger.open_test_set("rows-a", "a" * 64, 1000, FULL)
    charge(ledger, "m1")
    run_git(origin, "update-ref", "refs/heads/easeml-ledger", "easeml-ledger~1")
    with pytest.raises(LedgerRewritten):
        charge(ledger, "m2")
    for ref in run_git(origin, "for-each-ref", "--format=%(refname)").splitlines():
        run_git(origin, "update-ref", "-d", ref)
    with pytest.raises(LedgerRewritten):
        charge(ledger, "m2")
    assert run_git(origin, "for-each-ref") == ""


def test_a_branch_deleted_between_reading_and_writing_is_not_made_anew(
    new_ledger: Callable[..., Ledger], origin: Path, run_git: Callable[..., str]
) -> None:
    ledger = new_ledger()
    ledger.open_test_set("rows-a", "a" * 64, 1000, FULL)
    opened = ledger.read().records[1]

    def decide(history: object) -> list[object]:
        run_git(origin, "update-ref", "-d", "refs/heads/easeml-ledger")
        return [type(opened)("rows-b", "b" * 64, 5, FULL, "2026-01-01T00:00:00Z")]

    with pytest.raises(LedgerDeleted):
        ledger.append(decide)
    assert run_git(origin, "for-each-ref", "refs/heads") == ""
