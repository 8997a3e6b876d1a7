"""The chance of a pass against the true value: the curve behind a plan."""

import math
from fractions import Fraction

from easeml_action.statistics.checks import Real, checked_count, checked_real
from easeml_action.statistics.clause import Clause
from easeml_action.statistics.difference import ln_difference_sf
from easeml_action.statistics.form import PairedForm, form_of
from easeml_action.statistics.tails import ln_binomial_sf

# Chances below e^-40 are drawn as 0.
_LN_SMALLEST = -40.0


def pass_probability(
    clause: Clause, rows: int, value: Real, disagreement: Real = Fraction(1)
) -> float:
    """Return the chance that the estimate of a clause clears its threshold by the tolerance.

    Parameters
    ----------
    clause
        The clause.
    rows
        Number N of rows, at least 1.
    value
        The true value of the clause's expression, within its range.
    disagreement
        The share of rows on which exactly one model is right, for a clause about n - o, in
        (0, 1]. It is raised to the size of the true difference where that is larger.

    Returns
    -------
    float
        The probability of the rule that the plan is made for, in [0, 1]: near 0 at the threshold
        c, near 1 at c + 2 epsilon. The exact test that the gate runs may pass a little sooner.

    Raises
    ------
    ValueError
        An argument is outside its range.

    Notes
    -----
    For expressions other than one variable or n - o, the rows are taken to have only the two
    values at the ends of the range, the worst case of the plan.
    """
    rows = checked_count("rows", rows, 1)
    checked_real("disagreement", disagreement, 0, 1)
    form = form_of(clause)
    # The ratio of the clause's units to those of its form, and the direction of the clause.
    scale = clause.tolerance / form.tolerance
    sign = 1 if clause.comparison == ">" else -1
    ends = [
        clause.threshold + sign * scale * (end - form.threshold) for end in (form.low, form.high)
    ]
    value = checked_real("value", value, min(ends), max(ends))
    mean = float(form.threshold + sign * (Fraction(value) - clause.threshold) / scale)
    cut = form.threshold + form.tolerance
    if isinstance(form, PairedForm):
        share = max(float(disagreement), abs(mean))
        least = math.floor(rows * cut) + 1
        win, loss = (share + mean) / 2, (share - mean) / 2
        return math.exp(ln_difference_sf(least, rows, win, loss, _LN_SMALLEST))
    width = form.high - form.low
    least = math.floor(rows * (cut - form.low) / width) + 1
    return float(math.exp(ln_binomial_sf(least, rows, (mean - float(form.low)) / float(width))))
