import math
from collections.abc import Callable
from fractions import Fraction
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easeml_action.statistics import Clause, Outcomes, binomial_p_value, judge, paired_p_value

MakeClause = Callable[..., Clause]
LEVEL = math.log(0.01)


def outcomes(both: int, wins: int, losses: int, wrong: int, wrong_differ: int = 0) -> Outcomes:
    """Make outcomes from counts of rows, in a fixed shuffled order."""
    patterns = (
        [(True, True, False)] * both
        + [(True, False, True)] * wins
        + [(False, True, True)] * losses
        + [(False, False, False)] * wrong
        + [(False, False, True)] * wrong_differ
    )
    rows = np.random.default_rng(3).permutation(np.array(patterns, dtype=bool))
    return Outcomes(*(np.ascontiguousarray(column) for column in rows.T))


def test_a_clause_about_one_variable_is_judged_by_the_binomial_test(clause: MakeClause) -> None:
    result = judge((clause("n", ">", "0.8", "0.05"),), outcomes(440, 10, 5, 45), LEVEL, "fp-free")
    one = result.clauses[0]
    assert one.test == "binomial"
    assert one.estimate == pytest.approx(0.9)
    assert math.exp(one.ln_p_true) == pytest.approx(binomial_p_value(500, 450, 0.8))
    assert one.truth == result.truth == "true"
    assert result.passed


def test_a_clause_about_the_difference_is_judged_by_the_paired_test(clause: MakeClause) -> None:
    result = judge(
        (clause("n - o", ">", "0", "0.05"),), outcomes(400, 40, 10, 50), LEVEL, "fp-free"
    )
    one = result.clauses[0]
    assert one.test == "paired"
    assert one.estimate == pytest.approx(0.06)
    assert math.exp(one.ln_p_true) == pytest.approx(paired_p_value(500, 40, 10, 0.0, 0.01 / 20))
    assert result.passed


def test_a_clause_may_put_the_old_model_first(clause: MakeClause) -> None:
    rows = outcomes(400, 10, 40, 50)
    result = judge((clause("o - n", ">", "0", "0.05"),), rows, LEVEL, "fp-free").clauses[0]
    assert result.estimate == pytest.approx(0.06)
    assert math.exp(result.ln_p_true) == pytest.approx(paired_p_value(500, 40, 10, 0.0, 0.01 / 20))


def test_any_other_clause_is_judged_by_betting(clause: MakeClause) -> None:
    result = judge(
        (clause("n - 1.1*o", ">", "-0.2", "0.05"),), outcomes(400, 40, 10, 50), LEVEL, "fp-free"
    )
    one = result.clauses[0]
    assert one.test == "betting"
    assert one.estimate == pytest.approx(0.88 - 1.1 * 0.82)
    assert result.passed


@pytest.mark.parametrize(
    ("count", "truth", "fp_free", "fn_free"),
    [(470, "true", True, True), (410, "unknown", False, True), (300, "false", False, False)],
)
def test_the_modes_differ_in_what_they_do_with_unknown(
    clause: MakeClause, count: int, truth: str, fp_free: bool, fn_free: bool
) -> None:
    rows = Outcomes(np.arange(500) < count)
    one = (clause("n", ">", "0.8", "0.05"),)
    assert judge(one, rows, LEVEL, "fp-free").truth == truth
    assert judge(one, rows, LEVEL, "fp-free").passed is fp_free
    assert judge(one, rows, LEVEL, "fn-free").passed is fn_free


@pytest.mark.parametrize(
    ("thresholds", "truth"),
    [
        (("0.1", "0.1"), "true"),
        (("0.1", "0.5"), "unknown"),
        (("0.1", "0.9"), "false"),
        (("0.5", "0.5"), "unknown"),
        (("0.5", "0.9"), "false"),
        (("0.9", "0.9"), "false"),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_a_conjunction_is_kleenes_and(
    clause: MakeClause, thresholds: tuple[str, str], truth: str, swapped: bool
) -> None:
    rows = Outcomes(np.arange(200) % 2 == 0, np.arange(200) % 2 == 1)
    first, second = thresholds[::-1] if swapped else thresholds
    clauses = (clause("n", ">", first, "0.05"), clause("o", ">", second, "0.05"))
    assert judge(clauses, rows, LEVEL, "fp-free").truth == truth


def test_the_level_is_split_among_clauses_for_false_negatives_only(clause: MakeClause) -> None:
    # At 164 of 200 the p-value against n >= 0.9 lies between alpha / 2 and alpha.
    rows = Outcomes(np.arange(200) < 164)
    high, low = clause("n", ">", "0.9", "0.05"), clause("n", ">", "0.2", "0.05")
    p_value = binomial_p_value(200, 36, 0.1)
    alpha = math.log(1.5 * p_value)
    assert judge((high, low), rows, alpha, "fp-free").clauses[0].truth == "false"
    assert judge((high, low), rows, alpha, "fn-free").clauses[0].truth == "unknown"
    assert judge((high,), rows, alpha, "fn-free").clauses[0].truth == "false"


COUNTS = st.tuples(*[st.integers(0, 60)] * 5).filter(sum)


@given(COUNTS, st.sampled_from(["n", "d", "n - o", "n - 1.1*o", "2*n - o - d"]))
@settings(max_examples=80, deadline=None)
def test_scaled_and_mirrored_clauses_are_judged_alike(
    counts: tuple[int, ...], expression: str
) -> None:
    coefficients = {
        "n": (1, 0, 0),
        "d": (0, 0, 1),
        "n - o": (1, -1, 0),
        "n - 1.1*o": (1, Fraction("-1.1"), 0),
        "2*n - o - d": (2, -1, -1),
    }[expression]
    rows = outcomes(*counts)
    results = []
    for scale in (Fraction(1), Fraction(7, 3), Fraction(-1), Fraction(-1, 5)):
        n, o, d = (Fraction(value) * scale for value in coefficients)
        comparison = ">" if scale > 0 else "<"
        one = Clause(n, o, d, comparison, Fraction("0.1") * scale, Fraction("0.05") * abs(scale))
        result = judge((one,), rows, LEVEL, "fp-free").clauses[0]
        assert result.estimate / float(scale) == pytest.approx(
            float(np.dot([float(v) for v in coefficients], _means(rows))), abs=1e-9
        )
        results.append((result.truth, result.ln_p_true, result.ln_p_false))
    assert len(set(results)) == 1


def _means(rows: Outcomes) -> list[float]:
    return [float(rows.of(variable).mean()) for variable in "nod"]


@given(COUNTS, st.sampled_from(["n", "o", "d", "n - o", "n - 1.1*o"]))
@settings(max_examples=60, deadline=None)
def test_nothing_is_ever_proved_true_and_false(counts: tuple[int, ...], expression: str) -> None:
    n, o, d = {
        "n": (1, 0, 0),
        "o": (0, 1, 0),
        "d": (0, 0, 1),
        "n - o": (1, -1, 0),
        "n - 1.1*o": (1, Fraction("-1.1"), 0),
    }[expression]
    one = Clause(Fraction(n), Fraction(o), Fraction(d), ">", Fraction("0.2"), Fraction("0.05"))
    result = judge((one,), outcomes(*counts), LEVEL, "fp-free").clauses[0]
    assert max(result.ln_p_true, result.ln_p_false) > LEVEL


def test_levels_far_below_underflow_still_decide(clause: MakeClause) -> None:
    one = (clause("n", ">", "0.5", "0.05"), clause("n - o", ">", "0", "0.05"))
    rows = Outcomes(np.arange(20_000) < 19_500, np.arange(20_000) < 9_000)
    assert judge(one, rows, -2000.0, "fp-free").passed
    assert not judge(one, rows, -20_000.0, "fp-free").passed


def test_only_the_outcomes_that_the_condition_speaks_of_are_needed(clause: MakeClause) -> None:
    differ = Outcomes(None, differ=np.arange(500) < 5)
    assert judge((clause("d", "<", "0.1", "0.05"),), differ, LEVEL, "fp-free").passed
    with pytest.raises(ValueError, match="old_correct must be given: a clause speaks of o"):
        judge((clause("n - o", ">", "0", "0.1"),), Outcomes(np.ones(5, bool)), LEVEL, "fp-free")


@pytest.mark.parametrize(
    ("arrays", "named"),
    [
        ((None,), "at least one must be given"),
        ((np.ones(0, bool),), "new_correct must have at least 1 row"),
        ((np.ones(3),), "new_correct must be a one-dimensional array of booleans"),
        ((np.ones((3, 1), bool),), "new_correct must be a one-dimensional"),
        ((np.ones(3, bool), np.ones(4, bool)), "new_correct has 3, old_correct has 4"),
        ((np.ones(2, bool), np.zeros(2, bool), np.zeros(2, bool)), "differ must be true where"),
        ((np.ones(2, bool), np.ones(2, bool), np.ones(2, bool)), "differ must be true where"),
    ],
)
def test_impossible_outcomes_are_named(arrays: tuple[object, ...], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Outcomes(*arrays)


def test_an_illegal_question_is_named(clause: MakeClause) -> None:
    rows, one = Outcomes(np.ones(5, bool)), (clause("n", ">", "0.5", "0.1"),)
    with pytest.raises(ValueError, match="at least 1 clause"):
        judge((), rows, LEVEL, "fp-free")
    with pytest.raises(ValueError, match="ln_alpha"):
        judge(one, rows, 0.0, "fp-free")
    with pytest.raises(ValueError, match="mode must be one of"):
        judge(one, rows, LEVEL, "strict")
    with pytest.raises(ValueError, match="outside the range of the expression"):
        judge((clause("n", ">", "1.5", "0.1"),), rows, LEVEL, "fp-free")


@pytest.mark.parametrize(("mode", "passed"), [("fp-free", False), ("fn-free", True)])
@pytest.mark.parametrize("text", ["n - o", "n - 1.1*o", "d"])
def test_an_old_model_that_did_not_run_proves_nothing(
    clause: MakeClause, mode: Literal["fp-free", "fn-free"], passed: bool, text: str
) -> None:
    new = np.ones(500, dtype=bool)
    silent = Outcomes(new, ~new, new, old_is_complete=False)
    for comparison in ("<", ">"):
        result = judge((clause(text, comparison, "0.1", "0.05"),), silent, LEVEL, mode)
        assert (result.truth, result.passed) == ("unknown", passed)


def test_what_is_known_of_the_new_model_alone_counts_without_the_old_one(
    clause: MakeClause,
) -> None:
    new = np.zeros(500, dtype=bool)
    silent = Outcomes(new, new, ~new, old_is_complete=False)
    clauses = (clause("n", ">", "0.5", "0.05"), clause("n - o", ">", "0", "0.05"))
    assert judge(clauses, silent, LEVEL, "fn-free").truth == "false"
