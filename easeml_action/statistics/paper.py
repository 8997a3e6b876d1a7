"""The rows required by the estimators of the paper, for comparison and for those who migrate."""

import math
from fractions import Fraction

from easeml_action.statistics.adaptivity import Budget
from easeml_action.statistics.clause import Clause


def paper_ln_evaluations(budget: Budget) -> float:
    """Return ``ln K`` as the paper counts: :math:`2^H` for full adaptivity.

    Parameters
    ----------
    budget
        The error budget. Budgets that the paper does not know count as they do everywhere.

    Returns
    -------
    float
        ``ln K``.

    References
    ----------
    Renggli et al., MLSys 2019, section 3.3.
    """
    if budget.adaptivity == "full" and budget.passes is None:
        return budget.steps * math.log(2)
    return budget.ln_delta - budget.ln_alpha(*budget.planned_history)


def hoeffding_rows(clause: Clause, ln_evaluations: float, ln_delta: float) -> int:
    r"""Return the rows of the paper's baseline estimator for one clause.

    Parameters
    ----------
    clause
        The clause.
    ln_evaluations
        ``ln K``.
    ln_delta
        The logarithm of the error of this clause over the whole life of the test set.

    Returns
    -------
    int
        :math:`\lceil (\sum_i |w_i|)^2 (\ln K + \ln (m / \delta)) / (2 \epsilon^2) \rceil` for m
        variables with coefficients :math:`w_i`.

    Notes
    -----
    Every variable is estimated on its own with error :math:`\delta / m`, and the tolerance is
    split in proportion to :math:`|w_i|`, which makes all variables need the same number of rows.

    References
    ----------
    Renggli et al., MLSys 2019, sections 3.1 and 3.2; Hoeffding, JASA 58 (1963).
    """
    weights = [abs(weight) for weight in (clause.n, clause.o, clause.d) if weight]
    scale = float(sum(weights) / clause.tolerance)
    return math.ceil(scale**2 * (ln_evaluations + math.log(len(weights)) - ln_delta) / 2)


def bennett_rows(
    clause: Clause, ln_evaluations: float, ln_delta: float, disagreement: Fraction
) -> int:
    r"""Return the rows of the paper's optimized estimator for a clause about ``n - o``.

    Parameters
    ----------
    clause
        A clause with opposite coefficients of n and o and none of d.
    ln_evaluations
        ``ln K``.
    ln_delta
        The logarithm of the error of this clause over the whole life of the test set.
    disagreement
        The bound p on the share of predictions that differ, in (0, 1].

    Returns
    -------
    int
        :math:`\lceil (\ln K + \ln (2 / \delta)) / (p h(\epsilon / p)) \rceil` with
        :math:`h(u) = (1 + u) \ln(1 + u) - u`.

    References
    ----------
    Renggli et al., MLSys 2019, section 4 (Patterns 1 and 2); Bennett, JASA 57 (1962).
    """
    u = float(clause.tolerance / abs(clause.n) / disagreement)
    h = (1 + u) * math.log1p(u) - u
    return math.ceil((ln_evaluations + math.log(2) - ln_delta) / (float(disagreement) * h))
