"""What is said of a promise is what the plan and the tests keep."""

import numpy as np
import pytest
from scipy.stats import binom

from easeml_action.cli.promise import explain, sure_pass
from easeml_action.config import Terms
from easeml_action.statistics import Outcomes, judge
from tests.terms import terms


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            terms("n > 0.9 +/- 0.02"),
            "Where n is 0.9 or less, a model passes by luck in at most 1 of 1,000 test sets; where "
            "n is 0.94 (0.9 + 2 x 0.02) or more, it passes as surely; between them chance decides.",
        ),
        (
            # The paired test takes a little more than the plan's rule.
            terms("n - o > 0.02 +/- 0.01", max_disagreement=0.1),
            "Where n - o is 0.02 or less, a model passes by luck in at most 1 of 1,000 test sets; "
            "where n - o is 0.04 (0.02 + 2 x 0.01) or more and at most 0.1 of the predictions "
            "differ, the plan has it pass as surely; between them chance decides.",
        ),
        (
            terms("n > 0.8 +/- 0.05 /\\ d < 0.1 +/- 0.02", reliability=0.95),
            "Where n is 0.8 or less or d is 0.1 or more, a model passes by luck in at most 1 of 20 "
            "test sets; where n is 0.9 (0.8 + 2 x 0.05) or more and d is 0.06 (0.1 - 2 x 0.02) or "
            "less, it passes in all but at most 1 of 10 test sets; between them chance decides.",
        ),
        (
            terms("n > 0.9 +/- 0.081"),
            "Where n is 0.9 or less, a model passes by luck in at most 1 of 1,000 test sets. No "
            "model is promised a pass: none can be so good that n is 1.062 (0.9 + 2 x 0.081) or "
            "more.",
        ),
        (
            terms("n - o > 0.02 +/- 0.05", max_disagreement=0.1),
            "Where n - o is 0.02 or less, a model passes by luck in at most 1 of 1,000 test sets. "
            "No model is promised a pass: none can be so good that n - o is 0.12 (0.02 + 2 x 0.05) "
            "or more and at most 0.1 of the predictions differ.",
        ),
        (
            terms("n > 0.8 +/- 0.05 /\\ d < 0.1 +/- 0.02", mode="fn-free"),
            "Where n is 0.8 or more and d is 0.1 or less, a model fails by bad luck in at most 1 "
            "of 1,000 test sets. Any other may pass: the smaller the tolerance, the sooner it is "
            "found out.",
        ),
    ],
)
def test_what_a_tolerance_means_is_said_in_words(asked: Terms, said: str) -> None:
    assert explain(asked, asked.plan()) == said


def test_a_perfect_model_is_promised_its_pass() -> None:
    assert sure_pass(terms("n > 0.9 +/- 0.05")) == "n is 1 (0.9 + 2 x 0.05) or more"
    assert sure_pass(terms("n > 0.9 +/- 0.0501")) is None


def test_a_bound_of_the_condition_is_no_assumption() -> None:
    asked = terms("n - o > 0.02 +/- 0.01 /\\ d < 0.1 +/- 0.01", max_disagreement=0.5)
    assert "differ" not in str(sure_pass(asked))
    assert "differ" not in str(sure_pass(terms("n - o > 0.1 +/- 0.1", max_disagreement=1.0)))


def least_right(asked: Terms) -> int:
    """How many rows a model must have right to pass."""
    plan = asked.plan()
    for right in range(plan.rows + 1):
        outcomes = Outcomes(np.arange(plan.rows) < right)
        if judge(asked.condition.clauses, outcomes, plan.ln_alpha, asked.mode).passed:
            return right
    raise AssertionError("no model passes")


@pytest.mark.parametrize("steps", [1, 3])
def test_the_gate_keeps_what_is_said_of_one_variable(steps: int) -> None:
    asked = terms("n > 0.8 +/- 0.05", reliability=0.9, steps=steps)
    plan, least = asked.plan(), least_right(asked)
    lucky = binom.sf(least - 1, plan.rows, 0.8)
    missed = binom.cdf(least - 1, plan.rows, 0.9)
    assert max(lucky, missed) * plan.evaluations <= 1 - 0.9

    asked = terms("n > 0.8 +/- 0.05", reliability=0.9, steps=steps, mode="fn-free")
    unlucky = binom.cdf(least_right(asked) - 1, plan.rows, 0.8)
    assert unlucky * plan.evaluations <= 1 - 0.9
