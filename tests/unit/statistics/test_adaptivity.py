import math
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easeml_action.statistics import Budget, Remaining

STEPS = st.integers(1, 60)
RELIABILITY = st.floats(0.01, 0.9999)


def test_the_number_of_evaluations_is_exact() -> None:
    assert Budget("none", 32, 0.999).evaluations == 32
    assert Budget("firstChange", 32, 0.999).evaluations == 32
    assert Budget("full", 32, 0.999).evaluations == 2**32 - 1
    assert Budget("full", 32, 0.999, passes=2).evaluations == 32 + math.comb(32, 2)
    assert Budget("full", 1000, 0.999).evaluations == 2**1000 - 1


@pytest.mark.parametrize("passes", [1, 2, 3, 7])
def test_the_number_of_evaluations_counts_the_histories_that_can_happen(passes: int) -> None:
    steps = 7
    histories = sum(
        sum(history) < passes for depth in range(steps) for history in product((0, 1), repeat=depth)
    )
    assert Budget("full", steps, 0.9, passes=passes).evaluations == histories


@given(STEPS, RELIABILITY)
def test_first_change_is_one_pass_and_full_is_every_pass(steps: int, reliability: float) -> None:
    once = Budget("full", steps, reliability, passes=1)
    every = Budget("full", steps, reliability, passes=steps)
    assert Budget("firstChange", steps, reliability).ln_alpha() == once.ln_alpha()
    assert Budget("full", steps, reliability).ln_alpha() == every.ln_alpha()


@given(st.integers(1, 12), RELIABILITY, st.floats(0.01, 0.99))
def test_the_metered_shares_add_up_to_delta(steps: int, reliability: float, rate: float) -> None:
    budget = Budget("metered", steps, reliability, pass_rate=rate)
    total = sum(
        math.exp(budget.ln_alpha(sum(history), depth - sum(history)))
        for depth in range(steps)
        for history in product((0, 1), repeat=depth)
    )
    assert total == pytest.approx(1 - reliability)


@given(STEPS, RELIABILITY)
def test_the_uniform_shares_add_up_to_delta(steps: int, reliability: float) -> None:
    budget = Budget("full", steps, reliability)
    assert budget.ln_alpha() + math.log(budget.evaluations) == pytest.approx(
        math.log(1 - reliability), rel=1e-9, abs=1e-12
    )


def test_a_thousand_steps_neither_underflow_nor_overflow() -> None:
    budget = Budget("full", 1000, 0.99)
    assert budget.ln_alpha() == pytest.approx(math.log(0.01) - 1000 * math.log(2))
    assert math.isfinite(Budget("full", 20_000, 0.99).ln_alpha())


def test_the_reliability_may_be_exact() -> None:
    exact = Budget("none", 10, Fraction(999, 1000)).ln_alpha()
    assert exact == pytest.approx(math.log(0.0001), abs=1e-14)


def test_the_level_does_not_depend_on_the_history_unless_metered() -> None:
    assert Budget("full", 9, 0.9).ln_alpha(3, 2) == Budget("full", 9, 0.9).ln_alpha()
    metered = Budget("metered", 9, 0.9, pass_rate=0.1)
    assert metered.ln_alpha(1, 0) == pytest.approx(metered.ln_alpha() + math.log(0.1))
    assert metered.ln_alpha(0, 1) == pytest.approx(metered.ln_alpha() + math.log(0.9))


def test_a_set_retires_at_its_last_step() -> None:
    budget = Budget("full", 3, 0.9)
    assert not budget.is_spent(1, 1)
    assert budget.is_spent(1, 2)
    assert budget.is_spent(3, 0)


def test_a_set_retires_at_its_last_pass() -> None:
    assert Budget("firstChange", 9, 0.9).is_spent(1, 0)
    assert not Budget("firstChange", 9, 0.9).is_spent(0, 8)
    assert not Budget("full", 9, 0.9, passes=2).is_spent(1, 3)
    assert Budget("full", 9, 0.9, passes=2).is_spent(2, 3)


def test_a_metered_set_retires_when_its_rows_no_longer_reach_the_level() -> None:
    budget = Budget("metered", 100, 0.99, pass_rate=0.1)
    floor = budget.ln_alpha(1, 5)
    assert not budget.is_spent(1, 5, floor)
    assert budget.is_spent(1, 6, floor)
    assert budget.is_spent(2, 5, floor)


def test_what_is_left_is_told_for_all_fails_and_for_all_passes() -> None:
    assert Budget("full", 10, 0.9).remaining(2, 1) == Remaining(7, 7)
    assert Budget("full", 10, 0.9, passes=4).remaining(2, 1) == Remaining(7, 2)
    assert Budget("firstChange", 10, 0.9).remaining(0, 3) == Remaining(7, 1)
    assert Budget("none", 10, 0.9).remaining(0, 10) == Remaining(0, 0)
    metered = Budget("metered", 100, 0.99, pass_rate=0.1)
    left = metered.remaining(0, 0, metered.ln_alpha(3, 0))
    assert left.if_all_pass == 4
    assert left.if_all_fail == 1 + math.floor(3 * math.log(0.1) / math.log(0.9))


def test_what_is_left_at_most_is_what_the_cheaper_verdicts_allow() -> None:
    assert Remaining(if_all_fail=9, if_all_pass=4).most == 9
    optimistic = Budget("metered", 100, 0.99, pass_rate=0.9)
    left = optimistic.remaining(0, 0, optimistic.ln_alpha(0, 2))
    assert left.most == left.if_all_pass > left.if_all_fail == 3


def test_thousands_of_steps_and_passes_are_counted_as_exactly_as_few() -> None:
    budget = Budget("full", 10_000, 0.99, passes=5_000)
    # Half of all subsets, but for the empty one, and half of those of the middle size.
    middle = math.comb(10_000, 5_000)
    assert budget.evaluations == 2**9_999 + middle // 2 - 1
    assert budget.remaining(100, 100) == Remaining(if_all_fail=9_800, if_all_pass=4_900)


def test_a_plan_for_a_metered_set_reaches_its_last_step_at_the_assumed_rate() -> None:
    budget = Budget("metered", 31, 0.99, pass_rate=Fraction(1, 10))
    assert budget.planned_history == (3, 27)
    assert budget.remaining(0, 0, budget.ln_alpha(3, 27)).if_all_fail == 31


@pytest.mark.parametrize(
    ("arguments", "options", "named"),
    [
        (("sometimes", 3, 0.9), {}, "adaptivity must be one of none, firstChange, full, metered"),
        (("full", 0, 0.9), {}, "steps must be an integer, at least 1"),
        (("full", 2.5, 0.9), {}, "steps must be an integer"),
        (("full", 3, 1.0), {}, r"reliability must be in \(0, 1\)"),
        (("full", 3, 0), {}, "reliability"),
        (("full", 3, float("nan")), {}, "reliability"),
        (("full", 3, "high"), {}, "reliability must be a number"),
        (("full", 3, 0.9), {"passes": 4}, "passes must be an integer, between 1 and 3"),
        (("full", 3, 0.9), {"passes": 0}, "passes"),
        (("none", 3, 0.9), {"passes": 1}, "passes goes with"),
        (("metered", 3, 0.9), {}, "pass_rate must be given"),
        (("metered", 3, 0.9), {"pass_rate": 1}, r"pass_rate must be in \(0, 1\)"),
        (("full", 3, 0.9), {"pass_rate": 0.5}, "pass_rate goes with"),
    ],
)
def test_an_illegal_budget_is_named(
    arguments: tuple[object, ...], options: dict[str, object], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        Budget(*arguments, **options)


def test_an_illegal_history_is_named() -> None:
    with pytest.raises(ValueError, match="fails must be an integer, at least 0"):
        Budget("full", 3, 0.9).is_spent(0, -1)
    with pytest.raises(ValueError, match="passes must be an integer"):
        Budget("full", 3, 0.9).remaining(0.5, 0)
