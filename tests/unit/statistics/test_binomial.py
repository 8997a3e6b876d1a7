import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from easeml_action.statistics import binomial_p_value
from easeml_action.statistics.binomial import ln_binomial_p_value
from easeml_action.statistics.tails import ln_binomial_pmf, ln_binomial_sf


def exact_ln_tail(rows: int, count: int, mean: Fraction) -> float:
    tail = sum(
        math.comb(rows, i) * mean**i * (1 - mean) ** (rows - i) for i in range(count, rows + 1)
    )
    return math.log(tail.numerator) - math.log(tail.denominator)


@pytest.mark.parametrize(
    ("rows", "count", "mean"),
    [
        (10, 3, Fraction(1, 3)),
        (40, 40, Fraction(1, 7)),
        (300, 1, Fraction(1, 2)),
        (1500, 1500, Fraction(1, 2)),
        (2000, 1900, Fraction(1, 10)),
        (3000, 2500, Fraction(1, 100)),
    ],
)
def test_tails_agree_with_exact_rationals_far_below_underflow(
    rows: int, count: int, mean: Fraction
) -> None:
    expected = exact_ln_tail(rows, count, mean)
    assert float(ln_binomial_sf(count, rows, float(mean))) == pytest.approx(expected, rel=1e-13)


def test_tails_agree_with_scipy_at_a_million_rows() -> None:
    count = np.array([499_000, 500_000, 501_500, 505_000])
    ours = ln_binomial_sf(count, 1_000_000, 0.5)
    assert ours == pytest.approx(stats.binom.logsf(count - 1, 1_000_000, 0.5), rel=1e-9)


def test_tails_join_where_the_method_changes() -> None:
    # Around e^-645 the incomplete beta function hands over to its continued fraction.
    count = np.arange(262_300, 263_000)
    ln_tail = ln_binomial_sf(count, 500_000, 0.5)
    assert ln_tail[0] > -645 > ln_tail[-1]
    assert np.abs(np.diff(ln_tail, n=3)).max() < 1e-7


@given(st.integers(0, 60), st.integers(0, 60), st.floats(1e-9, 1))
def test_point_probabilities_agree_with_scipy(rows: int, count: int, mean: float) -> None:
    count = min(count, rows)
    ours = float(np.exp(ln_binomial_pmf(count, rows, mean)))
    assert ours == pytest.approx(stats.binom.pmf(count, rows, mean), rel=1e-11, abs=1e-300)


def test_the_p_value_agrees_with_scipy() -> None:
    for successes in range(31):
        expected = stats.binomtest(successes, 30, 0.7, alternative="greater").pvalue
        assert binomial_p_value(30, successes, 0.7) == pytest.approx(expected, rel=1e-12)


def test_a_tiny_p_value_does_not_vanish_in_log_space() -> None:
    assert binomial_p_value(10_000, 9_000, 0.5) == 0.0
    assert ln_binomial_p_value(10_000, 9_000, 0.5) == pytest.approx(-3684.9, abs=0.1)


def test_the_ends_of_the_range_are_certain() -> None:
    assert binomial_p_value(5, 0, 0.0) == 1.0
    assert binomial_p_value(5, 1, 0.0) == 0.0
    assert binomial_p_value(5, 5, 1.0) == 1.0


@pytest.mark.parametrize("level", [0.2, 0.05, 0.001])
def test_the_false_pass_probability_is_at_most_alpha_for_every_small_set(level: float) -> None:
    for rows in range(1, 41):
        for threshold in (0.05, 0.3, 0.5, 0.8, 0.95):
            critical = next(
                (k for k in range(rows + 1) if binomial_p_value(rows, k, threshold) <= level),
                rows + 1,
            )
            for mean in np.linspace(0, threshold, 20):
                assert stats.binom.sf(critical - 1, rows, mean) <= level


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((0, 0, 0.5), "rows must be an integer, at least 1, not 0"),
        ((10, -1, 0.5), "successes must be an integer, between 0 and 10"),
        ((10, 11, 0.5), "successes"),
        ((10, 2.0, 0.5), "successes must be an integer"),
        ((10, float("nan"), 0.5), "successes"),
        ((10, 2, 1.2), r"threshold must be in \[0, 1\], not 1.2"),
        ((10, 2, float("nan")), "threshold"),
    ],
)
def test_an_illegal_argument_is_named(arguments: tuple[object, ...], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        binomial_p_value(*arguments)
