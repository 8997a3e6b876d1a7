import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from scipy.special import gammaln

from easeml_action.statistics import Budget, Clause, neyman_pearson_rows, pass_probability, plan

MakeClause = Callable[..., Clause]


@pytest.mark.parametrize(
    ("text", "share"),
    [
        (("n", ">", "0.8", "0.05"), "1"),
        (("d", "<", "0.3", "0.05"), "1"),
        (("n - o", ">", "0.02", "0.02"), "0.2"),
        (("o - n", "<", "-0.02", "0.02"), "0.2"),
        (("n - 1.1*o", ">", "0", "0.1"), "1"),
    ],
)
def test_the_curve_rises_from_alpha_to_its_complement(
    clause: MakeClause, text: tuple[str, ...], share: str
) -> None:
    one, assumed, budget = clause(*text), Fraction(share), Budget("none", 1, 0.99)
    rows = plan((one,), budget, "fp-free", assumed).rows
    sign = 1 if one.comparison == ">" else -1
    steps = [Fraction(step, 4) for step in range(9)]
    curve = [
        pass_probability(one, rows, one.threshold + sign * step * one.tolerance, assumed)
        for step in steps
    ]
    assert curve[0] <= 0.01 + 1e-12
    assert curve[-1] >= 0.99 - 1e-12
    assert np.all(np.diff(curve) > 0)
    assert 0.3 < curve[4] < 0.7


def test_a_value_outside_the_range_is_named(clause: MakeClause) -> None:
    with pytest.raises(ValueError, match=r"value must be in \[0, 1\], not 1.2"):
        pass_probability(clause("n", ">", "0.8", "0.05"), 100, 1.2)


def best_miss(rows: int, near: np.ndarray, far: np.ndarray, level: float) -> float:
    """Sort all outcomes by the likelihood ratio and spend the level exactly."""
    counts = np.array([(w, n - w) for n in range(rows + 1) for w in range(n + 1)])
    wins, losses = counts.T
    rest = rows - wins - losses
    ways = np.exp(gammaln(rows + 1) - gammaln(wins + 1) - gammaln(losses + 1) - gammaln(rest + 1))
    null = ways * near[0] ** wins * near[1] ** losses * near[2] ** rest
    other = ways * far[0] ** wins * far[1] ** losses * far[2] ** rest
    null, other = null[null > 0], other[null > 0]
    order = np.argsort(-other / null)
    spent = np.cumsum(null[order])
    whole = int(np.searchsorted(spent, level))
    used = spent[whole - 1] if whole else 0.0
    share = (level - used) / null[order][whole]
    return float(1 - other[order][:whole].sum() - share * other[order][whole])


def test_the_bound_for_a_difference_is_that_of_the_sorted_outcomes(clause: MakeClause) -> None:
    level, share, c, far = 0.03, 0.5, 0.05, 0.35
    one = clause("n - o", ">", "0.05", "0.15")

    def miss(rows: int) -> float:
        laws = [np.array([(share + m) / 2, (share - m) / 2, 1 - share]) for m in (c, far)]
        return best_miss(rows, laws[0], laws[1], level)

    ours = neyman_pearson_rows(one, math.log(level), Fraction(share))
    fewest = next(rows for rows in range(1, 200) if miss(rows) <= level)
    # Ours does not randomize, which costs a row at most.
    assert fewest <= ours <= fewest + 1


def test_the_bound_for_one_variable_is_that_of_the_sorted_outcomes(clause: MakeClause) -> None:
    level = 0.03
    one = clause("n", ">", "0.6", "0.1")

    def miss(rows: int) -> float:
        laws = [np.array([m, 1e-300, 1 - m]) for m in (0.6, 0.8)]
        return best_miss(rows, laws[0], laws[1], level)

    fewest = next(rows for rows in range(1, 200) if miss(rows) <= level)
    assert neyman_pearson_rows(one, math.log(level), Fraction(1)) == fewest


@pytest.mark.parametrize(
    ("text", "share"),
    [
        (("n", ">", "0.6", "0.05"), "1"),
        (("n", ">", "0.95", "0.02"), "1"),
        (("n - o", ">", "0.02", "0.01"), "0.1"),
        (("n - o", ">", "0.1", "0.1"), "1"),
        (("n - 1.1*o", ">", "0", "0.1"), "1"),
    ],
)
def test_plans_lie_between_the_bound_and_the_papers_numbers(
    clause: MakeClause, text: tuple[str, ...], share: str
) -> None:
    one, assumed, budget = clause(*text), Fraction(share), Budget("full", 32, 0.999)
    exact = plan((one,), budget, "fp-free", assumed).rows
    paper = plan((one,), budget, "fp-free", assumed, "paper").rows
    bound = neyman_pearson_rows(one, budget.ln_alpha(), assumed)
    assert bound <= exact < paper
    assert exact < 1.7 * bound


def test_a_bound_beyond_the_range_is_refused(clause: MakeClause) -> None:
    with pytest.raises(ValueError, match="within the range"):
        neyman_pearson_rows(clause("n", ">", "0.9", "0.09"), -5.0, Fraction(1))
    with pytest.raises(ValueError, match=r"below 0\.1"):
        neyman_pearson_rows(clause("n - o", ">", "0.05", "0.04"), -5.0, Fraction(1, 10))
