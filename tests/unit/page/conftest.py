"""A test set with a life to draw, for the tests of this room."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from easeml_action.measured import MeasuredClause, MeasuredStep, MeasuredTestSet

SET = "3f9ac2d8e1b04756" * 2
MakeTestSet = Callable[..., MeasuredTestSet]


def clause(estimate: float, truth: Any) -> MeasuredClause:
    interval = (estimate - 0.0123, estimate + 0.0234)
    return MeasuredClause(
        "n - o > 0.02 +/- 0.01", "n - o", ">", 0.02, 0.01, truth, estimate, interval
    )


def step(number: int, verdict: Any, estimate: float, truth: Any) -> MeasuredStep:
    return MeasuredStep(
        number,
        f"{number:x}" * 40,
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


@pytest.fixture(scope="session")
def make_test_set() -> MakeTestSet:
    """Make a test set of four steps, one of which is unfinished, with some things changed."""

    def make(**changes: Any) -> MeasuredTestSet:
        unfinished = replace(step(3, "unfinished", 0, "unknown"), level=None)
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
                replace(unfinished, variables={}, clauses=()),
                step(4, "fail", 0.0321, "unknown"),
            ),
        )
        return replace(made, **changes)

    return make
