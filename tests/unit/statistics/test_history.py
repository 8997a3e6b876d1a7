"""Whole lives of test sets, with a developer who attacks the gate through its verdicts.

Labels are fair coins and every model is a function of something independent of them, so the true
accuracy of every model is exactly one half, however it was chosen. On the rows of the test set
its accuracy is whatever the attack makes of it.
"""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from benchmarks.attacker import Attacker
from easeml_action.statistics import Budget, Clause, Outcomes, judge

MakeClause = Callable[..., Clause]
Gate = Callable[[np.ndarray], bool]

ROWS = 300
DELTA = 0.2
HISTORIES = 400
BUDGETS = [
    Budget("none", 12, 1 - DELTA),
    Budget("firstChange", 12, 1 - DELTA),
    Budget("full", 12, 1 - DELTA),
    Budget("full", 12, 1 - DELTA, passes=3),
    Budget("metered", 12, 1 - DELTA, pass_rate=Fraction(1, 4)),
]


def judged_by(clauses: tuple[Clause, ...], ln_alpha: float, mode: str) -> Gate:
    return lambda correct: judge(clauses, Outcomes(correct), ln_alpha, mode).passed


def wrong_verdicts(
    clauses: tuple[Clause, ...], mode: str, budget: Budget, wrong: bool, seed: int
) -> int:
    """Count the histories with at least one wrong verdict under attack."""
    count = 0
    for history in range(HISTORIES):
        rng = np.random.default_rng([seed, history])
        labels = rng.random(ROWS) < 0.5
        attacker = Attacker(ROWS, rng)
        passes = fails = 0
        while not budget.is_spent(passes, fails):
            guess = attacker.submit()
            gate = judged_by(clauses, budget.ln_alpha(passes, fails), mode)
            passed = gate(guess == labels)
            if passed is wrong:
                count += 1
                break
            if budget.adaptivity != "none":
                attacker.learn(passed is wrong)
            passes, fails = passes + passed, fails + (not passed)
    return count


@pytest.mark.parametrize(
    "budget", BUDGETS, ids=lambda budget: f"{budget.adaptivity}{budget.passes}"
)
def test_false_passes_stay_below_delta_under_attack(clause: MakeClause, budget: Budget) -> None:
    # The true accuracy is at the threshold: the clause does not hold, by the narrowest margin.
    count = wrong_verdicts((clause("n", ">", "0.5", "0.05"),), "fp-free", budget, True, 1)
    assert stats.binomtest(count, HISTORIES, DELTA, alternative="greater").pvalue > 1e-3


@pytest.mark.parametrize(
    "budget", BUDGETS, ids=lambda budget: f"{budget.adaptivity}{budget.passes}"
)
def test_false_fails_stay_below_delta_under_attack(clause: MakeClause, budget: Budget) -> None:
    # The clause holds, by the narrowest margin; the attack tries to be refused.
    clauses = (clause("n", "<", "0.5001", "0.05"), clause("n", ">", "0.1", "0.05"))
    count = wrong_verdicts(clauses, "fn-free", budget, False, 2)
    assert stats.binomtest(count, HISTORIES, DELTA, alternative="greater").pvalue > 1e-3


def test_the_same_attack_on_a_naive_gate_always_succeeds() -> None:
    # The naive gate passes what has a point estimate above the threshold, as often as it is asked.
    for history in range(50):
        rng = np.random.default_rng([3, history])
        labels = rng.random(ROWS) < 0.5
        attacker = Attacker(ROWS, rng)
        false_passes = 0
        for _ in range(200):
            passed = float((attacker.submit() == labels).mean()) > 0.5
            false_passes += passed
            attacker.learn(passed)
        assert false_passes > 100
        # In the end the test set says that pure chance is right far more often than not.
        attacker.probing = True
        assert float((attacker.submit() == labels).mean()) > 0.6


def test_the_exact_gate_withstands_what_breaks_the_naive_one(clause: MakeClause) -> None:
    budget = Budget("full", 40, 0.99)
    one = (clause("n", ">", "0.5", "0.05"),)
    assert wrong_verdicts(one, "fp-free", budget, True, 4) == 0


def test_a_single_evaluation_uses_up_its_level_but_no_more(clause: MakeClause) -> None:
    # Not vacuous: at one step the error is close to delta.
    budget = Budget("full", 1, 1 - DELTA)
    count = wrong_verdicts((clause("n", ">", "0.5", "0.05"),), "fp-free", budget, True, 5)
    expected = float(stats.binom.sf(_critical(ROWS, DELTA) - 1, ROWS, 0.5))
    assert 0.15 < expected <= DELTA
    assert stats.binomtest(count, HISTORIES, expected).pvalue > 1e-3


def _critical(rows: int, level: float) -> int:
    return next(
        k for k in range(rows + 1) if stats.binom.logsf(k - 1, rows, 0.5) <= math.log(level)
    )
