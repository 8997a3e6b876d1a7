"""The plan's questions turned round: what a given number of rows is good for."""

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from easeml_action.statistics.adaptivity import Budget
from easeml_action.statistics.checks import Real, checked_count
from easeml_action.statistics.clause import Clause
from easeml_action.statistics.feasibility import ImpossibleCondition, check_feasible
from easeml_action.statistics.plan import exact_plan, planned_disagreement
from easeml_action.statistics.verdict import Mode

# A level is found to this many nats: a hundredth of a percent of alpha.
_NATS = 1e-4
# A tolerance is found to this many digits after its first.
_DIGITS = 3
_MOST_STEPS = 10**6


def finest_ln_alpha(
    clauses: tuple[Clause, ...],
    rows: int,
    mode: Mode,
    max_disagreement: Real | None = None,
) -> float:
    """Return the logarithm of the smallest level at which the rows still reach the tolerances.

    Parameters
    ----------
    clauses
        The clauses of the condition.
    rows
        The rows of the test set, at least 1.
    mode
        ``"fp-free"`` or ``"fn-free"``.
    max_disagreement
        As for `easeml_action.statistics.plan`.

    Returns
    -------
    float
        ``ln alpha``, at most 0: the ``ln_alpha_floor`` of a budget. It is 0 when no level is
        reached.

    Raises
    ------
    ImpossibleCondition
        As for the plan.
    ValueError
        An argument is outside its range.
    """
    rows = checked_count("rows", rows, 1)
    disagreement = planned_disagreement(clauses, max_disagreement)
    check_feasible(clauses, disagreement)

    def reached(ln_alpha: float) -> bool:
        return exact_plan(clauses, ln_alpha, mode, disagreement).rows <= rows

    unreached = -1.0
    while reached(unreached):
        unreached *= 2
    low, high = unreached, (unreached / 2 if unreached < -1 else 0.0)
    while high - low > _NATS:
        middle = (low + high) / 2
        if reached(middle):
            high = middle
        else:
            low = middle
    return high


def smallest_tolerances(
    clauses: tuple[Clause, ...],
    budget: Budget,
    mode: Mode,
    rows: int,
    max_disagreement: Real | None = None,
) -> tuple[Fraction | None, ...]:
    """Return for each clause the smallest tolerance that the rows allow.

    Parameters
    ----------
    clauses
        The clauses of the condition; their own tolerances do not matter.
    budget
        The error budget.
    mode
        ``"fp-free"`` or ``"fn-free"``.
    rows
        The rows of the test set, at least 1.
    max_disagreement
        As for `easeml_action.statistics.plan`.

    Returns
    -------
    tuple of Fraction or None
        One tolerance per clause, a decimal of four digits and never too small; None where the
        rows allow none at all.

    Raises
    ------
    ValueError
        An argument is outside its range.
    """
    rows = checked_count("rows", rows, 1)
    disagreement = planned_disagreement(clauses, max_disagreement)
    ln_alpha = budget.ln_alpha(*budget.planned_history)
    # Every clause alone, at the level that it has among the others.
    if mode == "fn-free":
        ln_alpha -= math.log(len(clauses))

    def smallest(clause: Clause) -> Fraction | None:
        def reached(tolerance: Fraction) -> bool:
            candidate = (replace(clause, tolerance=tolerance),)
            try:
                check_feasible(candidate, disagreement)
            except ImpossibleCondition:
                return False
            return exact_plan(candidate, ln_alpha, mode, disagreement).rows <= rows

        scale = abs(clause.n) + abs(clause.o) + abs(clause.d)
        start = Fraction(math.sqrt(-2 * ln_alpha / rows)).limit_denominator(10**9) * scale
        return _smallest(reached, start)

    return tuple(smallest(clause) for clause in clauses)


def _smallest(reached: Callable[[Fraction], bool], start: Fraction) -> Fraction | None:
    """Search for the smallest number that will do, around and below a start."""
    # Hoeffding's tolerance has rows enough, but may be beyond the range of the expression; then
    # look below it, down to a hundredth.
    candidates = (start * Fraction(9, 10) ** power for power in range(44))
    high = next(filter(reached, candidates), None)
    if high is None:
        return None
    low = high / 2
    while reached(low):
        low, high = low / 2, low
    # From here on in whole decimals, so that the answer can be written into a condition.
    unit = Fraction(10) ** (math.floor(math.log10(high)) - _DIGITS)
    missed, kept = math.floor(low / unit), math.ceil(high / unit)
    while kept - missed > 1:
        middle = (missed + kept) // 2
        if reached(middle * unit):
            kept = middle
        else:
            missed = middle
    return kept * unit


def most_steps(
    clauses: tuple[Clause, ...],
    budget: Budget,
    mode: Mode,
    rows: int,
    max_disagreement: Real | None = None,
) -> int:
    """Return the largest number of steps H for which the rows are enough.

    Parameters
    ----------
    clauses
        The clauses of the condition.
    budget
        The error budget; its own number of steps does not matter.
    mode
        ``"fp-free"`` or ``"fn-free"``.
    rows
        The rows of the test set, at least 1.
    max_disagreement
        As for `easeml_action.statistics.plan`.

    Returns
    -------
    int
        H, in 0..1,000,000.

    Raises
    ------
    ImpossibleCondition
        As for the plan.
    ValueError
        An argument is outside its range.
    """
    floor = finest_ln_alpha(clauses, rows, mode, max_disagreement)

    def enough(steps: int) -> bool:
        passes = None if budget.passes is None else min(budget.passes, steps)
        candidate = replace(budget, steps=steps, passes=passes)
        return candidate.ln_alpha(*candidate.planned_history) >= floor

    if not enough(1):
        return 0
    low, high = 1, 2
    while high <= _MOST_STEPS and enough(high):
        low, high = high, 2 * high
    if high > _MOST_STEPS:
        high = _MOST_STEPS + 1
    while high - low > 1:
        middle = (low + high) // 2
        if enough(middle):
            low = middle
        else:
            high = middle
    return low
