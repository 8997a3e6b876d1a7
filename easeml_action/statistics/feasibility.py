"""Conditions that no test set could settle."""

from fractions import Fraction

import numpy as np
from scipy.optimize import linprog

from easeml_action.statistics.clause import Clause
from easeml_action.statistics.form import PATTERNS, PairedForm, form_of, row_values
from easeml_action.statistics.verdict import Mode

# The smallest room, in units of the expressions, that counts as room at all.
_ROOM = 1e-9


class ImpossibleCondition(ValueError):
    """A condition that every model passes or none does; the message says why.

    Parameters
    ----------
    problem
        One sentence that names what is impossible.
    clauses
        The positions of the clauses at fault, from 0.
    """

    def __init__(self, problem: str, clauses: tuple[int, ...]) -> None:
        super().__init__(problem)
        self.clauses = clauses


def check_feasible(clauses: tuple[Clause, ...], disagreement: Fraction) -> None:
    """Refuse a condition that cannot be settled either way.

    Parameters
    ----------
    clauses
        The clauses, at least one.
    disagreement
        The bound p on the share of differing predictions that the plan assumes, in (0, 1].

    Raises
    ------
    ImpossibleCondition
        A clause holds for every model or can never be shown to hold, or two or more clauses
        cannot hold together.
    ValueError
        There are no clauses.

    Notes
    -----
    A clause passes when its estimate exceeds c + epsilon, so c + epsilon must be below the
    largest value of the expression. Whether the clauses can pass together is a linear program
    over the probabilities of the five things that can happen on a row.
    """
    if not clauses:
        raise ValueError("clauses must hold at least 1 clause")
    for position, clause in enumerate(clauses):
        _check_clause(position, clause, disagreement)
    if len(clauses) == 1 or _room(clauses, tolerances=1) > _ROOM:
        return
    everyone = tuple(range(len(clauses)))
    if _room(clauses, tolerances=0) > _ROOM:
        raise ImpossibleCondition(
            "the clauses leave no room for their tolerances: no estimate satisfies all of them",
            everyone,
        )
    raise ImpossibleCondition(
        "the clauses contradict each other: no model satisfies all of them", everyone
    )


def room_for_certainty(clauses: tuple[Clause, ...], mode: Mode, disagreement: Fraction) -> float:
    """Return how much room the tolerances leave for models whose verdict is as good as sure.

    Parameters
    ----------
    clauses
        The clauses, at least one.
    mode
        ``"fp-free"`` or ``"fn-free"``.
    disagreement
        The bound p on the share of differing predictions that the plan assumes, in (0, 1].

    Returns
    -------
    float
        ``fp-free``: by how much a model can meet every clause beyond twice its tolerance.
        ``fn-free``: by how much models can miss each of them beyond that. Negative where none can.
    """
    if mode == "fp-free":
        room = _room(clauses, tolerances=2, disagreement=disagreement)
    else:
        forms = [form_of(clause) for clause in clauses]
        room = float(min(form.threshold - 2 * form.tolerance - form.low for form in forms))
    return 0.0 if abs(room) <= _ROOM else room


def _check_clause(position: int, clause: Clause, disagreement: Fraction) -> None:
    form = form_of(clause)
    threshold, tolerance = float(clause.threshold), float(clause.tolerance)
    sign = "+" if clause.comparison == ">" else "-"
    side = "exceed" if clause.comparison == ">" else "be below"
    if form.threshold < form.low:
        raise ImpossibleCondition(
            f"every model satisfies clause {position + 1}: its threshold {threshold:g} is outside "
            f"the range {_range(clause)} of the expression",
            (position,),
        )
    needed = f"the estimate must {side} {threshold:g} {sign} {tolerance:g}"
    if form.threshold + form.tolerance >= form.high:
        raise ImpossibleCondition(
            f"no model can pass clause {position + 1}: {needed}, but the range of the expression "
            f"is {_range(clause)}",
            (position,),
        )
    if isinstance(form, PairedForm) and form.threshold + form.tolerance >= disagreement:
        raise ImpossibleCondition(
            f"no model can pass clause {position + 1}: {needed}, but n and o differ by at most "
            f"the share of predictions that differ, which is bounded by {float(disagreement):g}",
            (position,),
        )


def _range(clause: Clause) -> str:
    values = row_values(clause.n, clause.o, clause.d)
    return f"[{float(min(values)):g}, {float(max(values)):g}]"


def _room(
    clauses: tuple[Clause, ...], *, tolerances: int, disagreement: Fraction = Fraction(1)
) -> float:
    """Return by how much all clauses can be exceeded at once; negative if they cannot.

    Parameters
    ----------
    tolerances
        How many of its tolerances each clause has to be exceeded by, first of all.
    disagreement
        The largest d.
    """
    # Maximize s over probabilities: for every clause, expression - bound >= s; and d <= p.
    rows = [[float(differ) for _, _, differ in PATTERNS] + [0.0]]
    bounds = [float(disagreement)]
    for clause in clauses:
        sign = 1 if clause.comparison == ">" else -1
        values = row_values(sign * clause.n, sign * clause.o, sign * clause.d)
        rows.append([-float(value) for value in values] + [1.0])
        bounds.append(-float(sign * clause.threshold + tolerances * clause.tolerance))
    result = linprog(
        c=np.array([0.0] * len(PATTERNS) + [-1.0]),
        A_ub=np.array(rows),
        b_ub=np.array(bounds),
        A_eq=np.array([[1.0] * len(PATTERNS) + [0.0]]),
        b_eq=np.array([1.0]),
        bounds=[(0, 1)] * len(PATTERNS) + [(None, None)],
    )
    return float(-result.fun)
