"""Plans around the asked point: other tolerances and reliabilities, beside the paper's numbers."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from easeml_action.condition import Condition
from easeml_action.config import ConditionImpossible, Terms
from easeml_action.statistics import Plan

FACTORS = (Fraction(1, 2), Fraction(3, 4), Fraction(1), Fraction(3, 2), Fraction(2))


@dataclass(frozen=True)
class GridPoint:
    """One combination of a tolerance and a reliability.

    Parameters
    ----------
    terms
        The terms asked for, with this point's tolerances and reliability.
    asked
        Whether these are the ones asked for.
    exact, paper
        The plans by the two methods; None where no test set could settle the condition.
    """

    terms: Terms
    asked: bool
    exact: Plan | None
    paper: Plan | None

    @property
    def tolerance(self) -> str:
        """The tolerances of the clauses, one where all have the same."""
        tolerances = (
            f"{float(each.tolerance):.12f}".rstrip("0") for each in self.terms.condition.clauses
        )
        return ", ".join(dict.fromkeys(tolerances))


def plans_around(terms: Terms) -> Iterator[GridPoint]:
    """Plan for tolerances and reliabilities on both sides of the terms.

    Parameters
    ----------
    terms
        What was asked.

    Yields
    ------
    GridPoint
        By reliability, then by tolerance, both rising.
    """
    for reliability in reliabilities_around(terms.reliability):
        for factor in FACTORS:
            changed = with_tolerances(terms, factor).model_copy(update={"reliability": reliability})
            asked = factor == 1 and reliability == terms.reliability
            yield GridPoint(changed, asked, plan_by("exact", changed), plan_by("paper", changed))


def reliabilities_around(reliability: float) -> list[float]:
    """Return those with ten times and a tenth of the error, where they exist, and itself."""
    error = 1 - Fraction(str(reliability))
    near = [float(1 - each) for each in (10 * error, error, error / 10) if each < 1]
    return [each for each in near if each < 1]


def with_tolerances(terms: Terms, factor: Fraction) -> Terms:
    """Return the terms with every tolerance multiplied."""
    clauses = tuple(
        replace(clause, tolerance=clause.tolerance * factor) for clause in terms.condition.clauses
    )
    return terms.model_copy(update={"condition": Condition(clauses)})


def plan_by(method: str, terms: Terms) -> Plan | None:
    """Plan by one of the two methods; None where no test set could settle the condition."""
    try:
        return terms.model_copy(update={"method": method}).plan()
    except ConditionImpossible:
        return None
