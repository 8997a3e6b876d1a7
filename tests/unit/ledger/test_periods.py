"""Periods: the shares of one test set's rows, each of which is a test set of its own."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from easeml_action.ledger import (
    Contract,
    Genesis,
    History,
    KnownCiphertext,
    LedgerInconsistent,
    OpenedTestSet,
    Period,
    Question,
    Record,
    RememberedRows,
    ReservedStep,
)

TIME = "2026-01-02T03:04:05Z"
GENESIS = Genesis("0" * 32, None, TIME)
ROWS = RememberedRows("rows-a", 1000, 3, "label-1", "e" * 64)


def opens(period: int, rows: int, steps: int = 1, ciphertext: str = "a") -> OpenedTestSet:
    contract = Contract(0.99, steps, "full")
    return OpenedTestSet(f"rows-a.{period}", ciphertext * 64, rows, contract, TIME)


def uses_up(period: int) -> ReservedStep:
    question = Question(f"rows-a.{period}", "n > 0.8 +/- 0.05", "fp-free", f"model-{period}")
    return ReservedStep(question, 1, 0, 0, "c" * 40, TIME)


@given(rows=st.integers(1, 10**9), periods=st.integers(1, 10_000))
def test_shares_differ_by_at_most_one_row_and_add_up(rows: int, periods: int) -> None:
    shares = [Period("rows-a", number, periods).share(rows) for number in range(1, periods + 1)]
    assert sum(shares) == rows
    assert max(shares) - min(shares) <= 1
    assert shares == sorted(shares, reverse=True)


def test_the_one_period_of_a_test_set_is_the_test_set() -> None:
    assert Period("rows-a").identity == "rows-a"
    assert Period("rows-a", 1, 2).identity == "rows-a.1"
    assert Period("rows-a", 1, 2).next == Period("rows-a", 2, 2)
    assert Period("rows-a", 2, 2).next is None


def test_periods_serve_one_after_the_other_and_share_their_ciphertexts() -> None:
    history = History(
        [
            GENESIS,
            ROWS,
            opens(1, 334),
            KnownCiphertext("rows-a", "b" * 64),
            uses_up(1),
            opens(2, 333, ciphertext="c"),
        ]
    )
    first, second = history.periods_of("rows-a")
    assert (first.period, second.period) == (Period("rows-a", 1, 3), Period("rows-a", 2, 3))
    assert (first.is_retired, second.is_retired) == (True, False)
    assert second.ciphertexts == ("a" * 64, "b" * 64, "c" * 64)
    for ciphertext in second.ciphertexts:
        assert history.identify(ciphertext) == second
    assert history.rows_of("rows-a") == ROWS
    assert history.remembered == (ROWS,)
    assert history.period_of("rows-a.3") == Period("rows-a", 3, 3)


@pytest.mark.parametrize("identity", ["rows-a.4", "rows-a.0", "rows-a.01", "rows-a.x", "rows-b.1"])
def test_an_identity_that_names_no_period_names_a_whole(identity: str) -> None:
    assert History([GENESIS, ROWS]).period_of(identity) == Period(identity)


@pytest.mark.parametrize(
    ("records", "flaw"),
    [
        ([ROWS, ROWS], "it remembers rows a second time"),
        ([ROWS, opens(2, 333)], "its period is not the next one"),
        ([ROWS, opens(1, 333)], "it opens a test set with more or fewer rows than it has"),
        (
            [ROWS, replace(opens(1, 1000), test_set="rows-a")],
            "it opens a test set as a whole that serves in periods",
        ),
        (
            [ROWS, opens(1, 334), opens(2, 333)],
            "it opens a period while the one before it serves",
        ),
        ([ROWS, opens(1, 334), uses_up(1), opens(1, 334)], "it opens a test set that is open"),
        (
            [replace(opens(1, 1000), test_set="rows-a"), ROWS],
            "it shares out rows that serve already",
        ),
        (
            [replace(opens(1, 9), test_set="rows-a"), replace(ROWS, periods=1)],
            "it shares out rows that serve already",
        ),
        (
            [ROWS, opens(1, 334), replace(opens(1, 9), test_set="rows-b")],
            "it gives a ciphertext to two test sets",
        ),
    ],
)
def test_what_cannot_be_true_of_periods_is_named(records: Sequence[Record], flaw: str) -> None:
    with pytest.raises(LedgerInconsistent, match=flaw):
        History([GENESIS, *records])


@pytest.mark.parametrize("periods", [0, -1, 10_001, True, 2.0])
def test_a_number_of_periods_is_bounded(periods: int) -> None:
    with pytest.raises(ValidationError):
        replace(ROWS, periods=periods)
