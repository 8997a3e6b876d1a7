"""One text for each value: 7, 7.0, +7 and 0.7e1 are the same label and the same cell."""

import re

WHITE_SPACE = " \t\n\v\f\r"

_NUMBER = re.compile(r"([+-]?)(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))(?:[eE]([+-]?[0-9]{1,6}))?")
_LARGEST_SHIFT = 400  # places; doubles end at 1e308, and a longer text would serve nobody

MISSING = ("nan", "na", "n/a", "<na>", "null", "none")  # in any case: no value, as an empty cell
BOOLEANS = ("true", "false")  # in any case

# A decimal number of so many digits comes through a double as it was.
EXACT_DIGITS = 15
# To so many more a fraction is read before it is cut to them. The same double written with 15, 16
# or 17 digits or with all of them lies on one side of the cut, which is not in the middle: the
# shortest texts are multiples of 100 or of 10 of the 17th digit, the others a few of it off.
GUARD_DIGITS = 3
ROUNDING = 445


def canonical(text: str) -> str:
    """Return the one text for a cell's value.

    White space around it goes. A decimal number loses its plus sign, exponent, leading zeros
    and the zeros at the end of its fraction: the comparison is by exact decimal value, so long
    identifiers stay apart. Everything else is returned as it is.

    Parameters
    ----------
    text
        A cell or a label, out of its quotes.
    """
    text = text.strip(WHITE_SPACE)
    number = _read(text)
    return text if number is None else _write(*number)


def canonical_loosely(text: str) -> str:
    """Return the one text for all cells that are taken for copies of one another.

    As `canonical`, and for what programs do to a table that they read and write: all ways to say
    that there is no value are an empty cell, true and false are in lower case, and a fraction has
    the 15 digits that come through a double.

    Parameters
    ----------
    text
        A cell, out of its quotes.
    """
    text = text.strip(WHITE_SPACE)
    number = _read(text)
    if number is not None:
        return _write(*_rounded(*number))
    lowered = text.lower()
    if lowered in MISSING:
        return ""
    return lowered if lowered in BOOLEANS else text


def canonical_label(text: str) -> str:
    """Return the one text for a label: as `canonical`, and true and false in lower case.

    Predictions are compared with labels in this form, so that a model may print 7.0 for 7 and
    True for true.
    """
    value = canonical(text)
    lowered = value.lower()
    return lowered if lowered in BOOLEANS else value


def is_number(text: str) -> bool:
    """Say whether a cell, out of its quotes and without white space around it, is a number."""
    return _NUMBER.fullmatch(text) is not None


def _read(text: str) -> tuple[str, str, int] | None:
    """Return sign, digits and the place of the point among them; None for what is no number.

    The digits begin and end with one that is not zero; zero itself has none.
    """
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    sign, whole, fraction, bare, exponent = found.groups(default="")
    digits = whole + (fraction or bare)
    significant = digits.lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(digits) - len(significant))
    return sign.strip("+"), significant.rstrip("0"), point


def _rounded(sign: str, digits: str, point: int) -> tuple[str, str, int]:
    if not EXACT_DIGITS < len(digits) > point:
        return sign, digits, point
    width = EXACT_DIGITS + GUARD_DIGITS
    kept = str((int(digits[:width].ljust(width, "0")) + ROUNDING) // 10**GUARD_DIGITS)
    return sign, kept.rstrip("0"), point + len(kept) - EXACT_DIGITS


def _write(sign: str, digits: str, point: int) -> str:
    if not digits:
        return "0"
    if not -_LARGEST_SHIFT < point < _LARGEST_SHIFT:
        return f"{sign}.{digits}e{point}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if point >= len(digits):
        return f"{sign}{digits}{'0' * (point - len(digits))}"
    return f"{sign}{digits[:point]}.{digits[point:]}"
