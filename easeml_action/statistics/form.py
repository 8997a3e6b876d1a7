"""Which test a clause calls for: its shape, free of sign, scale and direction."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from easeml_action.statistics.clause import Clause

Variable = Literal["n", "o", "d"]

# What can happen on one row, as (new right, old right, predictions differ). Two equal predictions
# are right or wrong together, and two different ones are never both right.
PATTERNS = ((0, 0, 0), (1, 1, 0), (1, 0, 1), (0, 1, 1), (0, 0, 1))


def row_values(n: Fraction, o: Fraction, d: Fraction) -> list[Fraction]:
    """Return ``n*a + o*b + d*e`` for everything that can happen on one row."""
    return [n * a + o * b + d * e for a, b, e in PATTERNS]


@dataclass(frozen=True)
class BinomialForm:
    """``E[x] > threshold`` for a variable x of 0 and 1, or for ``1 - x``.

    Parameters
    ----------
    variable
        Which of n, o and d.
    complement
        Whether the clause is about ``1 - x``: it bounded the variable from above.
    threshold, tolerance
        In units of the variable.
    """

    variable: Variable
    complement: bool
    threshold: Fraction
    tolerance: Fraction
    low: Fraction = Fraction(0)
    high: Fraction = Fraction(1)


@dataclass(frozen=True)
class PairedForm:
    """``E[new right - old right] > threshold``, or with the two models exchanged.

    Parameters
    ----------
    exchanged
        Whether old and new have changed places.
    threshold, tolerance
        In units of the difference.
    """

    exchanged: bool
    threshold: Fraction
    tolerance: Fraction
    low: Fraction = Fraction(-1)
    high: Fraction = Fraction(1)


@dataclass(frozen=True)
class LinearForm:
    """``E[n*a + o*b + d*e] > threshold`` for any other coefficients.

    Parameters
    ----------
    n, o, d
        Coefficients, scaled so that the per-row value has a range of length 1.
    threshold, tolerance
        In the same units.
    low, high
        The smallest and largest value that one row can have.
    """

    n: Fraction
    o: Fraction
    d: Fraction
    threshold: Fraction
    tolerance: Fraction
    low: Fraction
    high: Fraction


Form = BinomialForm | PairedForm | LinearForm


def form_of(clause: Clause) -> Form:
    """Return the clause as ``E[Z] > c`` with the scale taken out.

    Parameters
    ----------
    clause
        The clause as written.

    Returns
    -------
    BinomialForm, PairedForm or LinearForm
        Equal for two clauses that differ by a positive factor, or by a negative factor and the
        direction of the comparison.
    """
    sign = 1 if clause.comparison == ">" else -1
    n, o, d = sign * clause.n, sign * clause.o, sign * clause.d
    threshold, tolerance = sign * clause.threshold, clause.tolerance
    coefficients: dict[Variable, Fraction] = {"n": n, "o": o, "d": d}
    used: list[Variable] = [name for name, value in coefficients.items() if value]
    if len(used) == 1:
        scale = coefficients[used[0]]
        # -x > -c is 1 - x > 1 - c.
        complement = scale < 0
        unit = threshold / abs(scale) + complement
        return BinomialForm(used[0], complement, unit, tolerance / abs(scale))
    if d == 0 and n == -o:
        return PairedForm(n < 0, threshold / abs(n), tolerance / abs(n))
    values = row_values(n, o, d)
    scale = max(values) - min(values)
    return LinearForm(
        *(value / scale for value in (n, o, d, threshold, tolerance, min(values), max(values)))
    )


def disagreement_bound(clauses: tuple[Clause, ...]) -> Fraction | None:
    """Return the smallest p for which the clauses say ``d < p``, or None when none does."""
    bounds = [
        1 - form.threshold
        for form in map(form_of, clauses)
        if isinstance(form, BinomialForm) and form.variable == "d" and form.complement
    ]
    return min(bounds, default=None)
