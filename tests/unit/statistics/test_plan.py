import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from easeml_action.statistics import Budget, Clause, plan
from easeml_action.statistics.difference import ln_difference_sf
from easeml_action.statistics.form import form_of
from easeml_action.statistics.paper import bennett_rows, hoeffding_rows
from easeml_action.statistics.plan import error_tails

MakeClause = Callable[..., Clause]

N = (Fraction(1), Fraction(0), Fraction(0))
DIFFERENCE = (Fraction(1), Fraction(-1), Fraction(0))


def test_the_references_own_answer(clause: MakeClause) -> None:
    budget = Budget("full", 32, 0.99)
    paper = plan((clause("n - o", ">", "0.1", "0.1"),), budget, "fp-free", method="paper")
    assert paper.rows == 5496
    assert paper.labels == 5496
    assert paper.evaluations == 2**32
    assert paper.ln_alpha == pytest.approx(math.log(0.01) - 32 * math.log(2))
    assert paper.clauses[0].test == "hoeffding"


@pytest.mark.parametrize(
    ("reliability", "tolerance", "rows"),
    [
        ("0.99", "0.1", (404, 1340, 1753, 5496)),
        ("0.99", "0.05", (1615, 5358, 7012, 21984)),
        ("0.999", "0.05", (2075, 5818, 8854, 23826)),
        ("0.9999", "0.01", (63381, 156956, 267385, 641684)),
    ],
)
def test_figure_2_of_the_paper(
    clause: MakeClause, reliability: str, tolerance: str, rows: tuple[int, ...]
) -> None:
    ours = tuple(
        plan(
            (clause(expression, ">", "0.1", tolerance),),
            Budget(adaptivity, 32, Fraction(reliability)),
            "fp-free",
            method="paper",
        ).rows
        for expression in ("n", "n - o")
        for adaptivity in ("none", "full")
    )
    assert ours == rows


def test_the_semeval_experiment_of_the_paper(clause: MakeClause) -> None:
    none, full = Budget("none", 7, Fraction("0.998")), Budget("full", 7, Fraction("0.998"))
    first = clause("n - o", ">", "0.02", "0.02")
    second = clause("n - o", ">", "0.018", "0.022")
    share = Fraction("0.1")
    # The paper prints 44,268 for the baseline, which is 44,268.3 before rounding up.
    assert hoeffding_rows(first, none.ln_evaluations, none.ln_delta) == 44_269
    assert plan((first,), none, "fp-free", share, "paper").rows == 4713
    assert plan((second,), full, "fp-free", share, "paper").rows == 5204
    assert plan((second,), full, "fp-free", share, "paper").clauses[0].test == "bennett"


def test_the_first_pattern_of_the_paper(clause: MakeClause) -> None:
    # Section 4.1: 29K and 67K labels at p = 0.1 with half of delta for the clause about d.
    half = math.log(0.0001 / 2)
    difference = clause("n - o", ">", "0.02", "0.01")
    assert bennett_rows(difference, math.log(32), half, Fraction("0.1")) == 29_048
    assert bennett_rows(difference, 32 * math.log(2), half, Fraction("0.1")) == 67_706


@pytest.mark.parametrize(
    ("expression", "threshold", "tolerance", "share", "budget", "paper", "exact"),
    [
        ("n", "0.8", "0.05", None, ("none", 32, "0.999"), 2075, 963),
        ("n", "0.8", "0.05", None, ("full", 32, "0.999"), 5818, 3130),
        ("n", "0.95", "0.02", None, ("none", 32, "0.999"), 12967, 1626),
        ("n - o", "0.02", "0.02", "0.1", ("none", 7, "0.998"), 4713, 2950),
        ("n - o", "0.018", "0.022", "0.1", ("full", 7, "0.998"), 5204, 3625),
        ("n - o", "0.02", "0.01", "0.1", ("none", 32, "0.9999"), 27616, 20467),
        ("n - o", "0.1", "0.1", None, ("full", 32, "0.99"), 5496, 4704),
    ],
)
def test_exact_plans_are_far_below_the_papers_best(
    clause: MakeClause,
    expression: str,
    threshold: str,
    tolerance: str,
    share: str | None,
    budget: tuple[str, int, str],
    paper: int,
    exact: int,
) -> None:
    clauses = (clause(expression, ">", threshold, tolerance),)
    spread = Budget(budget[0], budget[1], Fraction(budget[2]))
    assumed = None if share is None else Fraction(share)
    assert plan(clauses, spread, "fp-free", assumed, "paper").rows == paper
    assert plan(clauses, spread, "fp-free", assumed).rows == pytest.approx(exact, rel=0.03)


@given(
    st.sampled_from([N, DIFFERENCE]),
    st.integers(-10, 90),
    st.integers(2, 20),
    st.floats(-25, -2),
)
@settings(max_examples=60, deadline=None)
def test_the_rule_keeps_both_errors_at_the_planned_rows_and_soon_for_good(
    coefficients: tuple[Fraction, ...], percent: int, tolerance: int, ln_level: float
) -> None:
    threshold, eps = Fraction(percent, 100), Fraction(tolerance, 100)
    if threshold + eps >= 1 or (coefficients == N and threshold < 0):
        return
    one = Clause(*coefficients, ">", threshold, eps)
    budget = Budget("none", 1, -math.expm1(ln_level))
    rows = plan((one,), budget, "fp-free").rows
    tails, _ = error_tails(form_of(one), Fraction(1), ln_level)

    def kept(count: int) -> bool:
        return all(tail.ln_error(count) <= budget.ln_alpha() + 1e-12 for tail in tails)

    assert kept(rows)
    # The jumps of the rule reach over about a block of equal k and 1 + 2c/eps rows, counted in
    # wins where every row is a win or a loss.
    cut = float(tails[0].cut)
    distance = float(eps if coefficients == N else eps / 2)
    window = 3 + 2 / cut + 2 * (1 + 2 * cut / distance)
    later = np.unique(np.geomspace(rows + window, 3 * (rows + window), 25).astype(int))
    assert all(kept(int(count)) for count in later)
    # And with a window fewer rows it is out of reach for good.
    earlier = range(max(1, int(rows - window) - 5), rows)
    assert not earlier or not all(kept(count) for count in earlier)


def test_planned_tails_agree_with_scipy_and_with_convolution() -> None:
    step = np.array([0.04, 0.9, 0.06])
    law = np.array([1.0])
    for _ in range(300):
        law = np.convolve(law, step)
    sums = np.arange(-300, 301)
    for count in (-40, -3, 0, 1, 6, 20, 45):
        expected = math.log(law[sums >= count].sum())
        assert ln_difference_sf(count, 300, 0.06, 0.04, -60) == pytest.approx(expected, abs=1e-9)
    for win, loss in ((0.3, 0.0), (0.0, 0.3), (0.7, 0.3)):
        total = ln_difference_sf(3, 20, win, loss, -60)
        above = ln_difference_sf(-2, 20, loss, win, -60)
        assert math.exp(total) + math.exp(above) == pytest.approx(1)
    assert ln_difference_sf(900, 1000, 0.05, 0.05, -5) == -math.inf
    assert ln_difference_sf(4, 9, 0.5, 0.5, -60) == pytest.approx(stats.binom.logsf(6, 9, 0.5))


@given(st.integers(1, 40), st.integers(0, 40), st.floats(0.02, 0.97), st.floats(1e-6, 1 - 1e-6))
def test_the_two_ways_to_add_up_a_difference_agree(
    rows: int, count: int, share: float, tilt: float
) -> None:
    win, loss = share * tilt, share * (1 - tilt)
    below = ln_difference_sf(1 - count, rows, loss, win, -200)
    above = ln_difference_sf(count, rows, win, loss, -200)
    assert math.exp(below) + math.exp(above) == pytest.approx(1, abs=1e-9)


CONDITION = st.sampled_from([(N, "0.8"), (N, "0.5"), (DIFFERENCE, "0.02"), (DIFFERENCE, "-0.01")])


def rows_for(condition: tuple[tuple[Fraction, ...], str], eps: float, budget: Budget) -> int:
    coefficients, threshold = condition
    tolerance = Fraction(eps).limit_denominator(10_000)
    one = Clause(*coefficients, ">", Fraction(threshold), tolerance)
    return plan((one,), budget, "fp-free", Fraction(1, 2)).rows


@given(CONDITION, st.floats(0.02, 0.15), st.integers(1, 40), st.floats(0.5, 0.999))
@settings(max_examples=30, deadline=None)
def test_more_is_never_cheaper(
    condition: tuple[tuple[Fraction, ...], str], eps: float, steps: int, reliability: float
) -> None:
    base = rows_for(condition, eps, Budget("full", steps, reliability, passes=1))
    assert base <= rows_for(condition, eps, Budget("full", steps + 1, reliability, passes=1))
    assert base <= rows_for(condition, eps, Budget("full", steps, (1 + reliability) / 2, passes=1))
    assert base <= rows_for(condition, eps, Budget("full", steps + 1, reliability, passes=2))


# With an error level near a half a handful of rows will do, and then one more or less is chance.
@given(CONDITION, st.floats(0.02, 0.15), st.integers(1, 40), st.floats(0.9, 0.999))
@settings(max_examples=30, deadline=None)
def test_a_finer_tolerance_is_never_cheaper(
    condition: tuple[tuple[Fraction, ...], str], eps: float, steps: int, reliability: float
) -> None:
    budget = Budget("full", steps, reliability, passes=1)
    assert rows_for(condition, eps, budget) <= rows_for(condition, eps * 0.9, budget)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("n", ">", "0.8", "0.05"), ("-n", "<", "-0.8", "0.05")),
        (("n - o", ">", "0.02", "0.01"), ("o - n", "<", "-0.02", "0.01")),
        (("d", "<", "0.1", "0.01"), ("-d", ">", "-0.1", "0.01")),
    ],
)
def test_mirrored_clauses_need_the_same(
    clause: MakeClause, one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    budget = Budget("full", 16, 0.99)
    first, second = (plan((clause(*text),), budget, "fp-free") for text in (one, other))
    assert (first.rows, first.labels) == (second.rows, second.labels)


@pytest.mark.parametrize("scale", [Fraction(3), Fraction(1, 7)])
@pytest.mark.parametrize("expression", ["n", "n - o", "n - 1.1*o"])
def test_scaling_a_clause_changes_nothing(
    clause: MakeClause, expression: str, scale: Fraction
) -> None:
    one = clause(expression, ">", "0.02", "0.03")
    scaled = Clause(
        one.n * scale,
        one.o * scale,
        one.d * scale,
        ">",
        one.threshold * scale,
        one.tolerance * scale,
    )
    budget = Budget("full", 16, 0.99)
    for method in ("exact", "paper"):
        first = plan((one,), budget, "fp-free", method=method)
        second = plan((scaled,), budget, "fp-free", method=method)
        assert first.rows == second.rows


def test_rows_are_not_labels(clause: MakeClause) -> None:
    clauses = (
        clause("n - o", ">", "0.02", "0.01"),
        clause("d", "<", "0.1", "0.01"),
        clause("n", ">", "0.6", "0.1"),
    )
    whole = plan(clauses, Budget("full", 32, 0.999), "fp-free")
    difference, disagreement, accuracy = whole.clauses
    assert difference.labels == math.ceil(difference.rows / 10)
    assert disagreement.labels == 0
    assert accuracy.labels == accuracy.rows
    assert whole.rows == max(part.rows for part in whole.clauses)
    assert whole.labels == max(part.labels for part in whole.clauses)
    assert [part.test for part in whole.clauses] == ["paired", "binomial", "binomial"]


def test_the_condition_knows_its_disagreement_better_than_the_assumption(
    clause: MakeClause,
) -> None:
    difference = clause("n - o", ">", "0.02", "0.01")
    bound = clause("d", "<", "0.1", "0.01")
    budget = Budget("none", 32, 0.9999)
    stated = plan((difference, bound), budget, "fp-free", Fraction(1, 2)).clauses[0]
    assumed = plan((difference,), budget, "fp-free", Fraction(1, 10)).clauses[0]
    unknown = plan((difference,), budget, "fp-free").clauses[0]
    assert stated == assumed
    assert unknown.rows > 5 * assumed.rows


def test_false_negatives_share_the_level_among_the_clauses(clause: MakeClause) -> None:
    one, other = clause("n", ">", "0.8", "0.05"), clause("d", "<", "0.3", "0.05")
    budget, half = Budget("none", 10, 0.98), Budget("none", 10, 0.99)
    assert plan((one, other), budget, "fn-free").rows == plan((one, other), half, "fp-free").rows


def test_other_expressions_are_planned_by_the_chernoff_bound(clause: MakeClause) -> None:
    budget = Budget("none", 1, 0.99)
    planned = plan((clause("n - 1.1*o", ">", "0", "0.1"),), budget, "fp-free")
    # The range is -1.1..1, so c is at 1.1/2.1 of it and eps is 0.1/2.1.
    c, eps = 1.1 / 2.1, 0.1 / 2.1
    worst = min(
        (c + eps) * math.log((c + eps) / q) + (1 - c - eps) * math.log((1 - c - eps) / (1 - q))
        for q in (c, c + 2 * eps)
    )
    assert planned.rows == math.ceil(math.log(100) / worst)
    assert planned.clauses[0].test == "betting"


def test_at_the_ends_of_the_range_one_error_drops_out(clause: MakeClause) -> None:
    budget = Budget("none", 1, 0.99)
    # At n + o = 0 nothing is ever right, so only the missed pass counts; near 2 only the false.
    low, eps = plan((clause("n + o", ">", "0", "0.2"),), budget, "fp-free").rows, 0.1
    missed = eps * math.log(eps / (2 * eps)) + (1 - eps) * math.log((1 - eps) / (1 - 2 * eps))
    assert low == math.ceil(math.log(100) / missed)
    high = plan((clause("n + o", ">", "1.7", "0.2"),), budget, "fp-free").rows
    false = 0.95 * math.log(0.95 / 0.85) + 0.05 * math.log(0.05 / 0.15)
    assert high == math.ceil(math.log(100) / false)


@pytest.mark.parametrize("threshold", ["-0.05", "-0.01", "-0.015"])
def test_a_tolerated_loss_is_planned_like_a_gain(clause: MakeClause, threshold: str) -> None:
    # The variance hardly depends on the threshold, so neither do the rows.
    budget, share = Budget("full", 10, 0.99), Fraction(1, 5)
    loss = plan((clause("n - o", ">", threshold, "0.01"),), budget, "fp-free", share).rows
    gain = plan((clause("n - o", ">", "0.01", "0.01"),), budget, "fp-free", share).rows
    assert loss == pytest.approx(gain, rel=0.03)


def test_a_plan_reaches_a_thousand_steps(clause: MakeClause) -> None:
    one = clause("n - o", ">", "0.02", "0.02")
    planned = plan((one,), Budget("full", 1000, 0.999), "fp-free", Fraction("0.1"))
    assert planned.ln_alpha == pytest.approx(math.log(0.001) - 1000 * math.log(2))
    assert 300_000 < planned.rows < 400_000


def test_metered_needs_fewer_rows_than_full_when_few_commits_pass(clause: MakeClause) -> None:
    one = (clause("n", ">", "0.8", "0.05"),)
    metered = Budget("metered", 64, 0.999, pass_rate=Fraction(1, 30))
    assert plan(one, metered, "fp-free").rows < plan(one, Budget("full", 32, 0.999), "fp-free").rows


@pytest.mark.parametrize("share", [0, -0.1, 1.5, float("nan")])
def test_an_illegal_disagreement_is_named(clause: MakeClause, share: float) -> None:
    with pytest.raises(ValueError, match="max_disagreement must be in"):
        plan((clause("n - o", ">", "0", "0.1"),), Budget("none", 1, 0.9), "fp-free", share)


def test_an_illegal_mode_or_method_is_named(clause: MakeClause) -> None:
    one, budget = (clause("n", ">", "0.5", "0.1"),), Budget("none", 1, 0.9)
    with pytest.raises(ValueError, match="mode must be one of fp-free, fn-free"):
        plan(one, budget, "free")
    with pytest.raises(ValueError, match="method must be one of exact, paper"):
        plan(one, budget, "fp-free", method="guess")


def test_a_tolerance_beyond_any_test_set_is_refused(clause: MakeClause) -> None:
    with pytest.raises(ValueError, match="tolerance is too small"):
        plan((clause("n", ">", "0.5", "0.0000001"),), Budget("none", 1, 0.9), "fp-free")
