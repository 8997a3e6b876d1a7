"""Test sets with a life, for the tests of what is shown of them."""

from dataclasses import replace
from typing import Any

from easeml_action.measured import MeasuredClause, MeasuredStep, MeasuredTestSet

SET = "3f9ac2d8e1b04756" * 2


def clause(estimate: float, truth: Any) -> MeasuredClause:
    """What a step found of a clause about the difference of the two models."""
    interval = (estimate - 0.0123, estimate + 0.0234)
    return MeasuredClause(
        "n - o > 0.02 +/- 0.01", "n - o", ">", 0.02, 0.01, truth, estimate, interval
    )


def bound(disagreement: float) -> MeasuredClause:
    """What a step found of a clause about the share of predictions that differ."""
    interval = (disagreement - 0.01, disagreement + 0.012)
    return MeasuredClause("d < 0.1 +/- 0.01", "d", "<", 0.1, 0.01, "true", disagreement, interval)


def step(number: int, verdict: Any, estimate: float, truth: Any) -> MeasuredStep:
    """A step that one clause was judged in."""
    return MeasuredStep(
        number,
        f"{number:040x}"[::-1],
        f"2026-01-{number:02d}T03:04:05Z",
        "n - o > 0.02 +/- 0.01",
        "fp-free",
        verdict,
        left=5 - number,
        run="https://github.com/octo/model/actions/runs/1",
        subject=f"Try number {number}",
        level=1.5e-4,
        variables={"n": 0.9 + estimate, "o": 0.9, "d": 0.0812},
        clauses=(clause(estimate, truth),),
    )


def make_test_set(**changes: Any) -> MeasuredTestSet:
    """Make a test set of four steps, one of which is unfinished, with some things changed."""
    unfinished = replace(step(3, "unfinished", 0, "unknown"), level=None, variables={}, clauses=())
    made = MeasuredTestSet(
        test_set=SET,
        rows=6_543,
        retired=False,
        reliability=0.99,
        steps_allowed=5,
        adaptivity="full",
        promise="Nothing undeserved passes.",
        retirement="It retires after step 5.",
        steps=(
            step(1, "fail", -0.0456, "false"),
            step(2, "pass", 0.0567, "true"),
            unfinished,
            step(4, "fail", 0.0321, "unknown"),
        ),
    )
    return replace(made, **changes)


def make_long_life() -> MeasuredTestSet:
    """Make a test set of thirty steps and two clauses, with long texts."""
    steps = []
    for number in range(1, 31):
        estimate = ((number * 37) % 11 - 4) / 100
        truth = "true" if estimate > 0.04 else "unknown"
        made = step(number, "pass" if truth == "true" else "fail", estimate, truth)
        both = (*made.clauses, bound(0.05 + number % 7 / 200))
        subject = "Retrain on everything that was labelled since spring, and tune the kernel again"
        steps.append(replace(made, left=32 - number, subject=subject, clauses=both))
    return make_test_set(steps=tuple(steps), steps_allowed=32)
