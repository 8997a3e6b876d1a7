from collections.abc import Callable
from fractions import Fraction

import pytest

from easeml_action.statistics import (
    Budget,
    Clause,
    ImpossibleCondition,
    Mode,
    plan,
    room_for_certainty,
)

MakeClause = Callable[..., Clause]
BUDGET = Budget("full", 32, 0.99)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (("d", "<", "0", "0.01"), r"no model can pass clause 1: .* below 0 - 0.01, .* \[0, 1\]"),
        (("d", "<", "-0.1", "0.01"), "no model can pass clause 1"),
        (("n", ">", "0.95", "0.1"), r"must exceed 0.95 \+ 0.1"),
        (("n", ">", "0.9", "0.1"), "no model can pass clause 1"),
        (("n", ">", "-0.5", "0.1"), "every model satisfies clause 1"),
        (("n", "<", "1.5", "0.1"), "every model satisfies clause 1"),
        (("n - o", ">", "0.95", "0.1"), r"the range of the expression is \[-1, 1\]"),
        (("n - o - d", ">", "0", "0.1"), r"the range of the expression is \[-2, 0\]"),
    ],
)
@pytest.mark.parametrize("method", ["exact", "paper"])
def test_a_clause_that_cannot_be_settled_is_named(
    clause: MakeClause, text: tuple[str, ...], named: str, method: str
) -> None:
    with pytest.raises(ImpossibleCondition, match=named) as caught:
        plan((clause(*text),), BUDGET, "fp-free", method=method)
    assert caught.value.clauses == (0,)


def test_a_gain_above_the_allowed_disagreement_is_named(clause: MakeClause) -> None:
    clauses = (clause("n - o", ">", "0.2", "0.01"), clause("d", "<", "0.1", "0.01"))
    with pytest.raises(ImpossibleCondition, match=r"bounded by 0\.1"):
        plan(clauses, BUDGET, "fp-free")
    with pytest.raises(ImpossibleCondition, match=r"bounded by 0\.05"):
        plan(clauses[:1], BUDGET, "fp-free", 0.05)


@pytest.mark.parametrize(
    "texts",
    [
        (("n", ">", "0.9", "0.01"), ("n", "<", "0.8", "0.01")),
        (("n", ">", "0.9", "0.01"), ("o", "<", "0.5", "0.01"), ("d", "<", "0.2", "0.01")),
        (("n + o", ">", "1.9", "0.01"), ("d", ">", "0.2", "0.01")),
    ],
)
def test_contradictory_clauses_are_named(
    clause: MakeClause, texts: tuple[tuple[str, ...], ...]
) -> None:
    with pytest.raises(ImpossibleCondition, match="the clauses contradict each other"):
        plan(tuple(clause(*text) for text in texts), BUDGET, "fp-free")


@pytest.mark.parametrize(
    ("texts", "mode", "room"),
    [
        ((("n", ">", "0.8", "0.05"),), "fp-free", 0.1),
        ((("n", ">", "0.8", "0.1"),), "fp-free", 0),
        ((("n", ">", "0.9", "0.08"),), "fp-free", -0.06),
        ((("d", "<", "0.1", "0.03"),), "fp-free", 0.04),
        # A gain takes predictions that differ: half of the room is for each of the two.
        ((("n - o", ">", "0.02", "0.01"), ("d", "<", "0.1", "0.01")), "fp-free", 0.02),
        ((("n - o", ">", "0.02", "0.04"),), "fp-free", 0.1),
        ((("n", ">", "0.9", "0.08"),), "fn-free", 0.74),
        ((("n", ">", "0.1", "0.08"), ("d", "<", "0.5", "0.1")), "fn-free", -0.06),
    ],
)
def test_the_room_beyond_twice_the_tolerances_is_that_of_the_best_model(
    clause: MakeClause, texts: tuple[tuple[str, ...], ...], mode: Mode, room: float
) -> None:
    clauses = tuple(clause(*text) for text in texts)
    assert room_for_certainty(clauses, mode, Fraction(1, 5)) == pytest.approx(room)


def test_clauses_without_room_for_their_tolerances_are_named(clause: MakeClause) -> None:
    clauses = (clause("n", ">", "0.8", "0.05"), clause("n", "<", "0.9", "0.05"))
    with pytest.raises(ImpossibleCondition, match="no room for their tolerances"):
        plan(clauses, BUDGET, "fp-free")


def test_clauses_that_fit_together_are_planned(clause: MakeClause) -> None:
    clauses = (
        clause("n", ">", "0.8", "0.01"),
        clause("n", "<", "0.9", "0.01"),
        clause("o", "<", "0.7", "0.01"),
        clause("d", "<", "0.3", "0.01"),
    )
    assert len(plan(clauses, BUDGET, "fp-free").clauses) == 4


def test_a_tolerated_loss_beyond_the_disagreement_is_planned_at_its_own_size(
    clause: MakeClause,
) -> None:
    clauses = (clause("n - o", ">", "-0.2", "0.05"), clause("d", "<", "0.1", "0.01"))
    assert plan(clauses, BUDGET, "fp-free").clauses[0].rows > 0


def test_no_clauses_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 clause"):
        plan((), BUDGET, "fp-free")
