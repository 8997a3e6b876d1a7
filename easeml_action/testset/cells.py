"""Brings the fields of a block to their canonical text, all at once where that is possible.

Most of what makes two texts of one value differ is at their ends: white space, a plus sign,
zeros. So the canonical text of nearly every field is a part of the field, found by moving its
bounds. The few others (exponents, ``-007``, ``.5``, doubled quotes) go through `canonical`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easeml_action.testset.canonical import canonical
from easeml_action.testset.fields import Block, Bytes, Dialect, Positions, quoted_fields, trim

_QUOTE, _PLUS, _MINUS, _POINT, _ZERO = 34, 43, 45, 46, 48
_IS_DIGIT = np.zeros(256, bool)
_IS_DIGIT[48:58] = True
_WIDEST_NUMBER = 32  # bytes looked at together; a longer number is a rarity


@dataclass(frozen=True)
class Cells:
    """The canonical texts of a block's fields.

    Attributes
    ----------
    starts, ends
        Shape (rows * columns,), row by row: bounds in the block's text.
    replaced
        Indices of the fields whose canonical text is no part of the block's; empty there.
    replacements
        Their texts, UTF-8.
    """

    starts: Positions
    ends: Positions
    replaced: NDArray[Any]
    replacements: list[bytes]


def canonical_cells(block: Block, dialect: Dialect) -> Cells:
    """Return the canonical text of every field of a block, as `canonical` defines it."""
    text = block.text
    starts, ends = block.starts.ravel().copy(), block.ends.ravel().copy()
    trim(text, starts, ends)
    doubled = np.empty(0, np.intp)
    if dialect.quoted:
        quoted = quoted_fields(text, starts, ends)
        starts[quoted] += 1
        ends[quoted] -= 1
        doubled = _with_quotes_inside(text, starts, ends, quoted)
        inner_starts, inner_ends = starts[quoted], ends[quoted]
        trim(text, inner_starts, inner_ends)
        starts[quoted], ends[quoted] = inner_starts, inner_ends
    others = _trim_numbers(text, starts, ends)
    replaced = np.union1d(doubled, others)
    replacements = []
    for start, end in zip(starts[replaced].tolist(), ends[replaced].tolist(), strict=True):
        field = text[start:end].tobytes().decode()
        if dialect.quoted:
            field = field.replace('""', '"')
        replacements.append(canonical(field).encode())
    ends[replaced] = starts[replaced]
    return Cells(starts, ends, replaced, replacements)


def _with_quotes_inside(
    text: Bytes, starts: Positions, ends: Positions, quoted: NDArray[Any]
) -> NDArray[Any]:
    if not quoted.size:
        return quoted
    quotes = np.flatnonzero(text == _QUOTE)
    field = np.searchsorted(ends[quoted], quotes, side="right")
    field = np.minimum(field, len(quoted) - 1)
    inside = (quotes >= starts[quoted][field]) & (quotes < ends[quoted][field])
    return np.unique(quoted[field[inside]])


def _trim_numbers(text: Bytes, starts: Positions, ends: Positions) -> NDArray[Any]:
    """Move the bounds of plain decimal numbers to their canonical part, in place.

    Returns the indices of the fields that need more than that, their bounds untouched or moved
    without a change of value.
    """
    lengths = ends - starts
    first, second, last = text[starts], text[starts + 1], text[ends - 1]
    third = text[np.minimum(starts + 2, len(text) - 1)]
    unusual = (first == _PLUS) | (first == _POINT)
    unusual |= (first == _ZERO) & (second != _POINT)
    unusual |= (first == _MINUS) & ((second == _POINT) | ((second == _ZERO) & (third != _POINT)))
    unusual |= (last == _ZERO) | (last == _POINT)
    unusual &= lengths > 1
    exponents = _with_exponent(text, starts, ends, first, last)
    unusual[exponents] = False
    candidates = np.flatnonzero(unusual)
    long = candidates[lengths[candidates] > _WIDEST_NUMBER]
    candidates = candidates[lengths[candidates] <= _WIDEST_NUMBER]
    numbers, pointed = _plain_numbers(text, starts, ends, candidates)

    # A point without a digit before it and a minus before zeros want bytes put or taken inside.
    inside = (first == _POINT) | ((first == _PLUS) | (first == _MINUS)) & (second == _POINT)
    inside |= (first == _MINUS) & (second == _ZERO) & (third != _POINT)
    rebuilt = numbers[inside[numbers]]
    numbers, pointed = numbers[~inside[numbers]], pointed[~inside[pointed]]

    # The zeros at the end of a fraction, then a point with nothing behind it.
    zeros = pointed
    while zeros.size:
        zeros = zeros[text[ends[zeros] - 1] == _ZERO]
        ends[zeros] -= 1
    bare = pointed[text[ends[pointed] - 1] == _POINT]
    ends[bare] -= 1

    signed = numbers[first[numbers] == _PLUS]
    starts[signed] += 1
    zeros = numbers
    while zeros.size:
        start = starts[zeros]
        zeros = zeros[
            (text[start] == _ZERO) & (ends[zeros] - start > 1) & (text[start + 1] != _POINT)
        ]
        starts[zeros] += 1

    minus = pointed[first[pointed] == _MINUS]
    nothing = minus[(ends[minus] - starts[minus] == 2) & (second[minus] == _ZERO)]
    return np.concatenate([exponents, long, rebuilt, nothing])


def _with_exponent(
    text: Bytes, starts: Positions, ends: Positions, first: Bytes, last: Bytes
) -> NDArray[Any]:
    """Return the indices of the fields that may be numbers with an exponent."""
    letters = np.flatnonzero((text | 32) == ord("e"))
    letters = letters[(letters > 0) & (letters < len(text) - 1)]
    before, after = text[letters - 1], text[letters + 1]
    letters = letters[
        (_IS_DIGIT[before] | (before == _POINT))
        & (_IS_DIGIT[after] | (after == _PLUS) | (after == _MINUS))
    ]
    field = np.unique(np.searchsorted(ends, letters, side="right"))
    field = field[field < len(ends)]
    opening = first[field]
    numeric = _IS_DIGIT[opening] | (opening == _PLUS) | (opening == _MINUS) | (opening == _POINT)
    found: NDArray[Any] = field[numeric & _IS_DIGIT[last[field]] & (starts[field] < ends[field])]
    return found


def _plain_numbers(
    text: Bytes, starts: Positions, ends: Positions, candidates: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return which candidates are decimal numbers, and which of those have a point."""
    if not candidates.size:
        return candidates, candidates
    lengths = ends[candidates] - starts[candidates]
    places = np.arange(int(lengths.max()))
    inside = places < lengths[:, None]
    where = np.minimum(starts[candidates][:, None] + places, len(text) - 1)
    signs = text[where]
    points = ((signs == _POINT) & inside).sum(axis=1)
    digits = (_IS_DIGIT[signs] & inside).sum(axis=1)
    signed = (signs[:, 0] == _PLUS) | (signs[:, 0] == _MINUS)
    number = (points + digits + signed == lengths) & (points <= 1) & (digits > 0)
    return candidates[number], candidates[number & (points == 1)]
