"""The exact binomial test: for a clause about one of n, o and d."""

import math

from easeml_action.statistics.checks import Real, checked_count, checked_real
from easeml_action.statistics.tails import ln_binomial_sf

# How closely a bound is enclosed, relative to itself.
_WIDTH = 1e-9


def binomial_p_value(rows: int, successes: int, threshold: Real) -> float:
    r"""Return the one-sided exact p-value of "the mean is at most the threshold".

    Parameters
    ----------
    rows
        Number N of independent rows, at least 1.
    successes
        Rows with value 1, in 0..rows.
    threshold
        The mean c under the null hypothesis, in [0, 1].

    Returns
    -------
    float
        :math:`P(X \ge successes)` for X binomial(N, c), in [0, 1]. Small values may underflow to
        0; `ln_binomial_p_value` does not.

    Raises
    ------
    ValueError
        A count is negative, fractional or too large, or the threshold is outside [0, 1].

    Notes
    -----
    The tail grows with the mean, so its supremum over the null is at the threshold itself. It is
    computed as a survival function, never as one minus a distribution function.

    References
    ----------
    Clopper and Pearson, Biometrika 26 (1934).
    """
    return math.exp(ln_binomial_p_value(rows, successes, threshold))


def ln_binomial_p_value(rows: int, successes: int, threshold: Real) -> float:
    """Return the logarithm of `binomial_p_value`, for p-values of any smallness.

    Parameters
    ----------
    rows, successes, threshold
        As for `binomial_p_value`.

    Returns
    -------
    float
        ``ln p``, at most 0, and ``-inf`` where the null rules the outcome out.

    Raises
    ------
    ValueError
        As for `binomial_p_value`.
    """
    rows = checked_count("rows", rows, 1)
    successes = checked_count("successes", successes, 0, rows)
    threshold = checked_real("threshold", threshold, 0, 1)
    return min(0.0, float(ln_binomial_sf(successes, rows, threshold)))


def binomial_bound(rows: int, successes: int, ln_level: float) -> float:
    r"""Return the largest mean that the binomial test refutes, or 0 where it refutes none.

    Parameters
    ----------
    rows, successes
        As for `binomial_p_value`.
    ln_level
        The logarithm of the level, below 0.

    Returns
    -------
    float
        A bound that exceeds the mean with probability at most ``exp(ln_level)``, rounded down by
        a billionth of itself.

    Raises
    ------
    ValueError
        As for `binomial_p_value`, or ln_level is not below 0.

    Notes
    -----
    The tail :math:`P(X \ge successes)` grows with the mean, so the means refuted are those up to
    a bound, one end of the Clopper-Pearson interval.

    References
    ----------
    Clopper and Pearson, Biometrika 26 (1934).
    """
    rows = checked_count("rows", rows, 1)
    successes = checked_count("successes", successes, 0, rows)
    ln_level = checked_real("ln_level", ln_level, -math.inf, 0, open_ends=True)
    if successes == 0:
        return 0.0
    refuted, kept = 0.0, successes / rows
    # The relative width is what moves the tail, so halve until it is tiny.
    while kept - refuted > _WIDTH * kept:
        middle = (refuted + kept) / 2
        if ln_binomial_sf(successes, rows, middle) <= ln_level:
            refuted = middle
        else:
            kept = middle
    return refuted
