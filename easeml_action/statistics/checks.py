"""What the public functions refuse: every message names the argument and its legal range."""

import math
import operator
from fractions import Fraction

Real = float | Fraction


def checked_count(name: str, value: int, low: int, high: int | None = None) -> int:
    """Return ``value`` as an int in ``low..high``, or raise a ValueError that names it.

    Parameters
    ----------
    name
        The argument's name, for the message.
    value
        The argument. Any integer type will do; a float never does, not even 3.0.
    low, high
        The legal range, both ends included; ``high=None`` for no upper end.

    Returns
    -------
    int
        The value as a plain int.

    Raises
    ------
    ValueError
        The value is not an integer, or outside the range.
    """
    legal = f"at least {low}" if high is None else f"between {low} and {high}"
    try:
        count = operator.index(value)
    except TypeError:
        raise ValueError(f"{name} must be an integer, {legal}, not {value!r}") from None
    if count < low or (high is not None and count > high):
        raise ValueError(f"{name} must be an integer, {legal}, not {count}")
    return count


def checked_real(
    name: str, value: Real, low: Real, high: Real, *, open_ends: bool = False
) -> float:
    """Return ``value`` as a float in ``low..high``, or raise a ValueError that names it.

    Parameters
    ----------
    name
        The argument's name, for the message.
    value
        The argument: a float, an int or a Fraction.
    low, high
        The legal range.
    open_ends
        Whether the two ends are themselves illegal.

    Returns
    -------
    float
        The value as a float.

    Raises
    ------
    ValueError
        The value is not a number, is NaN, or lies outside the range.
    """
    left, right = ("(", ")") if open_ends else ("[", "]")
    legal = f"in {left}{float(low):g}, {float(high):g}{right}"
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number {legal}, not {value!r}") from None
    inside = low < number < high if open_ends else low <= number <= high
    if math.isnan(number) or not inside:
        raise ValueError(f"{name} must be {legal}, not {number:g}")
    return number
