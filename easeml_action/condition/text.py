"""The canonical text of numbers, clauses and conditions: equal meaning, equal text."""

from collections.abc import Iterable
from fractions import Fraction

from easeml_action.statistics import Clause

MAX_DECIMALS = 20
JOINT = " /\\ "


def decimal_text(number: Fraction) -> str:
    """Return a number as a plain decimal, without exponent or trailing zeros.

    Raises
    ------
    ValueError
        The number has more than 20 decimals, or no end of them.
    """
    for decimals in range(MAX_DECIMALS + 1):
        scaled = number * 10**decimals
        if scaled.denominator == 1:
            digits = str(abs(scaled.numerator)).rjust(decimals + 1, "0")
            whole, part = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
            return f"{'-' if number < 0 else ''}{whole}{'.' if part else ''}{part}"
    raise ValueError(f"number must have at most {MAX_DECIMALS} decimals, not {number}")


def clause_text(clause: Clause) -> str:
    """Return the canonical text of one clause, such as ``n - 1.1*o > 0.02 +/- 0.01``.

    Raises
    ------
    ValueError
        One of its numbers has more than 20 decimals.
    """
    threshold, tolerance = decimal_text(clause.threshold), decimal_text(clause.tolerance)
    return f"{expression_text(clause)} {clause.comparison} {threshold} +/- {tolerance}"


def expression_text(clause: Clause) -> str:
    """Return what a clause bounds, such as ``n - 1.1*o``.

    Raises
    ------
    ValueError
        A coefficient has more than 20 decimals.
    """
    terms = ""
    for name, coefficient in (("n", clause.n), ("o", clause.o), ("d", clause.d)):
        if coefficient:
            terms += _term(name, coefficient, first=not terms)
    return terms


def condition_text(clauses: Iterable[Clause]) -> str:
    """Return the canonical text of a conjunction of clauses, in their order."""
    return JOINT.join(clause_text(clause) for clause in clauses)


def _term(name: str, coefficient: Fraction, *, first: bool) -> str:
    minus, plus = ("-", "") if first else (" - ", " + ")
    sign = minus if coefficient < 0 else plus
    size = abs(coefficient)
    return f"{sign}{name}" if size == 1 else f"{sign}{decimal_text(size)}*{name}"
