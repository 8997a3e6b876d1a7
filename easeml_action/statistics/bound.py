"""How few rows any test could need: the Neyman-Pearson bound, to measure plans against."""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from easeml_action.statistics.clause import Clause
from easeml_action.statistics.form import BinomialForm, PairedForm, form_of
from easeml_action.statistics.tails import Array, bernstein_window, ln_binomial_pmf, ln_binomial_sf

# The discordant rows left out of a sum weigh less than this, relative to the level.
_LN_LEFT_OUT = -16.0


def neyman_pearson_rows(clause: Clause, ln_level: float, disagreement: Fraction) -> int:
    """Return the fewest rows with which any test can tell c from c + 2 epsilon.

    Parameters
    ----------
    clause
        A clause for which c + 2 epsilon is within the range of its expression.
    ln_level
        The logarithm of the probability of either error.
    disagreement
        The share of rows on which exactly one model is right, for a clause about n - o, in
        (0, 1]. The bound is for a tester who knows it.

    Returns
    -------
    int
        The smallest N at which the most powerful test of mean c against mean c + 2 epsilon, at
        the level exactly, misses with at most the same probability.

    Raises
    ------
    ValueError
        c + 2 epsilon is beyond the range.

    Notes
    -----
    For one variable the test is a randomized binomial test. For a difference the likelihood ratio
    is linear in wins and losses; its level is met without randomization, up to the gaps between
    its values. For other expressions the two means are those of the two-point distribution on the
    ends of the range. More rows never hurt, so the smallest N is found by bisection.

    References
    ----------
    Neyman and Pearson, Phil. Trans. R. Soc. A 231 (1933).
    """
    form = form_of(clause)
    c, far = form.threshold, form.threshold + 2 * form.tolerance
    if isinstance(form, PairedForm) and disagreement < 1:
        if far >= disagreement:
            raise ValueError(f"tolerance must leave c + 2 epsilon below {float(disagreement):g}")
        share, near, other = float(disagreement), float(c), float(far)

        def ln_miss(rows: int) -> float:
            return _ln_difference_miss(rows, share, near, other, ln_level)

    else:
        if not isinstance(form, BinomialForm):
            c, far = ((value - form.low) / (form.high - form.low) for value in (c, far))
        if far > 1:
            raise ValueError("tolerance must leave c + 2 epsilon within the range")
        low, high = float(c), float(far)

        def ln_miss(rows: int) -> float:
            return _ln_binomial_miss(rows, low, high, ln_level)

    return _first_below(ln_miss, ln_level)


def _first_below(ln_miss: Callable[[int], float], ln_level: float) -> int:
    """Return the first N at which a falling function is at the level."""
    missed, kept = 0, 1
    while ln_miss(kept) > ln_level:
        missed, kept = kept, 2 * kept
    while kept - missed > 1:
        middle = (missed + kept) // 2
        if ln_miss(middle) > ln_level:
            missed = middle
        else:
            kept = middle
    return kept


def _ln_binomial_miss(rows: int, near: float, far: float, ln_level: float) -> float:
    """Return the log of the error of the most powerful randomized binomial test."""
    low, high = 0, rows + 1
    while high - low > 1:
        middle = (low + high) // 2
        if ln_binomial_sf(middle, rows, near) <= ln_level:
            high = middle
        else:
            low = middle
    # Reject from `high` successes on, and with some probability at one fewer.
    ln_tail, ln_point = ln_binomial_sf(high, rows, near), ln_binomial_pmf(low, rows, near)
    share = (math.exp(ln_level - ln_point)) * -math.expm1(float(ln_tail) - ln_level)
    miss = ln_binomial_sf(rows - low + 1, rows, 1 - far)
    at_point = ln_binomial_pmf(low, rows, far) + math.log(max(1 - share, 1e-300))
    return float(np.logaddexp(miss, at_point))


def _ln_difference_miss(rows: int, share: float, near: float, far: float, ln_level: float) -> float:
    """Return the log of the error of the likelihood ratio test on wins and losses."""
    win = math.log((share + far) / (share + near))
    loss = math.log((share - near) / (share - far))
    first, last = bernstein_window(rows, share, ln_level + _LN_LEFT_OUT)
    discordant = np.arange(first, last + 1, dtype=float)
    ln_mass = ln_binomial_pmf(discordant, rows, share)

    def fewest_wins(ratio: float) -> Array:
        wins: Array = np.ceil((ratio + loss * discordant) / (win + loss) - 1e-9)
        return wins

    def ln_false_pass(ratio: float) -> float:
        success = (share + near) / (2 * share)
        inner = ln_binomial_sf(fewest_wins(ratio), discordant, success)
        return float(np.logaddexp.reduce(ln_mass + inner))

    low, high = -loss * rows, win * rows
    for _ in range(60):
        middle = (low + high) / 2
        if ln_false_pass(middle) <= ln_level:
            high = middle
        else:
            low = middle
    losses = discordant - fewest_wins(high) + 1
    inner = ln_binomial_sf(losses, discordant, (share - far) / (2 * share))
    return float(np.logaddexp.reduce(ln_mass + inner))
