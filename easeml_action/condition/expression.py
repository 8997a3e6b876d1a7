"""What an expression means: a number, or a linear form in n, o and d, worked out exactly."""

from dataclasses import dataclass
from fractions import Fraction

from easeml_action.statistics import row_values

VARIABLES = {
    "n": "the accuracy of the new model",
    "o": "the accuracy of the old model",
    "d": "the share of predictions that differ",
}

Coefficients = tuple[Fraction, Fraction, Fraction]


class Refusal(Exception):
    """A part of a clause means nothing in this language.

    Parameters
    ----------
    position
        Where in the text, counted from 0.
    """

    def __init__(self, position: int, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.position = position
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True)
class Number:
    """A number and where it stands in the text."""

    value: Fraction
    position: int

    def negated(self) -> "Number":
        """Return the number with the other sign."""
        return Number(-self.value, self.position)


@dataclass(frozen=True)
class Linear:
    """Coefficients of n, o and d, and where the expression stands in the text."""

    coefficients: Coefficients
    position: int

    def scaled(self, factor: Fraction) -> "Linear":
        """Return the form times a number."""
        n, o, d = self.coefficients
        return Linear((n * factor, o * factor, d * factor), self.position)

    def negated(self) -> "Linear":
        """Return the form with the other signs."""
        return self.scaled(Fraction(-1))

    @property
    def reach(self) -> tuple[Fraction, Fraction]:
        """The smallest and the largest value that the form can have."""
        values = row_values(*self.coefficients)
        return min(values), max(values)


Value = Number | Linear


def add(left: Value, right: Value) -> Value:
    """Return the sum of two numbers or of two linear forms.

    Raises
    ------
    Refusal
        A number stands beside a linear form. It is refused, not moved to the other side, because
        ``n - 0`` is most likely ``n - o`` mistyped.
    """
    if isinstance(left, Number) and isinstance(right, Number):
        return Number(left.value + right.value, left.position)
    if isinstance(left, Linear) and isinstance(right, Linear):
        n, o, d = zip(left.coefficients, right.coefficients, strict=True)
        return Linear((sum(n, Fraction()), sum(o, Fraction()), sum(d, Fraction())), left.position)
    raise lone_number(left if isinstance(left, Number) else right)


def multiply(left: Value, right: Value, position: int) -> Value:
    """Return the product of two values, at most one of them with variables.

    Raises
    ------
    Refusal
        Both have variables; the error stands at ``position``.
    """
    if isinstance(left, Number):
        if isinstance(right, Number):
            return Number(left.value * right.value, left.position)
        return Linear(right.scaled(left.value).coefficients, left.position)
    if isinstance(right, Number):
        return left.scaled(right.value)
    raise Refusal(
        position,
        "a product of variables is not linear",
        "Multiply a variable by a number only, as in 1.1*o",
    )


def lone_number(value: Value) -> Refusal:
    """Return the error for a number without a variable in an expression."""
    if isinstance(value, Number) and value.value == 0:
        return Refusal(
            value.position,
            "0 is a number without a variable",
            "Write the letter o for the accuracy of the old model, or leave the number out",
        )
    return Refusal(
        value.position,
        "this number has no variable",
        "Left of > or < write a sum of n, o and d with coefficients such as 1.1*o, and move "
        "numbers to the right",
    )
