"""An interval holds what the tests do not refute, and misses the truth as rarely as they err."""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from easeml_action.statistics import (
    Clause,
    Outcomes,
    Tally,
    betting_p_value,
    counted_interval,
    judge,
    needs_order,
    ordered_interval,
)
from easeml_action.statistics.betting import betting_bound
from easeml_action.statistics.binomial import binomial_bound, ln_binomial_p_value
from easeml_action.statistics.paired import ln_paired_p_value, paired_bound

MakeClause = Callable[..., Clause]
LN_GAMMA_SHARE = -math.log(20)


def outcomes(both: int, wins: int, losses: int, wrong: int) -> Outcomes:
    """Make outcomes from counts of rows, in a fixed shuffled order."""
    patterns = [(1, 1, 0)] * both + [(1, 0, 1)] * wins + [(0, 1, 1)] * losses + [(0, 0, 0)] * wrong
    rows = np.random.default_rng(5).permutation(np.array(patterns, dtype=bool))
    return Outcomes(*(np.ascontiguousarray(column) for column in rows.T))


def interval_of(clause: Clause, rows: Outcomes, ln_level: float) -> tuple[float, float]:
    if needs_order(clause):
        return ordered_interval(clause, rows, ln_level)
    return counted_interval(clause, Tally.of(rows), ln_level)


@pytest.mark.parametrize("level", [0.2, 1e-3])
@pytest.mark.parametrize("rows", [1, 7, 40, 5_000])
def test_the_binomial_bound_is_the_one_of_clopper_and_pearson(rows: int, level: float) -> None:
    for successes in (1, 1 + rows // 3, rows):
        expected = stats.beta.ppf(level, successes, rows - successes + 1)
        assert binomial_bound(rows, successes, math.log(level)) == pytest.approx(expected, rel=1e-7)
    assert binomial_bound(rows, 0, math.log(level)) == 0


def test_a_bound_at_a_level_that_underflows_is_where_the_tail_reaches_it() -> None:
    bound = binomial_bound(5_000, 4_000, -2_000.0)
    assert ln_binomial_p_value(5_000, 4_000, bound) == pytest.approx(-2_000, abs=1e-4)


@pytest.mark.parametrize(("rows", "level"), [(6, 0.2), (7, 0.05)])
def test_the_paired_bound_exceeds_the_truth_as_rarely_as_the_level_says(
    rows: int, level: float
) -> None:
    grid = np.linspace(0, 1, 81)
    win, loss = (axis.ravel() for axis in np.meshgrid(grid, grid))
    possible = win + loss <= 1
    win, loss = win[possible], loss[possible]
    missed = np.zeros_like(win)
    for wins in range(rows + 1):
        for losses in range(rows - wins + 1):
            bound = paired_bound(
                rows,
                wins,
                losses,
                0.1,
                ln_level=math.log(level),
                ln_gamma=math.log(level) + LN_GAMMA_SHARE,
            )
            rest = rows - wins - losses
            ways = math.comb(rows, wins) * math.comb(rows - wins, losses)
            chance = ways * win**wins * loss**losses * np.maximum(1 - win - loss, 0) ** rest
            missed += np.where(bound > win - loss + 1e-9, chance, 0)
    # It is sharp as well: most of the level is used where it is hardest to keep.
    assert 0.5 * level < missed.max() <= level


@pytest.mark.parametrize(("wins", "losses"), [(150, 100), (40, 150), (0, 0), (500, 0), (0, 500)])
def test_the_paired_bound_is_where_the_test_stops_to_refute(wins: int, losses: int) -> None:
    rows, ln_level = 500, -9.0
    ln_gamma = ln_level + LN_GAMMA_SHARE
    bound = paired_bound(rows, wins, losses, 0.0, ln_level=ln_level, ln_gamma=ln_gamma)
    if bound > -1:
        assert ln_paired_p_value(rows, wins, losses, bound, ln_gamma) <= ln_level
    assert ln_paired_p_value(rows, wins, losses, bound + 1e-4, ln_gamma) > ln_level


def test_the_paired_bound_does_not_contradict_the_verdict_at_a_margin_where_outcomes_tie() -> None:
    # Among 12 rows, 6 wins and 2 losses refute a margin of 0.001 at 0.1, and not one of 0.
    ln_level = math.log(0.1)
    ln_gamma = ln_level + LN_GAMMA_SHARE
    assert ln_paired_p_value(12, 6, 2, 0.001, ln_gamma) <= ln_level
    assert ln_paired_p_value(12, 6, 2, 0.0, ln_gamma) > ln_level
    assert paired_bound(12, 6, 2, 0.0, ln_level=ln_level, ln_gamma=ln_gamma) <= 0


@pytest.mark.parametrize("target", [None, 0.4])
@pytest.mark.parametrize("values", [[-1.0] * 40, [1.0] * 40, [0.0, 1.0, -1.0, 1.0, 1.0] * 30])
def test_the_betting_bound_is_where_the_test_stops_to_refute(
    values: list[float], target: float | None
) -> None:
    level, threshold = 0.01, 0.2
    bound = betting_bound(values, threshold, -1, 1, ln_level=math.log(level), target=target)
    refuted = betting_p_value(values, threshold, -1, 1, target=target) <= level
    assert refuted == (bound >= threshold)
    if target is None:
        assert bound == -1 or betting_p_value(values, bound, -1, 1) <= level
        assert bound > 1 - 1e-5 or betting_p_value(values, bound + 1e-5, -1, 1) > level


@pytest.mark.parametrize("target", [None, 0.4])
def test_the_betting_bound_exceeds_the_mean_as_rarely_as_the_level_says(
    target: float | None,
) -> None:
    # Every sequence of 7 rows of 0 and 1, at every mean on a grid.
    rows, level = 7, 0.2
    sequences = (np.arange(2**rows)[:, None] >> np.arange(rows)) & 1
    bounds = np.array(
        [
            betting_bound(sequence, 0.3, 0, 1, ln_level=math.log(level), target=target)
            for sequence in sequences
        ]
    )
    ones = sequences.sum(axis=1)
    for mean in np.linspace(0, 1, 41):
        chance = mean**ones * (1 - mean) ** (rows - ones)
        assert chance[bounds > mean].sum() <= level


@settings(max_examples=40)
@given(
    expression=st.sampled_from(["n", "-n", "o", "d", "-d", "n - o", "o - n", "n - 1.1*o", "n + o"]),
    comparison=st.sampled_from("><"),
    place=st.integers(1, 9),
    counts=st.tuples(*[st.integers(0, 60)] * 4).filter(any),
    level=st.sampled_from([0.2, 0.01, 1e-9]),
)
def test_a_clause_is_true_where_its_interval_is_on_the_right_side_of_the_threshold(
    clause: MakeClause,
    expression: str,
    comparison: str,
    place: int,
    counts: tuple[int, int, int, int],
    level: float,
) -> None:
    reach = {"-n": (-1, 0), "-d": (-1, 0), "n - o": (-1, 1), "o - n": (-1, 1), "n + o": (0, 2)}
    low, high = reach.get(expression, (0, 1))
    threshold = Fraction(low) + Fraction(place, 10) * (high - low)
    made = clause(expression, comparison, str(threshold), "0.01")
    rows = outcomes(*counts)

    judged = judge((made,), rows, math.log(level), "fp-free").clauses[0]
    left, right = interval_of(made, rows, math.log(level))

    # The rounding of the bounds, and what a tie may move a bound of the paired test.
    slack = 0.02 if judged.test == "paired" else 1e-5
    above, below = left >= threshold - slack, right <= threshold + slack
    proved, refuted = (above, below) if comparison == ">" else (below, above)
    assert judged.truth != "true" or proved
    assert judged.truth != "false" or refuted
    if judged.truth == "unknown":
        assert left <= threshold <= right
    if judged.test != "betting":  # which may refute the estimate by what the first rows showed
        assert left - 1e-9 <= judged.estimate <= right + 1e-9


def test_a_coefficient_scales_the_interval(clause: MakeClause) -> None:
    rows, ln_level = Tally.of(outcomes(80, 8, 2, 10)), -3.0
    low, high = counted_interval(clause("d", "<", "0.3", "0.1"), rows, ln_level)
    mirrored = counted_interval(clause("-d", ">", "-0.3", "0.1"), rows, ln_level)
    assert mirrored == (-high, -low)
    low, high = counted_interval(clause("n - o", ">", "0", "0.1"), rows, ln_level)
    assert counted_interval(clause("o - n", "<", "0", "0.1"), rows, ln_level) == (-high, -low)


@pytest.mark.parametrize(
    ("expression", "whole"),
    [("o", (0, 1)), ("-d", (-1, 0)), ("n - o", (-1, 1)), ("n + o", (0, 2))],
)
def test_an_old_model_that_is_not_complete_leaves_everything_open(
    clause: MakeClause, expression: str, whole: tuple[float, float]
) -> None:
    complete = outcomes(80, 8, 2, 10)
    rows = Outcomes(
        complete.new_correct, complete.old_correct, complete.differ, old_is_complete=False
    )
    made = clause(expression, ">", "0.1" if expression != "-d" else "-0.1", "0.01")
    assert interval_of(made, rows, -3.0) == pytest.approx(whole)


def test_an_old_model_that_is_not_complete_leaves_the_new_one_measured(clause: MakeClause) -> None:
    made = clause("n", ">", "0.5", "0.1")
    complete = Tally(100, n=88, o=80, d=10, wins=8)
    broken = Tally(100, n=88, o=80, d=10, wins=8, old_is_complete=False)
    assert counted_interval(made, broken, -3.0) == counted_interval(made, complete, -3.0)


def test_a_tally_counts_what_was_measured() -> None:
    assert Tally.of(outcomes(80, 8, 2, 10)) == Tally(100, n=88, o=82, d=10, wins=8)
    assert Tally.of(Outcomes(np.array([True, False]))) == Tally(2, n=1)
    assert Tally(100, n=88, o=82, d=10, wins=8).shares == {"n": 0.88, "o": 0.82, "d": 0.1}


@pytest.mark.parametrize(
    ("counts", "named"),
    [
        ({"rows": 0}, "rows"),
        ({"rows": 10, "n": 11}, "n must"),
        ({"rows": 10, "d": -1}, "d must"),
        ({"rows": 10, "n": 5, "o": 5}, "wins must be given"),
        ({"rows": 10, "n": 5, "wins": 5}, "wins must be given"),
        ({"rows": 10, "n": 5, "o": 5, "wins": 6}, "wins must"),
        ({"rows": 10, "n": 8, "o": 5, "wins": 2}, "wins must"),
        ({"rows": 10, "n": 8, "o": 8, "wins": 8}, "losses must"),
    ],
)
def test_an_impossible_count_is_named(counts: dict[str, int], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Tally(**counts)


def test_each_kind_of_clause_has_its_own_interval(clause: MakeClause) -> None:
    with pytest.raises(ValueError, match="order of the rows"):
        counted_interval(clause("n + o", ">", "1", "0.1"), Tally(10, n=5, o=5, wins=2), -3.0)
    with pytest.raises(ValueError, match="needs no order"):
        ordered_interval(clause("n", ">", "0.5", "0.1"), outcomes(8, 1, 1, 1), -3.0)
    with pytest.raises(ValueError, match="n must be measured"):
        counted_interval(clause("n", ">", "0.5", "0.1"), Tally(10, d=5), -3.0)
    with pytest.raises(ValueError, match="n and o must be measured"):
        counted_interval(clause("n - o", ">", "0.5", "0.1"), Tally(10, n=5), -3.0)
