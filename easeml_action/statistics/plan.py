"""The plan: how many rows, and how many labels, a condition needs."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

from scipy.special import ndtri_exp

from easeml_action.statistics.adaptivity import Budget
from easeml_action.statistics.checks import Real, checked_real
from easeml_action.statistics.clause import Clause
from easeml_action.statistics.difference import ln_difference_sf
from easeml_action.statistics.feasibility import check_feasible
from easeml_action.statistics.form import (
    BinomialForm,
    LinearForm,
    PairedForm,
    disagreement_bound,
    form_of,
)
from easeml_action.statistics.paper import bennett_rows, hoeffding_rows, paper_ln_evaluations
from easeml_action.statistics.search import ErrorTail, least_rows
from easeml_action.statistics.tails import ln_binomial_sf
from easeml_action.statistics.verdict import Mode, ln_clause_level

Method = Literal["exact", "paper"]


@dataclass(frozen=True)
class ClausePlan:
    """What one clause needs.

    Parameters
    ----------
    clause
        The clause.
    test
        ``"binomial"``, ``"paired"`` or ``"betting"`` by the exact method, ``"hoeffding"`` or
        ``"bennett"`` by the paper's.
    rows
        Rows of the test set.
    labels
        Rows among them whose label is needed.
    """

    clause: Clause
    test: str
    rows: int
    labels: int


@dataclass(frozen=True)
class Plan:
    """What a condition needs.

    Parameters
    ----------
    rows, labels
        The largest of the clauses.
    ln_alpha
        The logarithm of the error level of one evaluation that the plan reaches.
    evaluations
        The number K of evaluations that could ever happen.
    clauses
        One plan per clause, in order.
    """

    rows: int
    labels: int
    ln_alpha: float
    evaluations: int
    clauses: tuple[ClausePlan, ...]


def plan(
    clauses: tuple[Clause, ...],
    budget: Budget,
    mode: Mode,
    max_disagreement: Real | None = None,
    method: Method = "exact",
) -> Plan:
    """Return the rows and labels that a condition needs over the life of a test set.

    Parameters
    ----------
    clauses
        The clauses of the condition, at least one.
    budget
        The error budget.
    mode
        ``"fp-free"`` or ``"fn-free"``; it decides how a level is shared among clauses.
    max_disagreement
        An assumed bound on the share of predictions that differ, in (0, 1]. A clause ``d < p`` in
        the condition takes precedence; without either it is 1. Only the plan depends on it.
    method
        ``"exact"``, or ``"paper"`` for the numbers of the paper.

    Returns
    -------
    Plan
        The rows, the labels and the level of one evaluation.

    Raises
    ------
    ImpossibleCondition
        No test set could settle the condition, and why.
    ValueError
        An argument is outside its range.

    Notes
    -----
    Exact: the smallest N, stable upwards, at which the rule "the estimate exceeds c + epsilon"
    passes at mean c with probability at most alpha and fails at mean c + 2 epsilon with at most
    alpha. Under ``"metered"`` alpha is the level of the last step when the assumed pass rate
    holds.

    Labels: none for a clause about d; only where the predictions differ for one about n - o,
    which is a share of at most ``max_disagreement``; on every row otherwise.

    References
    ----------
    Renggli et al., MLSys 2019, sections 3 and 4.
    """
    if method not in get_args(Method):
        raise ValueError(f"method must be one of {', '.join(get_args(Method))}, not {method!r}")
    disagreement = planned_disagreement(clauses, max_disagreement)
    check_feasible(clauses, disagreement)
    ln_alpha = budget.ln_alpha(*budget.planned_history)
    evaluations = budget.evaluations
    if method == "exact":
        return exact_plan(clauses, ln_alpha, mode, disagreement, evaluations)
    if budget.adaptivity == "full" and budget.passes is None:
        evaluations += 1
    ln_evaluations = paper_ln_evaluations(budget)
    ln_delta = budget.ln_delta - math.log(len(clauses))
    plans = tuple(
        _paper_clause_plan(clause, ln_evaluations, ln_delta, disagreement) for clause in clauses
    )
    return _join(plans, budget.ln_delta - ln_evaluations, evaluations)


def planned_disagreement(clauses: tuple[Clause, ...], max_disagreement: Real | None) -> Fraction:
    """Return the bound on the share of differing predictions that a plan works with.

    Parameters
    ----------
    clauses
        The clauses of the condition.
    max_disagreement
        The assumption, in (0, 1], or None.

    Returns
    -------
    Fraction
        The right side of a ``d < p`` clause, else the assumption, else 1.

    Raises
    ------
    ValueError
        The assumption is outside (0, 1].
    """
    if max_disagreement is not None:
        checked_real("max_disagreement", max_disagreement, 0, 1)
        if max_disagreement == 0:
            raise ValueError("max_disagreement must be in (0, 1], not 0")
    stated = disagreement_bound(clauses)
    if stated is not None and stated > 0:
        return min(stated, Fraction(1))
    return Fraction(1) if max_disagreement is None else Fraction(max_disagreement)


def exact_plan(
    clauses: tuple[Clause, ...],
    ln_alpha: float,
    mode: Mode,
    disagreement: Fraction,
    evaluations: int = 1,
) -> Plan:
    """Return the exact plan of a feasible condition at a given level.

    Parameters
    ----------
    clauses
        The clauses.
    ln_alpha
        The logarithm of the level of one evaluation.
    mode
        ``"fp-free"`` or ``"fn-free"``.
    disagreement
        The bound on the share of differing predictions.
    evaluations
        K, for the record.

    Returns
    -------
    Plan
        The plan.
    """
    ln_level = ln_clause_level(ln_alpha, len(clauses), mode)
    plans = tuple(_exact_clause_plan(clause, ln_level, disagreement) for clause in clauses)
    return _join(plans, ln_alpha, evaluations)


def _join(plans: tuple[ClausePlan, ...], ln_alpha: float, evaluations: int) -> Plan:
    return Plan(
        rows=max(clause.rows for clause in plans),
        labels=max(clause.labels for clause in plans),
        ln_alpha=ln_alpha,
        evaluations=evaluations,
        clauses=plans,
    )


def _exact_clause_plan(clause: Clause, ln_level: float, disagreement: Fraction) -> ClausePlan:
    form = form_of(clause)
    if isinstance(form, LinearForm):
        test, rows = "betting", _chernoff_rows(form, ln_level)
    else:
        test = "binomial" if isinstance(form, BinomialForm) else "paired"
        tails, scale = error_tails(form, disagreement, ln_level)
        rows = least_rows(tails, ln_level, scale * float(ndtri_exp(ln_level)) ** 2)
    return ClausePlan(clause, test, rows, _labels(clause, rows, disagreement))


def error_tails(
    form: BinomialForm | PairedForm, disagreement: Fraction, ln_level: float
) -> tuple[list[ErrorTail], float]:
    """Return the two errors of a clause's decision rule, and their scale.

    Parameters
    ----------
    form
        The clause.
    disagreement
        The bound on the share of differing predictions, for a clause about n - o.
    ln_level
        The logarithm of the smallest error that matters.

    Returns
    -------
    tails : list of ErrorTail
        The false pass at mean c, and the missed pass at mean c + 2 epsilon unless that is beyond
        the range.
    scale : float
        The variance of a row at the mean c over epsilon squared: about the rows required per
        squared normal quantile of the level.
    """
    c, eps = form.threshold, form.tolerance
    if isinstance(form, PairedForm) and disagreement == 1:
        # Every row is a win or a loss, so the sum skips every other integer. Counted in wins it
        # is the same rule without the gaps.
        c, eps = (1 + c) / 2, eps / 2
        form = BinomialForm("n", complement=False, threshold=c, tolerance=eps)
    cut = c + eps
    far = c + 2 * eps
    if isinstance(form, BinomialForm):
        variance = c * (1 - c)
        most = Fraction(1)

        def ln_sf(k: int, rows: int, mean: Fraction) -> float:
            return float(ln_binomial_sf(k, rows, float(mean)))

        def ln_below(k: int, rows: int, mean: Fraction) -> float:
            return float(ln_binomial_sf(rows - k + 1, rows, float(1 - mean)))

    else:
        # Fewer than |c| discordant rows leave no model with mean c.
        most = max(disagreement, abs(c))
        variance = most - c**2

        def ln_sf(k: int, rows: int, mean: Fraction) -> float:
            win, loss = float((most + mean) / 2), float((most - mean) / 2)
            return ln_difference_sf(k, rows, win, loss, ln_level)

        def ln_below(k: int, rows: int, mean: Fraction) -> float:
            return ln_sf(1 - k, rows, -mean)

    tails = [ErrorTail(lambda rows, k: ln_sf(k, rows, c), cut)]
    if far <= most:
        tails.append(ErrorTail(lambda rows, k: ln_below(k, rows, far), cut))
    return tails, float(variance / eps**2)


def _chernoff_rows(form: LinearForm, ln_level: float) -> int:
    """Return the rows at which the Chernoff bound on a two-point distribution is at the level."""
    width = form.high - form.low
    c, eps = float((form.threshold - form.low) / width), float(form.tolerance / width)
    divergences = [_divergence(c + eps, c)]
    if c + 2 * eps <= 1:
        divergences.append(_divergence(c + eps, c + 2 * eps))
    return max(1, math.ceil(-ln_level / min(divergences)))


def _divergence(p: float, q: float) -> float:
    """Return the Kullback-Leibler divergence of Bernoulli(p) from Bernoulli(q), 0 < p < 1."""
    if q in {0.0, 1.0}:
        return math.inf
    return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))


def _paper_clause_plan(
    clause: Clause, ln_evaluations: float, ln_delta: float, disagreement: Fraction
) -> ClausePlan:
    test, rows = "hoeffding", hoeffding_rows(clause, ln_evaluations, ln_delta)
    if isinstance(form_of(clause), PairedForm):
        optimized = bennett_rows(clause, ln_evaluations, ln_delta, disagreement)
        if optimized < rows:
            test, rows = "bennett", optimized
    return ClausePlan(clause, test, rows, _labels(clause, rows, disagreement))


def _labels(clause: Clause, rows: int, disagreement: Fraction) -> int:
    if clause.n == clause.o == 0:
        return 0
    if clause.n + clause.o == 0:
        return math.ceil(rows * disagreement)
    return rows
