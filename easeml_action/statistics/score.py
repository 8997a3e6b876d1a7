"""The order of paired outcomes: how strongly each speaks against a margin."""

import math

import numpy as np

from easeml_action.statistics.tails import Array


def score_statistic(rows: int, wins: Array, discordant: Array, margin: float) -> Array:
    r"""Return Tango's score statistic, elementwise.

    Parameters
    ----------
    rows
        Number N of rows.
    wins, discordant
        W and D, with ``0 <= W <= D <= N``.
    margin
        The mean c of the difference under the null, in (-1, 1).

    Returns
    -------
    ndarray of float
        :math:`T`; 0 where S = Nc, and infinite where the null leaves no variance.

    Notes
    -----
    :math:`\tilde d` is the larger root of
    :math:`N d^2 - (D + Sc) d + Sc - (N - D) c^2 = 0`, the score equation of the likelihood
    :math:`(d + c)^W (d - c)^{D - W} (1 - d)^{N - D}`.
    """
    difference = 2 * wins - discordant
    linear = discordant + difference * margin
    constant = difference * margin - (rows - discordant) * margin**2
    root = np.sqrt(np.maximum(linear**2 - 4 * rows * constant, 0))
    variance = np.maximum((linear + root) / (2 * rows) - margin**2, 0)
    excess = difference - rows * margin
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = excess / np.sqrt(rows * variance)
    return np.where(excess == 0, 0.0, statistic)


def fewest_wins(rows: int, discordant: Array, margin: float, statistic: float) -> Array:
    """Return the fewest wins at which the statistic is reached, or D + 1 where none will do.

    Parameters
    ----------
    rows, margin
        As for `score_statistic`.
    discordant
        Values of D, growing.
    statistic
        What the score statistic is to reach.

    Returns
    -------
    ndarray of float
        One for each D.
    """
    low, high = np.zeros_like(discordant), discordant + 1
    for _ in range(math.ceil(math.log2(discordant[-1] + 2)) + 1):
        middle = np.floor((low + high) / 2)
        reached = (
            score_statistic(rows, np.minimum(middle, discordant), discordant, margin) >= statistic
        )
        reached |= middle > discordant
        high = np.where(reached, middle, high)
        low = np.where(reached, low, np.minimum(middle + 1, high))
    return high
