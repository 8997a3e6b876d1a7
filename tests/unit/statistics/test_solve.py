from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest

from easeml_action.statistics import (
    Budget,
    Clause,
    finest_ln_alpha,
    most_steps,
    plan,
    smallest_tolerances,
)
from easeml_action.statistics.plan import exact_plan

MakeClause = Callable[..., Clause]


@pytest.mark.parametrize(
    ("expression", "threshold", "tolerance"),
    [("n", "0.8", "0.05"), ("n - o", "0.02", "0.02"), ("n - 1.1*o", "0", "0.1")],
)
def test_the_finest_level_is_the_edge_of_the_plan(
    clause: MakeClause, expression: str, threshold: str, tolerance: str
) -> None:
    one = (clause(expression, ">", threshold, tolerance),)
    share = Fraction(1, 5)
    level = finest_ln_alpha(one, 3000, "fp-free", share)
    assert exact_plan(one, level, "fp-free", share).rows <= 3000
    assert exact_plan(one, level - 0.01, "fp-free", share).rows > 3000


def test_a_metered_set_lives_as_long_as_its_rows_reach_the_tolerance(clause: MakeClause) -> None:
    one = (clause("n", ">", "0.8", "0.05"),)
    budget = Budget("metered", 200, 0.999, pass_rate=Fraction(1, 10))
    rows = 2000
    left = budget.remaining(0, 0, finest_ln_alpha(one, rows, "fp-free"))
    last = budget.ln_alpha(0, left.if_all_fail - 1)
    assert exact_plan(one, last, "fp-free", Fraction(1)).rows <= rows
    beyond = budget.ln_alpha(0, left.if_all_fail)
    assert exact_plan(one, beyond, "fp-free", Fraction(1)).rows > rows
    assert 0 < left.if_all_pass < left.if_all_fail < 200


def test_the_rows_of_its_plan_last_a_metered_set_to_the_end(clause: MakeClause) -> None:
    one = (clause("n - o", ">", "0.02", "0.02"),)
    budget = Budget("metered", 31, 0.99, pass_rate=Fraction(1, 10))
    rows = plan(one, budget, "fp-free", Fraction(1, 10)).rows
    floor = finest_ln_alpha(one, rows, "fp-free", Fraction(1, 10))
    assert not budget.is_spent(3, 27, floor)


def test_metered_allows_twice_the_commits_of_full_when_one_in_thirty_passes(
    clause: MakeClause,
) -> None:
    one = (clause("n - o", ">", "0.02", "0.02"),)
    share, steps = Fraction(1, 10), 32
    rows = plan(one, Budget("full", steps, 0.999), "fp-free", share).rows
    metered = Budget("metered", 1, 0.999, pass_rate=Fraction(1, 30))
    assert most_steps(one, metered, "fp-free", rows, share) >= 2 * steps


@pytest.mark.parametrize("adaptivity", ["none", "firstChange", "full"])
def test_the_most_steps_are_the_edge_of_the_plan(clause: MakeClause, adaptivity: str) -> None:
    one = (clause("n", ">", "0.8", "0.05"),)
    budget = Budget(adaptivity, 1, 0.999)
    steps = most_steps(one, budget, "fp-free", 1200)
    assert plan(one, replace(budget, steps=steps), "fp-free").rows <= 1200
    assert plan(one, replace(budget, steps=steps + 1), "fp-free").rows > 1200


def test_too_few_rows_allow_no_step_at_all(clause: MakeClause) -> None:
    one = (clause("n", ">", "0.8", "0.05"),)
    assert most_steps(one, Budget("full", 9, 0.999), "fp-free", 20) == 0


def test_no_more_than_a_million_steps_are_counted(clause: MakeClause) -> None:
    one = (clause("n", ">", "0.8", "0.05"),)
    assert most_steps(one, Budget("none", 9, 0.999), "fp-free", 100_000) == 1_000_000


@pytest.mark.parametrize("mode", ["fp-free", "fn-free"])
def test_the_smallest_tolerances_are_the_edge_of_the_plan(clause: MakeClause, mode: str) -> None:
    clauses = (clause("n - o", ">", "0.02", "0.01"), clause("d", "<", "0.3", "0.01"))
    budget = Budget("full", 10, 0.99)
    tolerances = smallest_tolerances(clauses, budget, mode, 4000)
    for position, tolerance in enumerate(tolerances):
        assert tolerance is not None
        for factor, enough in ((Fraction(1), True), (Fraction(99, 100), False)):
            changed = list(clauses)
            changed[position] = replace(changed[position], tolerance=tolerance * factor)
            rows = plan(tuple(changed), budget, mode).clauses[position].rows
            assert (rows <= 4000) is enough


def test_more_rows_never_take_a_tolerance_away(clause: MakeClause) -> None:
    """Also near the end of the range, where few tolerances are feasible."""
    one, budget = (clause("n", ">", "0.9", "0.02"),), Budget("full", 32, 0.999)
    found = [smallest_tolerances(one, budget, "fp-free", rows)[0] for rows in range(250, 500, 10)]
    kept = [tolerance for tolerance in found if tolerance is not None]
    assert 0 < len(kept) < len(found)
    assert found[-len(kept) :] == kept == sorted(kept, reverse=True)
    assert kept[0] < Fraction("0.1")


def test_a_tolerance_that_no_rows_reach_is_none(clause: MakeClause) -> None:
    tight = (clause("n", ">", "0.99", "0.001"),)
    assert smallest_tolerances(tight, Budget("full", 100, 0.999), "fp-free", 50) == (None,)


def test_illegal_rows_are_named(clause: MakeClause) -> None:
    one = (clause("n", ">", "0.8", "0.05"),)
    with pytest.raises(ValueError, match="rows must be an integer, at least 1"):
        finest_ln_alpha(one, 0, "fp-free")
    with pytest.raises(ValueError, match="rows must be an integer"):
        smallest_tolerances(one, Budget("none", 1, 0.9), "fp-free", 10.5)
