"""Brings the fields of a block to their canonical text, all at once where that is possible.

Most of what makes two texts of one value differ is at their ends: white space, a plus sign,
zeros. So the canonical text of nearly every field is a part of the field, found by moving its
bounds. The few others (exponents, ``-007``, ``.5``, doubled quotes) go through `canonical`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easeml_action.testset.canonical import (
    BOOLEANS,
    EXACT_DIGITS,
    GUARD_DIGITS,
    MISSING,
    ROUNDING,
    canonical,
    canonical_loosely,
)
from easeml_action.testset.fields import Block, Bytes, Dialect, Positions, quoted_fields, trim

_QUOTE, _PLUS, _MINUS, _POINT, _ZERO = 34, 43, 45, 46, 48
_IS_DIGIT = np.zeros(256, bool)
_IS_DIGIT[48:58] = True
_LOWER = np.arange(256, dtype=np.uint8)
_LOWER[65:91] += 32
_WIDEST_NUMBER = 32  # bytes looked at together; a longer number is a rarity

# What the first, second, ... significant digit of a fraction counts while it is rounded.
_WEIGHTS = np.zeros(_WIDEST_NUMBER + 1, np.uint64)
_WEIGHTS[1 : EXACT_DIGITS + GUARD_DIGITS + 1] = [
    10**place for place in reversed(range(EXACT_DIGITS + GUARD_DIGITS))
]


@dataclass(frozen=True)
class Cells:
    """The canonical texts of a block's fields.

    Attributes
    ----------
    text
        What the bounds are in: the block's text, or one of the same length.
    starts, ends
        Shape (rows * columns,), row by row.
    replaced
        Indices of the fields whose canonical text is no part of ``text``; empty there.
    replacements
        Their texts, UTF-8.
    """

    text: Bytes
    starts: Positions
    ends: Positions
    replaced: NDArray[Any]
    replacements: list[bytes]


def canonical_cells(block: Block, dialect: Dialect, *, loosely: bool = False) -> Cells:
    """Return the canonical text of every field of a block.

    It is the one that `canonical` defines, or `canonical_loosely`.
    """
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
    if loosely:
        text = text.copy()
        _fold_words(text, starts, ends)
        others = np.concatenate([others, _round_fractions(text, starts, ends, others)])
    replaced = np.union1d(doubled, others)
    replacements = []
    one_text = canonical_loosely if loosely else canonical
    for start, end in zip(starts[replaced].tolist(), ends[replaced].tolist(), strict=True):
        field = text[start:end].tobytes().decode()
        if dialect.quoted:
            field = field.replace('""', '"')
        replacements.append(one_text(field).encode())
    ends[replaced] = starts[replaced]
    return Cells(text, starts, ends, replaced, replacements)


def _fold_words(text: Bytes, starts: Positions, ends: Positions) -> None:
    """Write booleans in lower case and empty the fields without a value, in place."""
    lengths = ends - starts
    for word in (*BOOLEANS, *MISSING):
        letters = np.frombuffer(word.encode(), np.uint8)
        fields = np.flatnonzero(lengths == len(letters))
        for place, letter in enumerate(letters):
            fields = fields[_LOWER[text[starts[fields] + place]] == letter]
        if word in MISSING:
            ends[fields] = starts[fields]
        else:
            text[starts[fields][:, None] + np.arange(len(letters))] = letters


def _round_fractions(
    text: Bytes, starts: Positions, ends: Positions, others: NDArray[Any]
) -> NDArray[Any]:
    """Cut fractions to the digits that come through a double, in place.

    Returns the indices of the fields that need more than that, left as they are.
    """
    candidates = np.setdiff1d(np.flatnonzero(ends - starts > EXACT_DIGITS + 1), others)
    long: NDArray[Any] = candidates[ends[candidates] - starts[candidates] > _WIDEST_NUMBER]
    _, fractions = _plain_numbers(text, starts, ends, np.setdiff1d(candidates, long))
    signs, ranks = _rank_digits(text, starts, ends, fractions)
    fine = ranks.max(axis=1, initial=0) > EXACT_DIGITS
    fractions, signs, ranks = fractions[fine], signs[fine], ranks[fine]
    if not fractions.size:
        return long
    numbers = ((signs - np.uint8(_ZERO)) * _WEIGHTS[ranks]).sum(axis=1, dtype=np.uint64)
    numbers = (numbers + np.uint64(ROUNDING)) // np.uint64(10**GUARD_DIGITS)
    kept = np.nonzero((ranks > 0) & (ranks <= EXACT_DIGITS))[1].reshape(-1, EXACT_DIGITS)
    simple = (numbers < 10**EXACT_DIGITS) & (np.argmax(signs == _POINT, axis=1) < kept[:, -1])
    rare = fractions[~simple]
    fractions, numbers, kept = fractions[simple], numbers[simple], kept[simple]

    digits = numbers[:, None] // _WEIGHTS[GUARD_DIGITS + 1 :][:EXACT_DIGITS] % np.uint64(10)
    text[starts[fractions][:, None] + kept] = digits + np.uint64(_ZERO)
    ends[fractions] = starts[fractions] + kept[:, -1] + 1
    _trim_fraction(text, ends, fractions)
    return np.concatenate([long, rare])


def _rank_digits(
    text: Bytes, starts: Positions, ends: Positions, numbers: NDArray[Any]
) -> tuple[Bytes, Bytes]:
    """Return the signs of numbers, and for each its rank among the significant digits, or 0."""
    lengths = ends[numbers] - starts[numbers]
    places = np.arange(int(lengths.max(initial=0)))
    signs = text[np.minimum(starts[numbers][:, None] + places, len(text) - 1)]
    digits = _IS_DIGIT[signs] & (places < lengths[:, None])
    significant = digits & np.logical_or.accumulate(digits & (signs != _ZERO), axis=1)
    return signs, np.cumsum(significant, axis=1, dtype=np.uint8) * significant


def _trim_fraction(text: Bytes, ends: Positions, pointed: NDArray[Any]) -> None:
    """Take the zeros at the end of fractions, then a point with nothing behind it, in place."""
    zeros = pointed
    while zeros.size:
        zeros = zeros[text[ends[zeros] - 1] == _ZERO]
        ends[zeros] -= 1
    bare = pointed[text[ends[pointed] - 1] == _POINT]
    ends[bare] -= 1


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

    _trim_fraction(text, ends, pointed)
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
