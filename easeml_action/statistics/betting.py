"""The betting martingale: for a clause with any other linear expression."""

import math

import numpy as np
from numpy.typing import ArrayLike

from easeml_action.statistics.checks import Real, checked_real
from easeml_action.statistics.tails import Array

# Stakes as shares of the largest one that cannot go bankrupt, a factor 1.5 apart: between two of
# them the growth rate is at most 4 % below that of the best stake.
_STAKES = 0.999 * 1.5 ** -np.arange(24.0)
# The wealth is read off at this many places, evenly spaced in the rows and fixed before the data.
_READINGS = 4096


def betting_p_value(
    values: ArrayLike, threshold: Real, low: Real, high: Real, *, target: Real | None = None
) -> float:
    r"""Return an anytime-valid p-value of "the mean is at most the threshold" for bounded values.

    Parameters
    ----------
    values
        One number per row, in [low, high], in the order of the rows. The order must be fixed
        before the predictions are known; the order of the test set's file is.
    threshold
        The mean c under the null hypothesis, in [low, high].
    low, high
        The range of one value, ``low < high``, known before the data.
    target
        A mean in (threshold, high) at which the test should be sharpest, fixed before the data;
        half of the stake then goes to the bet that is best there. None spreads the stake evenly.

    Returns
    -------
    float
        ``1 / (largest wealth)``, in [0, 1]. Small values may underflow to 0; `ln_betting_p_value`
        does not.

    Raises
    ------
    ValueError
        There are no values, one is NaN or outside [low, high], or an argument is outside its
        range.

    Notes
    -----
    A bettor who stakes the share :math:`\lambda` of the wealth on every row has the wealth
    :math:`\prod_i (1 + \lambda (z_i - c))`, for :math:`0 \le \lambda < 1/(c - low)`. Under the
    null this is a nonnegative supermartingale, and so is the average over several stakes. By
    Ville's inequality its largest value exceeds 1/p with probability at most p.

    With a target t the special stake is the best one against the two-point distribution on
    ``low`` and ``high`` with mean t. Whenever the average of the values exceeds t, that bet alone
    wins at least ``exp(N KL)``, KL the divergence between the two-point distributions with means
    t and c: the test then does what the Chernoff bound of the plan promises, to a factor 2.

    References
    ----------
    Waudby-Smith and Ramdas, JRSS B 86 (2024), section 4, for betting.
    Ville, Etude critique de la notion de collectif, 1939.
    """
    return math.exp(ln_betting_p_value(values, threshold, low, high, target=target))


def ln_betting_p_value(
    values: ArrayLike, threshold: Real, low: Real, high: Real, *, target: Real | None = None
) -> float:
    """Return the logarithm of `betting_p_value`, for p-values of any smallness.

    Parameters
    ----------
    values, threshold, low, high, target
        As for `betting_p_value`.

    Returns
    -------
    float
        ``ln p``, at most 0, and ``-inf`` where the null rules the values out.

    Raises
    ------
    ValueError
        As for `betting_p_value`.
    """
    low = checked_real("low", low, -math.inf, math.inf, open_ends=True)
    high = checked_real("high", high, low, math.inf, open_ends=True)
    threshold = checked_real("threshold", threshold, low, high)
    z = np.asarray(values, dtype=float)
    if z.ndim != 1 or z.size == 0:
        raise ValueError(f"values must be a one-dimensional array of at least 1, not {z.shape}")
    # A sum of scaled coefficients may leave the range by a rounding.
    rounding = 1e-9 * (high - low)
    if not np.all((z >= low - rounding) & (z <= high + rounding)):
        raise ValueError(f"values must all be in [{low:g}, {high:g}]")
    # In units of the distance from the worst value to the threshold, so the gain is at least -1.
    worst = threshold - low
    if worst == 0:
        return -math.inf if np.any(z > low + rounding) else 0.0
    gain = np.maximum((z - threshold) / worst, -1.0)
    stakes, ln_weights = _STAKES, np.full(_STAKES.size, -math.log(_STAKES.size))
    if target is not None:
        target = checked_real("target", target, threshold, high, open_ends=True)
        best = (target - threshold) / (high - threshold)
        stakes = np.append(stakes, best)
        ln_weights = np.append(ln_weights, 0.0) - math.log(2)
    largest = float(np.max(_ln_wealth(gain, stakes, ln_weights)))
    return min(0.0, -largest)


def _ln_wealth(gain: Array, stakes: Array, ln_weights: Array) -> Array:
    """Return the log of the average wealth over the stakes, at each reading."""
    starts = np.unique(np.linspace(0, gain.size, _READINGS + 1).astype(int)[:-1])
    ln_wealth = np.full(starts.size, -np.inf)
    for stake, ln_weight in zip(stakes, ln_weights, strict=True):
        growth = np.add.reduceat(np.log1p(stake * gain), starts)
        ln_wealth = np.logaddexp(ln_wealth, ln_weight + np.cumsum(growth))
    return ln_wealth
