"""The verdict of one evaluation: exact tests per clause, joined by Kleene's AND."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from easeml_action.statistics.betting import ln_betting_p_value
from easeml_action.statistics.binomial import ln_binomial_p_value
from easeml_action.statistics.checks import checked_real
from easeml_action.statistics.clause import Clause
from easeml_action.statistics.form import BinomialForm, Form, LinearForm, PairedForm, form_of
from easeml_action.statistics.paired import ln_paired_p_value

Mode = Literal["fp-free", "fn-free"]
Truth = Literal["true", "false", "unknown"]
Booleans = NDArray[np.bool_]

# The confidence interval of the paired test takes this share of the level, before the data.
LN_GAMMA_SHARE = -math.log(20)


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What happened on every row of the test set, in the order of its file.

    Parameters
    ----------
    new_correct
        Whether the new model is right; booleans of shape (rows,), at least one row. None when no
        clause speaks of n.
    old_correct
        Whether the old model is right, or None when no clause speaks of o.
    differ
        Whether the two predictions differ, or None when no clause speaks of d.
    old_is_complete
        Whether the old model handed in a prediction for every row. If not, nothing is known of o
        and d: a new model must not pass because the old one did not run.

    Raises
    ------
    ValueError
        An array is not a vector of booleans, the shapes differ, all are missing, or a row is
        impossible: equal predictions of which one is right, or different ones both right.
    """

    new_correct: Booleans | None
    old_correct: Booleans | None = None
    differ: Booleans | None = None
    old_is_complete: bool = True

    def __post_init__(self) -> None:
        given = {
            name: array
            for name in ("new_correct", "old_correct", "differ")
            if (array := getattr(self, name)) is not None
        }
        if not given:
            raise ValueError("new_correct, old_correct, differ: at least one must be given")
        for name, array in given.items():
            if not isinstance(array, np.ndarray) or array.dtype != np.bool_ or array.ndim != 1:
                raise ValueError(f"{name} must be a one-dimensional array of booleans")
            if array.size == 0:
                raise ValueError(f"{name} must have at least 1 row")
        if len({array.size for array in given.values()}) > 1:
            sizes = ", ".join(f"{name} has {array.size}" for name, array in given.items())
            raise ValueError(f"all outcomes must have the same number of rows: {sizes}")
        if len(given) == 3:
            new, old, differ = given.values()
            if np.any((new != old) & ~differ) or np.any(new & old & differ):
                raise ValueError(
                    "differ must be true where exactly one model is right, and false where both are"
                )

    @property
    def rows(self) -> int:
        """The number of rows."""
        return next(
            array.size
            for array in (self.new_correct, self.old_correct, self.differ)
            if array is not None
        )

    def of(self, variable: str) -> Booleans:
        """Return the outcomes behind ``"n"``, ``"o"`` or ``"d"``; a ValueError if not given."""
        name = {"n": "new_correct", "o": "old_correct", "d": "differ"}[variable]
        array: Booleans | None = getattr(self, name)
        if array is None:
            raise ValueError(f"{name} must be given: a clause speaks of {variable}")
        return array

    def values(self, n: Fraction, o: Fraction, d: Fraction) -> NDArray[np.float64]:
        """Return the value of ``n*a + o*b + d*e`` on every row."""
        total = np.zeros(self.rows)
        for variable, coefficient in (("n", n), ("o", o), ("d", d)):
            if coefficient:
                total += float(coefficient) * self.of(variable)
        return total


@dataclass(frozen=True)
class ClauseJudgement:
    """What one evaluation says about one clause. For the key holder only.

    Parameters
    ----------
    clause
        The clause.
    truth
        ``"true"`` and ``"false"`` at the level of the clause, else ``"unknown"``.
    test
        ``"binomial"``, ``"paired"`` or ``"betting"``.
    rows
        The rows it is based on.
    estimate
        The average of the clause's expression over the rows, in its own units.
    ln_p_true
        Logarithm of the p-value against "the clause does not hold".
    ln_p_false
        Logarithm of the p-value against "the clause holds".
    """

    clause: Clause
    truth: Truth
    test: str
    rows: int
    estimate: float
    ln_p_true: float
    ln_p_false: float


@dataclass(frozen=True)
class Judgement:
    """The verdict on a condition, and for the key holder what it rests on.

    Parameters
    ----------
    passed
        The one bit that may leave the system.
    truth
        Kleene's AND of the clauses.
    ln_level
        The logarithm of the level of each clause.
    clauses
        One judgement per clause, in order.
    """

    passed: bool
    truth: Truth
    ln_level: float
    clauses: tuple[ClauseJudgement, ...]


def ln_clause_level(ln_alpha: float, clauses: int, mode: Mode) -> float:
    """Return the logarithm of the level of each clause within one evaluation.

    Parameters
    ----------
    ln_alpha
        The logarithm of the level of the evaluation.
    clauses
        The number of clauses, at least 1.
    mode
        ``"fp-free"`` or ``"fn-free"``.

    Returns
    -------
    float
        ``ln_alpha`` under ``"fp-free"``, ``ln_alpha - ln(clauses)`` under ``"fn-free"``.

    Notes
    -----
    ``fp-free``: if the conjunction is false then some clause is false, and a pass needs that very
    clause proved, which happens with probability at most alpha. So every clause has the whole
    alpha (the intersection-union test). ``fn-free``: if the conjunction is true, any of the true
    clauses may be wrongly refuted and fail the commit, so their levels must add up to alpha.

    References
    ----------
    Berger, Technometrics 24 (1982).
    """
    if mode not in get_args(Mode):
        raise ValueError(f"mode must be one of {', '.join(get_args(Mode))}, not {mode!r}")
    return ln_alpha if mode == "fp-free" else ln_alpha - math.log(clauses)


def judge(
    clauses: tuple[Clause, ...], outcomes: Outcomes, ln_alpha: float, mode: Mode
) -> Judgement:
    """Judge a condition on the rows of a test set.

    Parameters
    ----------
    clauses
        The clauses of the condition, at least one.
    outcomes
        What happened on every row.
    ln_alpha
        The logarithm of the error level of this evaluation, below 0.
    mode
        ``"fp-free"`` passes only what is proved true, ``"fn-free"`` all but what is proved false.

    Returns
    -------
    Judgement
        Only its ``passed`` may be shown before the test set has retired.

    Raises
    ------
    ValueError
        There are no clauses, a clause speaks of outcomes that are not given, its threshold is
        outside the range of its expression, or ln_alpha or mode is illegal.

    Notes
    -----
    A clause is true when the p-value of its negation is at most the level, false when the p-value
    of the clause itself is, else unknown. Where the old model did not hand in every prediction, a
    clause that speaks of it is unknown. The conjunction is Kleene's: false if any clause is false,
    true if all are true, else unknown.
    """
    if not clauses:
        raise ValueError("clauses must hold at least 1 clause")
    ln_alpha = checked_real("ln_alpha", ln_alpha, -math.inf, 0, open_ends=True)
    ln_level = ln_clause_level(ln_alpha, len(clauses), mode)
    judgements = tuple(_judge_clause(clause, outcomes, ln_level) for clause in clauses)
    truths = {judgement.truth for judgement in judgements}
    truth: Truth = "true"
    if "false" in truths:
        truth = "false"
    elif "unknown" in truths:
        truth = "unknown"
    passed = truth == "true" if mode == "fp-free" else truth != "false"
    return Judgement(passed=passed, truth=truth, ln_level=ln_level, clauses=judgements)


def _judge_clause(clause: Clause, outcomes: Outcomes, ln_level: float) -> ClauseJudgement:
    form = form_of(clause)
    if not form.low <= form.threshold <= form.high:
        raise ValueError(f"threshold {clause.threshold} is outside the range of the expression")
    test, ln_p_true, ln_p_false = _ln_p_values(form, outcomes, ln_level)
    if not outcomes.old_is_complete and (clause.o or clause.d):
        ln_p_true = ln_p_false = 0.0  # no evidence for anything
    truth: Truth = "unknown"
    if ln_p_true <= ln_level:
        truth = "true"
    elif ln_p_false <= ln_level:
        truth = "false"
    return ClauseJudgement(
        clause=clause,
        truth=truth,
        test=test,
        rows=outcomes.rows,
        estimate=float(outcomes.values(clause.n, clause.o, clause.d).mean()),
        ln_p_true=ln_p_true,
        ln_p_false=ln_p_false,
    )


def _ln_p_values(form: Form, outcomes: Outcomes, ln_level: float) -> tuple[str, float, float]:
    """Return the test's name and the log p-values of ``E[Z] <= c`` and of ``E[Z] >= c``."""
    rows = outcomes.rows
    if isinstance(form, BinomialForm):
        ones = int(outcomes.of(form.variable).sum())
        count = rows - ones if form.complement else ones
        return (
            "binomial",
            ln_binomial_p_value(rows, count, form.threshold),
            ln_binomial_p_value(rows, rows - count, 1 - form.threshold),
        )
    if isinstance(form, PairedForm):
        new, old = outcomes.of("n"), outcomes.of("o")
        wins, losses = int((new & ~old).sum()), int((old & ~new).sum())
        if form.exchanged:
            wins, losses = losses, wins
        ln_gamma = ln_level + LN_GAMMA_SHARE
        return (
            "paired",
            ln_paired_p_value(rows, wins, losses, form.threshold, ln_gamma),
            ln_paired_p_value(rows, losses, wins, -form.threshold, ln_gamma),
        )
    return "betting", *_ln_betting_p_values(form, outcomes)


def betting_targets(form: LinearForm) -> tuple[Fraction | None, Fraction | None]:
    """Return the means at which the tests of a form and of its mirror image are sharpest.

    The plan promises a pass where the average exceeds c + eps, so they bet for that, and the other
    way round for the mirror image; None where that is beyond the range.
    """
    c, eps = form.threshold, form.tolerance
    return (
        c + eps if c + eps < form.high else None,
        eps - c if c - eps > form.low else None,
    )


def _ln_betting_p_values(form: LinearForm, outcomes: Outcomes) -> tuple[float, float]:
    values = outcomes.values(form.n, form.o, form.d)
    c, low, high = form.threshold, form.low, form.high
    above, below = betting_targets(form)
    return (
        ln_betting_p_value(values, c, low, high, target=above),
        ln_betting_p_value(-values, -c, -high, -low, target=below),
    )
