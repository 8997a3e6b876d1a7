"""The nearest promises that a number of rows can keep."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from easeml_action.condition import Condition
from easeml_action.config import ConditionImpossible, Terms
from easeml_action.statistics import most_steps, smallest_tolerances

_DIGITS = 2  # of a tolerance that people are offered


@dataclass(frozen=True)
class Nearest:
    """What could be promised instead.

    Parameters
    ----------
    condition
        The same condition with tolerances as wide as the rows need; None where none is enough.
    steps
        The number of commits that the rows serve under the condition as it is; 0 for not even one.
    """

    condition: Condition | None
    steps: int


def nearest(terms: Terms, rows: int) -> Nearest:
    """Find what the rows are good for, once with another tolerance and once with fewer steps.

    Raises
    ------
    ConditionImpossible
        Every model would pass, or none could.
    """
    clauses, budget = terms.condition.clauses, terms.budget
    bounds = (terms.mode, rows, terms.max_disagreement)
    try:
        smallest = smallest_tolerances(clauses, budget, *bounds)
        steps = most_steps(clauses, budget, *bounds)
    except ValueError as error:
        raise ConditionImpossible(str(error)) from None
    return Nearest(_widened(terms, smallest, rows), min(steps, terms.steps))


def _widened(terms: Terms, smallest: tuple[Fraction | None, ...], rows: int) -> Condition | None:
    """Return the condition with the tolerances that are needed, in round numbers if those do."""
    needed = []
    for clause, tolerance in zip(terms.condition.clauses, smallest, strict=True):
        if tolerance is None:
            return None
        needed.append(max(clause.tolerance, tolerance))
    for tolerances in (list(map(_rounded, needed)), needed):
        clauses = (
            replace(clause, tolerance=tolerance)
            for clause, tolerance in zip(terms.condition.clauses, tolerances, strict=True)
        )
        candidate = Condition(tuple(clauses))
        if _fits(terms.model_copy(update={"condition": candidate}), rows):
            return candidate
    return None


def _rounded(tolerance: Fraction) -> Fraction:
    """Round up to two digits."""
    unit = Fraction(10) ** (math.floor(math.log10(tolerance)) - _DIGITS + 1)
    return math.ceil(tolerance / unit) * unit


def _fits(terms: Terms, rows: int) -> bool:
    try:
        return terms.plan().rows <= rows
    except ConditionImpossible:
        return False


def in_words(near: Nearest) -> Iterator[str]:
    """Name the options that would ask for no more than the rows can give."""
    if near.condition is not None:
        yield f"--condition '{near.condition}'"
    if near.steps:
        yield f"--steps {near.steps}"
