"""The nearest promises that a number of rows can keep."""

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from easeml_action.cli.promise import room_of
from easeml_action.condition import Condition
from easeml_action.config import ConditionImpossible, Terms
from easeml_action.statistics import most_steps, smallest_tolerances

Change = dict[str, str | int]

_DIGITS = 2  # of a tolerance that people are offered
_FEWER = 4  # the part of the steps that is offered with other tolerances


def nearest(terms: Terms, rows: int) -> list[Change]:
    """Find changes of the terms that ask for no more than the rows can give.

    Parameters
    ----------
    terms
        What takes too many rows.
    rows
        How many there are.

    Returns
    -------
    list of Change
        Keys of the configuration with other values: fewer steps, wider tolerances, or verdicts up
        to the first pass only. There is none where nothing will do, or only tolerances so wide
        that no model would be promised its verdict.

    Raises
    ------
    ConditionImpossible
        Every model would pass, or none could.
    """
    bounds = (terms.mode, rows, terms.max_disagreement)
    try:
        steps = most_steps(terms.condition.clauses, terms.budget, *bounds)
    except ValueError as error:
        raise ConditionImpossible(str(error)) from None
    found: list[Change] = []
    fewer: Change = {"steps": steps}
    if _fewest(terms) <= steps < terms.steps and _fits(terms.model_copy(update=fewer), rows):
        found.append(fewer)
    for change in _variants(terms):
        varied = terms.model_copy(update=change)
        condition = terms.condition if _fits(varied, rows) else _widened(varied, rows)
        if condition is not None:
            same = condition == terms.condition
            offer = change if same else change | {"condition": str(condition)}
            found += [offer] if offer not in found else []
    return found


def options(change: Change) -> str:
    """Return a change as options of the command line."""
    return " ".join(
        f"--{key} '{value}'" if key == "condition" else f"--{key} {value}"
        for key, value in change.items()
    )


def keys(change: Change) -> str:
    """Return a change as keys of the configuration."""
    return " and ".join(f"`{key}: {value}`" for key, value in change.items())


def _variants(terms: Terms) -> Iterator[Change]:
    """Return changes that leave the terms' own budget, and smaller ones."""
    fewer: Change = {"steps": terms.steps // _FEWER}
    first_pass: Change = {"adaptivity": "firstChange"} if terms.passes is None else {"passes": 1}
    shows_more = terms.adaptivity == "full" and terms.passes != 1
    yield {}
    if shows_more:
        yield first_pass
    if terms.steps // _FEWER >= _fewest(terms):
        yield fewer
    if shows_more and terms.steps >= _FEWER:
        yield first_pass | fewer


def _fewest(terms: Terms) -> int:
    """Return how few steps can be said beside the other terms."""
    return max(1, terms.passes or 1)


def _widened(terms: Terms, rows: int) -> Condition | None:
    """Return the condition with the tolerances that are needed, in round numbers if those do."""
    clauses = terms.condition.clauses
    smallest = smallest_tolerances(clauses, terms.budget, terms.mode, rows, terms.max_disagreement)
    needed = []
    for clause, tolerance in zip(clauses, smallest, strict=True):
        if tolerance is None:
            return None
        needed.append(max(clause.tolerance, tolerance))
    for tolerances in (list(map(_rounded, needed)), needed):
        pairs = zip(clauses, tolerances, strict=True)
        candidate = Condition(tuple(replace(clause, tolerance=each) for clause, each in pairs))
        widened = terms.model_copy(update={"condition": candidate})
        if _fits(widened, rows):
            return candidate if room_of(widened) > 0 else None
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
