"""Binomial tails in log space, right down to where a double underflows and beyond."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Array = NDArray[np.float64]

_LN_TWO_PI = float(np.log(2 * np.pi))
# Below this the incomplete beta function is near the underflow of a double.
_SMALLEST_DIRECT = 1e-280
# Above this Stirling's series with four terms is exact to a double.
_STIRLING_FROM = 16.0


def ln_binomial_pmf(count: ArrayLike, rows: ArrayLike, mean: ArrayLike) -> Array:
    r"""Return ``ln P(X = count)`` for X binomial, elementwise.

    Parameters
    ----------
    count, rows
        Integers with ``0 <= count <= rows``.
    mean
        The success probability, in [0, 1].

    Returns
    -------
    ndarray of float
        The logarithms; ``-inf`` where the probability is 0.

    Notes
    -----
    The deviance form, in which the large terms of the factorials cancel before they are computed.
    The absolute error is about 1e-10 at a million rows and falls with the rows.

    References
    ----------
    Loader, "Fast and Accurate Computation of Binomial Probabilities", 2000.
    """
    x, n, p = np.broadcast_arrays(
        np.asarray(count, float), np.asarray(rows, float), np.asarray(mean, float)
    )
    y = n - x
    deviance = special.kl_div(x, n * p) + special.kl_div(y, n * (1 - p))
    # At the two ends x (n - x) / n is 0, and the factors of Stirling's formula drop out.
    inner = (x > 0) & (y > 0)
    spread = np.log(np.where(inner, n / np.where(inner, x * y, 1.0), 1.0)) - _LN_TWO_PI
    correction = _stirling_error(n) - _stirling_error(x) - _stirling_error(y)
    ln_pmf: Array = np.where(inner, 0.5 * spread + correction, 0.0) - deviance
    return ln_pmf


def ln_binomial_sf(count: ArrayLike, rows: ArrayLike, mean: ArrayLike) -> Array:
    r"""Return ``ln P(X >= count)`` for X binomial, elementwise.

    Parameters
    ----------
    count
        Integers of any sign and size.
    rows
        Integers, at least 0.
    mean
        The success probability, in [0, 1].

    Returns
    -------
    ndarray of float
        The logarithms, also where the probability underflows; ``-inf`` where it is 0.

    Notes
    -----
    :math:`P(X \ge k) = I_p(k, n - k + 1)`. Where that is below 1e-280, the continued fraction of
    the incomplete beta function is evaluated without its leading factor.

    References
    ----------
    DLMF, sections 8.17.5 and 8.17.22.
    """
    k, n, p = np.broadcast_arrays(
        np.asarray(count, float), np.asarray(rows, float), np.asarray(mean, float)
    )
    certain, impossible = k <= 0, k > n
    inside = ~(certain | impossible)
    a = np.where(inside, k, 1.0)
    b = np.where(inside, n - k + 1, 1.0)
    tail = special.betainc(a, b, p)
    ln_tail = np.array(np.log(np.maximum(tail, _SMALLEST_DIRECT)))
    impossible = impossible | (inside & (p <= 0))
    deep = inside & ~impossible & (tail < _SMALLEST_DIRECT)
    if deep.any():
        ln_tail[deep] = _ln_deep_tail(k[deep], n[deep], p[deep])
    return np.where(certain, 0.0, np.where(impossible, -np.inf, ln_tail))


def bernstein_window(rows: int, mean: float, ln_left_out: float) -> tuple[int, int]:
    """Return a range of counts outside of which a binomial has little weight on either side.

    Parameters
    ----------
    rows
        At least 1.
    mean
        The success probability, in [0, 1].
    ln_left_out
        The logarithm of what each side may weigh at most, below 0.

    Returns
    -------
    first, last : int
        Both included, in 0..rows.

    References
    ----------
    Bernstein, Theory of Probability, 1927.
    """
    x = -ln_left_out
    reach = x / 3 + math.sqrt(x * x / 9 + 2 * x * rows * mean * (1 - mean))
    return max(0, math.floor(rows * mean - reach)), min(rows, math.ceil(rows * mean + reach))


def _ln_deep_tail(k: Array, n: Array, p: Array) -> Array:
    """``ln P(X >= k)`` far above the mean."""
    fraction = _beta_continued_fraction(k, n - k + 1, p)
    ln_tail: Array = ln_binomial_pmf(k, n, p) + np.log1p(-p) + np.log(fraction)
    return ln_tail


def _beta_continued_fraction(a: Array, b: Array, x: Array) -> Array:
    """Evaluate the continued fraction of I_x(a, b) by Lentz; quick for x far below a/(a+b)."""
    c = np.ones_like(x)
    d = 1 / (1 - (a + b) * x / (a + 1))
    value = d.copy()
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (1 + even * d)
        c = 1 + even / c
        value *= c * d
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / (1 + odd * d)
        c = 1 + odd / c
        factor = c * d
        value *= factor
        if np.all(np.abs(factor - 1) < 1e-13):
            break
    return value


def _stirling_error(n: Array) -> Array:
    """``ln n! - ln(sqrt(2 pi n) (n/e)^n)``, and 0 at n = 0."""
    small = n < _STIRLING_FROM
    m = np.where(small, np.maximum(n, 1.0), 1.0)
    exact = special.gammaln(m + 1) - (m + 0.5) * np.log(m) + m - 0.5 * _LN_TWO_PI
    r = 1 / np.where(small, _STIRLING_FROM, n)
    r2 = r * r
    series = r * (1 / 12 - r2 * (1 / 360 - r2 * (1 / 1260 - r2 / 1680)))
    return np.where(small, np.where(n > 0, exact, 0.0), series)
