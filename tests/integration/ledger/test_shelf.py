"""The digests of rows that lie beside the ledger: put there once, bound to it, seldom read."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from easeml_action.errors import GateError
from easeml_action.ledger import (
    Contract,
    Ledger,
    Period,
    RememberedRows,
    Reservation,
    RowsEdited,
    RowsMissing,
    ShelvedRows,
)
from tests.integration.ledger.test_life import about, charge

FULL = Contract(0.999, 1, "full")
SEALED = "-----BEGIN PGP MESSAGE-----\n\nhQEMA+abc=\n-----END PGP MESSAGE-----\n"


class Refused(GateError):
    """What an inspection raises here."""


def shelved(test_set: str, rows: int = 5, periods: int = 1) -> ShelvedRows:
    digests = (test_set.encode() * 8 * rows)[: 8 * rows]
    digest = hashlib.sha256(digests).hexdigest()
    return ShelvedRows(RememberedRows(test_set, rows, periods, "label-1", digest), digests)


def accept(_: Sequence[ShelvedRows]) -> None:
    """Find nothing wrong with any rows."""


def test_rows_are_remembered_with_their_digests_in_one_commit(
    new_ledger: Callable[..., Ledger], origin: Path, run_git: Callable[..., str]
) -> None:
    first = shelved("rows-a")
    new_ledger().remember_rows(first, accept)
    assert run_git(origin, "rev-list", "--count", "easeml-ledger") == "1"
    files = run_git(origin, "ls-tree", "-r", "--name-only", "easeml-ledger").split()
    assert files == ["README.md", "ledger.jsonl", first.path]
    new_ledger().open_test_set("rows-a", "a" * 64, 5, FULL)
    new_ledger().remember_rows(first, accept)
    assert run_git(origin, "rev-list", "--count", "easeml-ledger") == "2"
    assert new_ledger().shelved_rows() == (first,)


def test_rows_that_an_inspection_refuses_are_not_remembered(
    new_ledger: Callable[..., Ledger],
) -> None:
    new_ledger().remember_rows(shelved("rows-a"), accept)
    seen: list[ShelvedRows] = []

    def refuse(known: Sequence[ShelvedRows]) -> None:
        seen.extend(known)
        raise Refused("They are known.", "Take others.")

    with pytest.raises(Refused):
        new_ledger().remember_rows(shelved("rows-b"), refuse)
    assert seen == [shelved("rows-a")]
    assert [each.record.test_set for each in new_ledger().shelved_rows()] == ["rows-a"]


def test_rows_that_serve_already_are_remembered_without_an_inspection(
    new_ledger: Callable[..., Ledger],
) -> None:
    new_ledger().open_test_set("rows-a", "a" * 64, 5, FULL)
    charge(new_ledger(), "m1")

    def refuse(_: Sequence[ShelvedRows]) -> None:
        raise Refused("They are known.", "Take others.")

    history = new_ledger().remember_rows(shelved("rows-a"), refuse)
    (known,) = history.periods_of("rows-a")
    assert (known.period, known.steps_taken) == (Period("rows-a"), 1)


def test_periods_follow_one_another_on_one_ciphertext(new_ledger: Callable[..., Ledger]) -> None:
    new_ledger().remember_rows(shelved("rows-a", periods=2), accept)
    for number, rows in ((1, 3), (2, 2)):
        identity = f"rows-a.{number}"
        new_ledger().open_test_set(identity, "a" * 64, rows, FULL)
        new_ledger().open_test_set(identity, "a" * 64, rows, FULL)
        reserved = new_ledger().reserve(about(f"m{number}", identity), commit="c" * 40)
        assert isinstance(reserved, Reservation)
        new_ledger().record(reserved, True, SEALED)
    new_ledger().open_test_set("rows-a.2", "b" * 64, 2, FULL)
    history = new_ledger().read()
    assert [each.passes for each in history.periods_of("rows-a")] == [1, 1]
    known = history.identify("b" * 64)
    assert known is not None
    assert known.period == Period("rows-a", 2, 2)


@pytest.mark.parametrize(
    ("edit", "error", "said"),
    [
        (lambda path: path.unlink(), RowsMissing, "is missing"),
        (lambda path: path.write_bytes(b"12345678" * 5), RowsEdited, "was edited"),
        (lambda path: path.write_bytes(path.read_bytes()[:-8]), RowsEdited, "was edited"),
    ],
)
def test_digests_that_were_tampered_with_are_named_where_they_are_needed(
    new_ledger: Callable[..., Ledger],
    rewrite: Callable[[Callable[[Path], None]], None],
    edit: Callable[[Path], object],
    error: type[GateError],
    said: str,
) -> None:
    rows = shelved("rows-a")
    new_ledger().remember_rows(rows, accept)
    rewrite(lambda folder: edit(folder / rows.path))
    assert new_ledger().read().remembered == (rows.record,)
    with pytest.raises(error) as raised:
        new_ledger().remember_rows(shelved("rows-b"), accept)
    assert rows.path in str(raised.value)
    assert said in str(raised.value)


def test_digests_are_those_of_their_record() -> None:
    rows = shelved("rows-a")
    with pytest.raises(ValueError, match="not those of the record"):
        ShelvedRows(rows.record, rows.digests[::-1])
