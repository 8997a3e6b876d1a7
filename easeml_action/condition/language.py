"""From a text to a condition, and back."""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import NoReturn

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.visitors import v_args

from easeml_action.condition.errors import ConditionSyntaxError
from easeml_action.condition.expression import (
    VARIABLES,
    Linear,
    Number,
    Refusal,
    Value,
    add,
    lone_number,
    multiply,
)
from easeml_action.condition.misses import EXAMPLE, explain, explain_name
from easeml_action.condition.text import MAX_DECIMALS, condition_text, decimal_text
from easeml_action.statistics import Clause, Comparison

MAX_LENGTH = 1_000
MAX_WHOLE_DIGITS = 9


@dataclass(frozen=True)
class Condition:
    """A conjunction of clauses. ``str()`` gives its canonical text.

    Raises
    ------
    ValueError
        There is no clause.
    """

    clauses: tuple[Clause, ...]

    def __post_init__(self) -> None:
        if not self.clauses:
            raise ValueError("clauses: at least one is needed")

    def __str__(self) -> str:
        return condition_text(self.clauses)

    @property
    def variables(self) -> frozenset[str]:
        """The names among n, o and d that the condition depends on."""
        return frozenset(
            name for clause in self.clauses for name in VARIABLES if getattr(clause, name)
        )


def parse(text: str) -> Condition:
    r"""Read a condition.

    Clauses are joined by ``/\``, ``&&`` or ``and``. Each is ``EXPRESSION > NUMBER +/- NUMBER`` or
    the same with ``<``; ``±`` may stand for ``+/-``. An expression is linear in ``n``, ``o`` and
    ``d``: sums, differences, products with numbers (``1.1*o``, ``2*(n - o)``, always with ``*``),
    parentheses and unary minus. Numbers are decimals, kept exactly.

    Raises
    ------
    ConditionSyntaxError
        The text is no condition, is longer than 1,000 characters, or has a number of more than
        9 digits before or 20 digits after the decimal point.

    References
    ----------
    Renggli et al., "Continuous Integration of Machine Learning Models with ease.ml/ci",
    MLSys 2019, section 2.2, whose grammar this is with coefficients and parentheses added.
    """
    line = re.sub(r"\s", " ", text)
    if not line.strip():
        raise ConditionSyntaxError("", 0, "it is empty", f"Write a condition like {EXAMPLE}")
    if len(line) > MAX_LENGTH:
        _refuse_length(line)
    try:
        condition = Condition(_parser().parse(line))  # type: ignore[arg-type]
    except Refusal as error:
        raise ConditionSyntaxError(line, error.position, error.problem, error.remedy) from None
    except UnexpectedInput as error:
        raise _syntax_error(line, error) from None
    if len(str(condition)) > MAX_LENGTH:
        _refuse_length(line)
    return condition


def _refuse_length(line: str) -> NoReturn:
    raise ConditionSyntaxError(
        line,
        min(len(line), MAX_LENGTH),
        f"it has more than {MAX_LENGTH:,} characters, as it stands or with its numbers in full",
        "Write fewer or shorter clauses",
    )


@cache
def _parser() -> Lark:
    return Lark.open_from_package(
        __package__, "grammar.lark", parser="lalr", lexer="contextual", transformer=_Meaning()
    )


def _syntax_error(line: str, error: UnexpectedInput) -> ConditionSyntaxError:
    if isinstance(error, UnexpectedToken):
        expected = set(error.accepts)
    elif isinstance(error, UnexpectedCharacters):
        expected = set(error.allowed)
    else:
        raise TypeError(f"unknown kind of error: {type(error).__name__}") from error
    ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    position = len(line.rstrip()) if ended else error.pos_in_stream or 0
    before = re.search(r"([^\W\d]\w*)\s*$", line[:position])
    if before and before[1] not in VARIABLES and before[1].lower() != "and":
        return ConditionSyntaxError(line, before.start(1), *explain_name(before[1]))
    return ConditionSyntaxError(line, position, *explain(line[position:], expected))


@v_args(inline=True)
class _Meaning(Transformer[Token, tuple[Clause, ...]]):
    """Works out every rule of the grammar while the parser reads, so nothing recurses."""

    def start(self, *clauses: Clause) -> tuple[Clause, ...]:
        return clauses

    def clause(
        self, expression: Value, comparison: Token, threshold: Number, tolerance: Number
    ) -> Clause:
        if isinstance(expression, Number):
            raise lone_number(expression)
        if not any(expression.coefficients):
            raise Refusal(
                expression.position,
                "the variables cancel out",
                "Write an expression that depends on n, o or d",
            )
        if tolerance.value <= 0:
            raise Refusal(
                tolerance.position, "the tolerance is not above 0", "Write one such as +/- 0.01"
            )
        for number in expression.coefficients:
            _check_size(number, expression.position)
        sign: Comparison = ">" if comparison == ">" else "<"
        _check_reach(expression, sign, threshold)
        return Clause(*expression.coefficients, sign, threshold.value, tolerance.value)

    def add(self, left: Value, right: Value) -> Value:
        return add(left, right)

    def subtract(self, left: Value, right: Value) -> Value:
        return add(left, right.negated())

    def multiply(self, left: Value, times: Token, right: Value) -> Value:
        return multiply(left, right, times.start_pos or 0)

    def negate(self, value: Value) -> Value:
        return value.negated()

    def number(self, token: Token) -> Number:
        return _read_number(token)

    def signed_number(self, *tokens: Token) -> Number:
        number = _read_number(tokens[-1])
        return number.negated() if tokens[0] == "-" else number

    def variable(self, token: Token) -> Linear:
        position = token.start_pos or 0
        if token not in VARIABLES:
            raise Refusal(position, *explain_name(token))
        n, o, d = (Fraction(name == token) for name in VARIABLES)
        return Linear((n, o, d), position)


def _read_number(token: Token) -> Number:
    position = token.start_pos or 0
    exponent = re.split(r"[eE]", token)[1:]
    # The exponent is looked at before the number is worked out: 1e999999999 has a billion digits.
    if exponent and len(exponent[0]) > 3:
        raise _out_of_bounds(position)
    value = Fraction(str(token))
    _check_size(value, position)
    return Number(value, position)


def _check_reach(expression: Linear, sign: Comparison, threshold: Number) -> None:
    """Refuse a clause that holds for every pair of models, or for none."""
    low, high = expression.reach
    fits = low <= threshold.value < high if sign == ">" else low < threshold.value <= high
    if not fits:
        raise Refusal(
            threshold.position,
            f"the left side is always from {decimal_text(low)} to {decimal_text(high)}, "
            "so this threshold decides nothing",
            "Write shares between 0 and 1, such as 0.8 for 80%",
        )


def _check_size(value: Fraction, position: int) -> None:
    if abs(value) >= 10**MAX_WHOLE_DIGITS or (value * 10**MAX_DECIMALS).denominator != 1:
        raise _out_of_bounds(position)


def _out_of_bounds(position: int) -> Refusal:
    return Refusal(
        position,
        "a number here is too large or too long",
        f"Use at most {MAX_WHOLE_DIGITS} digits before and {MAX_DECIMALS} after the point",
    )
