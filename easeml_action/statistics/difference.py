"""The exact tail of the difference of wins and losses, for plans."""

import math

import numpy as np

from easeml_action.statistics.tails import Array, bernstein_window, ln_binomial_pmf, ln_binomial_sf

# The discordant rows left out of the sum weigh less than this, relative to the level asked for.
_LN_LEFT_OUT = -28.0


def ln_difference_sf(count: int, rows: int, win: float, loss: float, ln_level: float) -> float:
    r"""Return ``ln P(S >= count)`` for S the wins minus the losses among the rows.

    Parameters
    ----------
    count
        Any integer.
    rows
        Number of independent rows, at least 1.
    win, loss
        Probabilities of a win and of a loss on one row; nonnegative, ``win + loss <= 1``.
    ln_level
        The logarithm of the smallest probability that matters. Anything much below it comes out
        too small.

    Returns
    -------
    float
        The logarithm, to about 1e-9 where it is at least ``ln_level``.

    Notes
    -----
    The sum over the number D of discordant rows of :math:`P(D) P(W \ge \lceil (k + D)/2 \rceil)`,
    W binomial given D. From D to D + 2 the bound on W moves by one, and the inner tail by
    :math:`\theta^2 P(W = w - 1) - (1 - \theta)^2 P(W = w)`. These steps are summed from the end
    where the tail is small, where nothing cancels.
    """
    if count > rows:
        return -math.inf
    if count <= -rows:
        return 0.0
    share = win + loss
    if loss == 0 or win == 0:
        return _ln_one_sided_sf(count, rows, win, loss)
    first, last = bernstein_window(rows, share, ln_level + _LN_LEFT_OUT)
    discordant = np.arange(first, last + 1, dtype=float)
    ln_mass = _ln_mass(discordant, rows, share)
    # With fewer than |count| discordant rows, S cannot get as far from 0 as the count.
    near = discordant < abs(count)
    sums = [np.logaddexp.reduce(ln_mass[near], initial=-np.inf)] if count <= 0 else []
    discordant, ln_mass = discordant[~near], ln_mass[~near]
    sums += [
        np.logaddexp.reduce(ln_mass[parity::2] + _ln_inner(discordant[parity::2], count, win, loss))
        for parity in (0, 1)
        if discordant[parity::2].size
    ]
    if not sums:
        return -math.inf
    return min(0.0, float(np.logaddexp.reduce(sums)))


def _ln_one_sided_sf(count: int, rows: int, win: float, loss: float) -> float:
    """Handle the case in which only wins or only losses happen."""
    if loss == 0:
        return float(ln_binomial_sf(count, rows, win))
    return float(ln_binomial_sf(rows + count, rows, 1 - loss))


def _ln_mass(discordant: Array, rows: int, share: float) -> Array:
    """Return ``ln P(D)`` over a range of D, from one exact value by ratios."""
    if share == 1:
        return np.where(discordant == rows, 0.0, -np.inf)
    before = discordant[:-1]
    ratios = np.log((rows - before) * share / ((before + 1) * (1 - share)))
    ln_mass: Array = np.concatenate(([0.0], np.cumsum(ratios)))
    peak = int(np.argmax(ln_mass))
    exact = float(ln_binomial_pmf(discordant[peak], rows, share))
    ln_mass += exact - ln_mass[peak]
    return ln_mass


def _ln_inner(discordant: Array, count: int, win: float, loss: float) -> Array:
    """Return ``ln P(S >= count)`` given D, for D in steps of two."""
    theta = win / (win + loss)
    wins = np.ceil((count + discordant) / 2)
    ends = ln_binomial_sf(wins[[0, -1]], discordant[[0, -1]], theta)
    if discordant.size == 1 or ends[0] == ends[1]:
        return ln_binomial_sf(wins, discordant, theta)
    ln_point = _ln_points(discordant[:-1], wins[:-1], theta)
    d, w = discordant[:-1], wins[:-1]
    reference = max(float(ln_point.max()), float(ends.max()))
    before = np.where(w > 0, w * (1 - theta) / ((d - w + 1) * theta), 0.0)
    steps = np.exp(ln_point - reference) * (theta**2 * before - (1 - theta) ** 2)
    if ends[0] < ends[1]:
        tail = math.exp(ends[0] - reference) + np.concatenate(([0.0], np.cumsum(steps)))
    else:
        falls = np.concatenate(([0.0], np.cumsum(-steps[::-1])))[::-1]
        tail = math.exp(ends[1] - reference) + falls
    ln_tail: Array = np.log(np.maximum(tail, 1e-300)) + reference
    return ln_tail


def _ln_points(discordant: Array, wins: Array, theta: float) -> Array:
    """Return ``ln P(W = wins)`` given D, along steps of two in D and one in W, by ratios."""
    d, w = discordant[:-1], wins[:-1]
    ratios = np.log((d + 1) * (d + 2) * theta * (1 - theta) / ((w + 1) * (d - w + 1)))
    ln_point: Array = np.concatenate(([0.0], np.cumsum(ratios)))
    peak = int(np.argmax(ln_point))
    exact = float(ln_binomial_pmf(wins[peak], discordant[peak], theta))
    ln_point += exact - ln_point[peak]
    return ln_point
