"""The plan's questions turned round: what a given number of rows is good for."""

import math
from collections.abc import Callable, Iterator
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
_HALVINGS = 40
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
        def feasible(tolerance: Fraction) -> bool:
            try:
                check_feasible((replace(clause, tolerance=tolerance),), disagreement)
            except ImpossibleCondition:
                return False
            return True

        def reached(tolerance: Fraction) -> bool:
            candidate = (replace(clause, tolerance=tolerance),)
            return exact_plan(candidate, ln_alpha, mode, disagreement).rows <= rows

        # Hoeffding's tolerance has rows enough, but may be beyond the range of the expression. At
        # the end of the range the rows grow again, since few results are left that would pass.
        scale = abs(clause.n) + abs(clause.o) + abs(clause.d)
        enough = Fraction(math.sqrt(-2 * ln_alpha / rows)).limit_denominator(10**9) * scale
        largest = _largest(feasible, enough)
        found = next((each for each in _below(largest) if reached(each)), None) if largest else None
        return None if found is None else _smallest(reached, found)

    return tuple(smallest(clause) for clause in clauses)


def _largest(feasible: Callable[[Fraction], bool], most: Fraction) -> Fraction:
    """Search for the largest number up to a bound that is feasible; 0 where there is none."""
    if feasible(most):
        return most
    low, high = Fraction(0), most
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if feasible(middle) else (low, middle)
    # In whole decimals, as all that is returned.
    unit = _unit(high)
    return math.floor(low / unit) * unit


def _below(largest: Fraction) -> Iterator[Fraction]:
    """Yield numbers from the largest down to about a hundredth of it, close together at first."""
    for ratio, powers in ((Fraction(49, 50), range(25)), (Fraction(9, 10), range(5, 44))):
        yield from (largest * ratio**power for power in powers)


def _smallest(reached: Callable[[Fraction], bool], high: Fraction) -> Fraction:
    """Search for the smallest number that will do, below one that will."""
    low = high / 2
    while reached(low):
        low, high = low / 2, low
    # From here on in whole decimals, so that the answer can be written into a condition.
    unit = _unit(high)
    missed, kept = math.floor(low / unit), math.ceil(high / unit)
    while kept - missed > 1:
        middle = (missed + kept) // 2
        if reached(middle * unit):
            kept = middle
        else:
            missed = middle
    return kept * unit


def _unit(number: Fraction) -> Fraction:
    """Return the place of the last digit that a number of its size is written with."""
    return Fraction(10) ** (math.floor(math.log10(number)) - _DIGITS)


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
