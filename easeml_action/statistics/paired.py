"""The exact unconditional paired test, for a clause about n - o: its p-value and its bound."""

import math

import numpy as np
from scipy.optimize import brentq

from easeml_action.statistics.checks import Real, checked_count, checked_real
from easeml_action.statistics.nuisance import Tail

# How closely a bound is found.
_BOUND_STEP = 1e-7
# So many margins below it are tried, too.
_BELOW = 12


def paired_p_value(rows: int, wins: int, losses: int, margin: Real, gamma: float) -> float:
    r"""Return the exact one-sided p-value of "the mean of new - old is at most the margin".

    Parameters
    ----------
    rows
        Number N of independent rows, at least 1.
    wins
        Rows where only the new model is right, in 0..rows.
    losses
        Rows where only the old model is right, in 0..rows - wins.
    margin
        The mean c of the difference under the null hypothesis, in [-1, 1].
    gamma
        Error level of the confidence interval for the nuisance, in (0, 1). It must be fixed
        before the data are seen, and the p-value is never below it. A twentieth of the level
        of the test is a good choice.

    Returns
    -------
    float
        The p-value, in (gamma, 1]. Small values may underflow to 0; `ln_paired_p_value` does not.

    Raises
    ------
    ValueError
        A count is negative, fractional or too large (``wins + losses > rows``), or the margin
        or gamma is outside its range.

    Notes
    -----
    Outcomes are ordered by the score statistic :math:`T = (S - Nc) / \sqrt{N(\tilde d - c^2)}`,
    with S = wins - losses, D = wins + losses and :math:`\tilde d` the estimate of the discordance
    ``d'`` under S/N = c. The p-value is the supremum of :math:`P(T \ge t)` over the values of
    ``d'`` in a Clopper-Pearson interval of level gamma computed from D, plus gamma. Given D, the
    wins are binomial with success :math:`(d' + c) / (2d')`, so each probability is one sum over D.

    The supremum is bounded from above, not searched on a grid: between two values a < b of the
    nuisance, the probability of any outcome is at most a power mean of its probabilities at a and
    b times ``exp(r)``, because the logarithm is concave; by Hoelder's inequality the same holds
    for the whole tail. Cells are halved until r is small or the cell cannot matter.

    For fixed D the p-value falls as S grows, so a mean difference below c only makes a small
    p-value rarer, and the supremum over the whole null is at c.

    References
    ----------
    Tango, Statistics in Medicine 17 (1998), for the score statistic.
    Berger and Boos, JASA 89 (1994), for the restricted nuisance.
    Sidik, Statistics in Medicine 22 (2003), for the unconditional test of paired data.
    """
    checked_real("gamma", gamma, 0, 1, open_ends=True)
    return math.exp(ln_paired_p_value(rows, wins, losses, margin, math.log(gamma)))


def ln_paired_p_value(rows: int, wins: int, losses: int, margin: Real, ln_gamma: float) -> float:
    """Return the logarithm of `paired_p_value`, for p-values of any smallness.

    Parameters
    ----------
    rows, wins, losses, margin
        As for `paired_p_value`.
    ln_gamma
        The logarithm of gamma, below 0.

    Returns
    -------
    float
        ``ln p``, above ``ln_gamma`` and at most 0.

    Raises
    ------
    ValueError
        As for `paired_p_value`.
    """
    rows = checked_count("rows", rows, 1)
    wins = checked_count("wins", wins, 0, rows)
    losses = checked_count("losses", losses, 0, rows)
    if wins + losses > rows:
        raise ValueError(f"wins + losses must be at most rows ({rows}), not {wins} + {losses}")
    margin = checked_real("margin", margin, -1, 1)
    ln_gamma = checked_real("ln_gamma", ln_gamma, -math.inf, 0, open_ends=True)
    if margin == -1:
        return 0.0 if losses == rows else ln_gamma
    if wins - losses <= rows * margin:
        return 0.0
    return Tail(rows, wins, losses, margin, ln_gamma).ln_p_value()


def paired_bound(
    rows: int, wins: int, losses: int, margin: Real, *, ln_level: float, ln_gamma: float
) -> float:
    """Return a margin below which the paired test refutes every one, or -1 where it does not.

    Parameters
    ----------
    rows, wins, losses, ln_gamma
        As for `ln_paired_p_value`.
    margin
        The margin of the verdict, on which the bound must not contradict it: where the test does
        not refute this one, the bound is not above it.
    ln_level
        The logarithm of the level, above ``ln_gamma`` and below 0.

    Returns
    -------
    float
        A bound that exceeds the mean of new - old with probability at most ``exp(ln_level)``.

    Raises
    ------
    ValueError
        As for `paired_p_value`, or ln_level is outside its range.

    Notes
    -----
    The root of the p-value, as a function of the margin, at the level: sought where the square
    root of its negative logarithm is nearly linear. The outcomes that count as extreme change with
    the margin, so among a few rows a margin below the root may not be refuted, above all one at
    which many outcomes tie, such as 0. Such margins are looked for, and the bound is moved below
    them.

    References
    ----------
    Tango, Statistics in Medicine 17 (1998), for the interval that inverts the score test.
    """
    margin = checked_real("margin", margin, -1, 1)
    ln_level = checked_real("ln_level", ln_level, ln_gamma, 0, open_ends=True)

    def excess(mean: float) -> float:
        ln_p = ln_paired_p_value(rows, wins, losses, mean, ln_gamma)
        return math.sqrt(-ln_level) - math.sqrt(-ln_p)

    if excess(-1.0) > 0:
        return -1.0
    estimate = (wins - losses) / rows
    root = float(brentq(excess, -1.0, estimate, xtol=_BOUND_STEP))
    below = np.linspace(root - (estimate - root) / 2, root, _BELOW, endpoint=False)
    suspects = [mean for mean in (margin, 0.0, *map(float, below)) if -1 < mean < root]
    bound = min((mean for mean in suspects if excess(mean) > 0), default=root)
    step = _BOUND_STEP
    while bound > -1 and excess(bound) > 0:
        bound, step = bound - step, 2 * step
    return max(-1.0, bound)
