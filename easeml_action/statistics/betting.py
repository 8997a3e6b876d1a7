"""The betting martingale: for a clause with any other linear expression."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from easeml_action.statistics.checks import Real, checked_real
from easeml_action.statistics.tails import Array

# Stakes as shares of the largest one that cannot go bankrupt, a factor 1.5 apart: between two of
# them the growth rate is at most 4 % below that of the best stake.
_STAKES = 0.999 * 1.5 ** -np.arange(24.0)
# The wealth is read off at this many places, evenly spaced in the rows and fixed before the data.
_READINGS = 4096
# A sum of scaled coefficients may leave the range by this share of it.
_ROUNDING = 1e-9
# Of the range, in the search for a bound.
_HALVINGS = 20


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
    bettor = _Bettor.of(values, threshold, low, high, target)
    return bettor.ln_p_value(float(threshold))


def betting_bound(
    values: ArrayLike,
    threshold: Real,
    low: Real,
    high: Real,
    *,
    ln_level: float,
    target: Real | None = None,
) -> float:
    r"""Return the largest mean that the betting test refutes, or ``low`` where it refutes none.

    Parameters
    ----------
    values, threshold, low, high, target
        As for `betting_p_value`, which is the test at the threshold.
    ln_level
        The logarithm of the level, below 0.

    Returns
    -------
    float
        A bound that exceeds the mean with probability at most ``exp(ln_level)``, rounded down to
        a millionth of the range.

    Raises
    ------
    ValueError
        As for `betting_p_value`, or ln_level is not below 0.

    Notes
    -----
    The tests of all means m make the same stakes, as shares of the largest one that cannot go
    bankrupt; the target decides one of them, by the threshold alone, so it is fixed before the
    data. The gain on a row, :math:`(z - m) / (m - low)`, falls as m rises, and with it the wealth:
    the means refuted are those up to a bound. Halving a fixed number of times takes as long for
    one outcome as for another.

    References
    ----------
    Waudby-Smith and Ramdas, JRSS B 86 (2024), section 4, for confidence sets by betting.
    """
    ln_level = checked_real("ln_level", ln_level, -math.inf, 0, open_ends=True)
    bettor = _Bettor.of(values, threshold, low, high, target)
    refuted, kept = bettor.low, bettor.high
    for _ in range(_HALVINGS):
        middle = (refuted + kept) / 2
        if bettor.ln_p_value(middle) <= ln_level:
            refuted = middle
        else:
            kept = middle
    return refuted


@dataclass(frozen=True, eq=False)
class _Bettor:
    """Stakes that are fixed, and the values they meet."""

    values: Array
    low: float
    high: float
    stakes: Array
    ln_weights: Array

    @classmethod
    def of(
        cls, values: ArrayLike, threshold: Real, low: Real, high: Real, target: Real | None
    ) -> Self:
        """Check everything and lay the stakes."""
        low = checked_real("low", low, -math.inf, math.inf, open_ends=True)
        high = checked_real("high", high, low, math.inf, open_ends=True)
        threshold = checked_real("threshold", threshold, low, high)
        z = np.asarray(values, dtype=float)
        if z.ndim != 1 or z.size == 0:
            raise ValueError(f"values must be a one-dimensional array of at least 1, not {z.shape}")
        rounding = _ROUNDING * (high - low)
        if not np.all((z >= low - rounding) & (z <= high + rounding)):
            raise ValueError(f"values must all be in [{low:g}, {high:g}]")
        stakes, ln_weights = _STAKES, np.full(_STAKES.size, -math.log(_STAKES.size))
        if target is not None:
            target = checked_real("target", target, threshold, high, open_ends=True)
            stakes = np.append(stakes, (target - threshold) / (high - threshold))
            ln_weights = np.append(ln_weights, 0.0) - math.log(2)
        return cls(z, low, high, stakes, ln_weights)

    def ln_p_value(self, mean: float) -> float:
        """Return the log p-value of "the mean is at most this"."""
        # In units of the distance from the worst value to the mean, so the gain is at least -1.
        worst = mean - self.low
        if worst == 0:
            above = self.values > self.low + _ROUNDING * (self.high - self.low)
            return -math.inf if above.any() else 0.0
        gain = np.maximum((self.values - mean) / worst, -1.0)
        largest = float(np.max(_ln_wealth(gain, self.stakes, self.ln_weights)))
        return min(0.0, -largest)


def _ln_wealth(gain: Array, stakes: Array, ln_weights: Array) -> Array:
    """Return the log of the average wealth over the stakes, at each reading."""
    starts = np.unique(np.linspace(0, gain.size, _READINGS + 1).astype(int)[:-1])
    ln_wealth = np.full(starts.size, -np.inf)
    for stake, ln_weight in zip(stakes, ln_weights, strict=True):
        growth = np.add.reduceat(np.log1p(stake * gain), starts)
        ln_wealth = np.logaddexp(ln_wealth, ln_weight + np.cumsum(growth))
    return ln_wealth
