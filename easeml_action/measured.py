"""What a test set measured, as values: one source for pictures, tables, JSON and GitHub's text.

Pure, and for the key holder only until the test set has retired.
"""

from dataclasses import dataclass, field
from typing import Literal

from easeml_action.statistics import Comparison, Interval, Mode, Truth

RevealedWord = Literal["pass", "fail", "unfinished"]


@dataclass(frozen=True)
class MeasuredClause:
    """One clause of a condition, and what a step found of it.

    Parameters
    ----------
    clause
        Its canonical text.
    expression, comparison, threshold, tolerance
        Its parts.
    truth
        What the test said of it.
    estimate
        Of the expression.
    interval
        The values of the expression that the test did not refute.
    """

    clause: str
    expression: str
    comparison: Comparison
    threshold: float
    tolerance: float
    truth: Truth
    estimate: float
    interval: Interval


@dataclass(frozen=True)
class MeasuredStep:
    """One step of a test set's life, opened.

    Parameters
    ----------
    step, commit, time, run
        As the ledger has them; no run where it was started by hand.
    condition, mode
        What the commit was held against.
    verdict
        The bit, or that there is none yet.
    left
        The steps left after this one, at most.
    subject
        The first line of the commit's message, where the commit is at hand.
    level
        The error level of each clause; None without a verdict.
    variables
        Estimates of those of n, o and d that were measured.
    clauses
        One for each clause; none without a verdict.
    """

    step: int
    commit: str
    time: str
    condition: str
    mode: Mode
    verdict: RevealedWord
    left: int
    run: str | None = None
    subject: str = ""
    level: float | None = None
    variables: dict[str, float] = field(default_factory=dict)
    clauses: tuple[MeasuredClause, ...] = ()

    @property
    def estimates(self) -> dict[str, float]:
        """Estimates by name: the variables first, then the expressions of the clauses."""
        expressions = {each.expression: each.estimate for each in self.clauses}
        return self.variables | expressions

    @property
    def intervals(self) -> dict[str, Interval]:
        """The interval of every expression that a clause speaks of."""
        return {each.expression: each.interval for each in self.clauses}


@dataclass(frozen=True)
class MeasuredTestSet:
    """All steps of a test set, opened.

    Parameters
    ----------
    test_set, rows, retired
        Which it is, how large, and whether no step is left.
    reliability, steps_allowed, adaptivity
        The terms of its life.
    promise, retirement
        What the terms promise and when they end, in a sentence each.
    steps
        Its steps, in order.
    """

    test_set: str
    rows: int
    retired: bool
    reliability: float
    steps_allowed: int
    adaptivity: str
    promise: str
    retirement: str
    steps: tuple[MeasuredStep, ...]

    @property
    def short_name(self) -> str:
        """The beginning of its identity, and the number of its period where there are several."""
        whole, dot, period = self.test_set.partition(".")
        return whole[:12] + dot + period

    @property
    def names(self) -> tuple[str, ...]:
        """The names of everything that was estimated, in the order of a table's columns."""
        variables = [name for step in self.steps for name in step.variables]
        expressions = [each.expression for step in self.steps for each in step.clauses]
        return tuple(dict.fromkeys([*sorted(variables, key="nod".index), *expressions]))

    @property
    def clauses(self) -> tuple[MeasuredClause, ...]:
        """Every clause that ever stood in the condition, once, as its first step found it."""
        found: dict[str, MeasuredClause] = {}
        for step in self.steps:
            for each in step.clauses:
                found.setdefault(each.clause, each)
        return tuple(found.values())

    def count(self, verdict: RevealedWord) -> int:
        """Count the steps with a verdict."""
        return sum(step.verdict == verdict for step in self.steps)
