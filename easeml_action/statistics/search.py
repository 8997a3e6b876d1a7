"""The smallest number of rows that reaches a tolerance."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from scipy.optimize import brentq

# The search gives up beyond this many rows.
MOST_ROWS = 10**10

LnTail = Callable[[int, int], float]


@dataclass(frozen=True)
class ErrorTail:
    """One of the two errors of the rule "the sum over N rows is at least k".

    Parameters
    ----------
    ln_tail
        ``(N, k) -> ln P(error)``: monotone in k, and monotone in N while k stays.
    cut
        ``t = c + epsilon``; the rule is ``k = floor(N t) + 1``.
    """

    ln_tail: LnTail
    cut: Fraction

    def ln_error(self, rows: int) -> float:
        """Return the logarithm of the error at N rows: a sawtooth that falls with N.

        A rule that no outcome passes (k > N) counts as an error for certain.
        """
        k = math.floor(rows * self.cut) + 1
        return self.ln_tail(rows, k) if k <= rows else 0.0

    def ln_smooth(self, rows: int) -> float:
        """Return the logarithm of the error as if k were ``N t + 1/2``, its average: no sawtooth.

        Parameters
        ----------
        rows
            N.

        Returns
        -------
        float
            Interpolated between the two whole k on either side.
        """
        exact = rows * self.cut + Fraction(1, 2)
        whole = math.floor(exact)
        if whole + 1 > rows:
            return 0.0
        weight = float(exact - whole)
        lower, upper = self.ln_tail(rows, whole), self.ln_tail(rows, whole + 1)
        if not (math.isfinite(lower) and math.isfinite(upper)):
            return min(lower, upper)
        return (1 - weight) * lower + weight * upper

    def block(self, rows: int) -> tuple[int, int]:
        """Return a range of row numbers around N that share its k, up to 2 N at most."""
        whole = math.floor(rows * self.cut)
        if self.cut == 0:
            low, high = 1, 2 * rows
        elif self.cut > 0:
            low, high = math.ceil(whole / self.cut), math.ceil((whole + 1) / self.cut) - 1
        else:
            low, high = math.floor((whole + 1) / self.cut) + 1, math.floor(whole / self.cut)
        return max(1, low), min(high, 2 * rows)


def least_rows(tails: Sequence[ErrorTail], ln_level: float, guess: float) -> int:
    """Return the smallest N, stable upwards, at which every error is at or below the level.

    Parameters
    ----------
    tails
        The errors of one decision rule, all with the same cut.
    ln_level
        The logarithm of the level.
    guess
        About the number of rows, for a start.

    Returns
    -------
    int
        N.

    Raises
    ------
    ValueError
        More than 10^10 rows are required.

    Notes
    -----
    The error falls with N on the whole, but jumps where ``floor(N t)`` does: a lucky N may keep
    the level long before its neighbours do. So N must first be so large that the error with its
    jumps smoothed out is at the level and stays there; the first N from there on at which the
    rule itself keeps the level is the answer. It falls when the level is raised.
    """
    if guess > MOST_ROWS:
        raise ValueError(f"tolerance is too small: more than {MOST_ROWS:,} rows are required")
    rows = _smooth_rows(tails[0], ln_level, guess)
    for tail in tails[1:]:
        if tail.ln_smooth(rows) > ln_level:
            rows = max(rows, _smooth_rows(tail, ln_level, rows))
    while any(tail.ln_error(rows) > ln_level for tail in tails):
        block = tails[0].block(rows)
        kept = [_kept(tail, ln_level, *block) for tail in tails]
        first, last = max(low for low, _ in kept), min(high for _, high in kept)
        if rows < first <= last:
            rows = first
        elif first <= rows <= last:
            # A few rows that nearly all differ know even from odd, and are not monotone.
            rows += 1
        else:
            rows = block[1] + 1
    return rows


def _smooth_rows(tail: ErrorTail, ln_level: float, guess: float) -> int:
    """Return the first N at which the smoothed error is at the level."""

    def excess(rows: float) -> float:
        # A tail of 0 is as good as any far below the level.
        return max(tail.ln_smooth(max(1, round(rows))), 3 * ln_level) - ln_level

    low, high = max(1.0, guess / 1.1), guess * 1.1 + 1
    while excess(high) > 0:
        low, high = high, high * 1.25
    while excess(low) <= 0:
        if low == 1:
            return 1
        low, high = max(1.0, low / 1.25), low
    root = round(float(brentq(excess, low, high, xtol=0.4)))
    while excess(root) > 0:
        root += 1
    while root > 1 and excess(root - 1) <= 0:
        root -= 1
    return root


def _kept(tail: ErrorTail, ln_level: float, low: int, high: int) -> tuple[int, int]:
    """Return the range within a block at which the level is kept; empty as (high + 1, low - 1)."""
    kept_low = tail.ln_error(low) <= ln_level
    kept_high = tail.ln_error(high) <= ln_level
    if kept_low and kept_high:
        return low, high
    if not (kept_low or kept_high):
        return high + 1, low - 1
    missed, kept = (high, low) if kept_low else (low, high)
    while abs(kept - missed) > 1:
        middle = (missed + kept) // 2
        if tail.ln_error(middle) <= ln_level:
            kept = middle
        else:
            missed = middle
    return (low, kept) if kept_low else (kept, high)
