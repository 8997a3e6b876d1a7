"""One text for each value: 7, 7.0, +7 and 0.7e1 are the same label and the same cell."""

import re

WHITE_SPACE = " \t\n\v\f\r"

_NUMBER = re.compile(r"([+-]?)(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))(?:[eE]([+-]?[0-9]{1,6}))?")
_LARGEST_SHIFT = 400  # places; doubles end at 1e308, and a longer text would serve nobody


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
    found = _NUMBER.fullmatch(text)
    if found is None:
        return text
    sign, whole, fraction, bare, exponent = found.groups(default="")
    fraction = fraction or bare
    digits = whole + fraction
    point = len(whole) + int(exponent or 0)
    significant = digits.lstrip("0")
    if not significant:
        return "0"
    point -= len(digits) - len(significant)
    digits = significant.rstrip("0")
    minus = "-" if sign == "-" else ""
    if not -_LARGEST_SHIFT < point < _LARGEST_SHIFT:
        return f"{minus}.{digits}e{point}"
    if point <= 0:
        return f"{minus}0.{'0' * -point}{digits}"
    if point >= len(digits):
        return f"{minus}{digits}{'0' * (point - len(digits))}"
    return f"{minus}{digits[:point]}.{digits[point:]}"


def canonical_label(text: str) -> str:
    """Return the one text for a label: as `canonical`, and true and false in lower case.

    Predictions are compared with labels in this form, so that a model may print 7.0 for 7 and
    True for true.
    """
    value = canonical(text)
    lowered = value.lower()
    return lowered if lowered in {"true", "false"} else value
