"""What the tests of a step leave open: for every clause, the values that they do not refute."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from easeml_action.statistics.betting import betting_bound
from easeml_action.statistics.binomial import binomial_bound
from easeml_action.statistics.checks import checked_count
from easeml_action.statistics.clause import Clause
from easeml_action.statistics.form import BinomialForm, LinearForm, PairedForm, Variable, form_of
from easeml_action.statistics.paired import paired_bound
from easeml_action.statistics.verdict import LN_GAMMA_SHARE, Outcomes, betting_targets

Interval = tuple[float, float]


@dataclass(frozen=True)
class Tally:
    """How often each thing happened: all that the binomial and the paired test rest on.

    Parameters
    ----------
    rows
        The rows of the test set.
    n, o, d
        The rows where the new model is right, the old one is, and the predictions differ; None
        where it was not measured.
    wins
        The rows where only the new model is right; None unless both models were measured.
    old_is_complete
        Whether the old model handed in a prediction for every row.

    Raises
    ------
    ValueError
        A count is impossible.
    """

    rows: int
    n: int | None = None
    o: int | None = None
    d: int | None = None
    wins: int | None = None
    old_is_complete: bool = True

    def __post_init__(self) -> None:
        checked_count("rows", self.rows, 1)
        if not isinstance(self.old_is_complete, bool):
            raise ValueError("old_is_complete must be true or false")  # noqa: TRY004  as the rest
        for name in ("n", "o", "d"):
            if (count := getattr(self, name)) is not None:
                checked_count(name, count, 0, self.rows)
        if (self.wins is None) != (self.n is None or self.o is None):
            raise ValueError("wins must be given where n and o are, and only there")
        if self.wins is not None and self.n is not None and self.o is not None:
            # The losses are o - (n - wins), and no row is a win and a loss.
            checked_count("wins", self.wins, max(0, self.n - self.o), self.n)
            checked_count("losses", self.o - self.n + self.wins, 0, self.rows - self.wins)

    @classmethod
    def of(cls, outcomes: Outcomes) -> Self:
        """Count outcomes."""
        new, old, differ = outcomes.new_correct, outcomes.old_correct, outcomes.differ
        return cls(
            rows=outcomes.rows,
            n=None if new is None else int(new.sum()),
            o=None if old is None else int(old.sum()),
            d=None if differ is None else int(differ.sum()),
            wins=None if new is None or old is None else int((new & ~old).sum()),
            old_is_complete=outcomes.old_is_complete,
        )

    @property
    def shares(self) -> dict[str, float]:
        """The estimates of those of n, o and d that were measured."""
        counts = {"n": self.n, "o": self.o, "d": self.d}
        return {name: count / self.rows for name, count in counts.items() if count is not None}

    def count(self, variable: Variable) -> int:
        """Return the rows behind a variable; a ValueError if it was not measured."""
        count = {"n": self.n, "o": self.o, "d": self.d}[variable]
        if count is None:
            raise ValueError(f"{variable} must be measured: a clause speaks of it")
        return count


def needs_order(clause: Clause) -> bool:
    """Say whether a clause's test depends on the order of the rows, and not on a tally alone."""
    return isinstance(form_of(clause), LinearForm)


def counted_interval(clause: Clause, tally: Tally, ln_level: float) -> Interval:
    """Return the values of a clause's expression that its test does not refute, from counts.

    Parameters
    ----------
    clause
        A clause about one variable, or about ``n - o``.
    tally
        The outcomes of the step.
    ln_level
        The logarithm of the level of the clause in that step; see `ln_clause_level`.

    Returns
    -------
    low, high : float
        In the units of the expression.

    Raises
    ------
    ValueError
        The test of the clause needs the order of the rows, or the tally lacks a variable.

    Notes
    -----
    An interval inverts the two one-sided tests of the verdict, each at the whole level: below
    ``low`` everything is refuted by the one, above ``high`` by the other. So each end misses the
    true value with probability at most the level, and a clause ``> c`` is true where ``low``
    reaches c, and false where ``high`` does not. Where the old model is incomplete, nothing is
    known of what speaks of it.

    References
    ----------
    Clopper and Pearson, Biometrika 26 (1934); see `paired_bound` for ``n - o``.
    """
    form = form_of(clause)
    if isinstance(form, BinomialForm):
        coefficient = float(clause.n or clause.o or clause.d)
        if clause.n == 0 and not tally.old_is_complete:
            return _ordered(0.0, coefficient)
        count = tally.count(form.variable)
        low = binomial_bound(tally.rows, count, ln_level)
        high = 1 - binomial_bound(tally.rows, tally.rows - count, ln_level)
        return _ordered(low * coefficient, high * coefficient)
    if isinstance(form, PairedForm):
        coefficient = float(clause.n)
        if not tally.old_is_complete:
            return _ordered(-coefficient, coefficient)
        return _ordered(*(coefficient * end for end in _paired_ends(clause, tally, ln_level)))
    raise ValueError("clause: its test needs the order of the rows")


def _paired_ends(clause: Clause, tally: Tally, ln_level: float) -> Interval:
    """Return what is not refuted of ``n - o``, whatever the sign of the clause."""
    if tally.wins is None:
        raise ValueError("n and o must be measured: a clause speaks of both")
    wins, losses = tally.wins, tally.wins - tally.count("n") + tally.count("o")
    margin = clause.threshold / clause.n
    ln_gamma = ln_level + LN_GAMMA_SHARE
    low = paired_bound(tally.rows, wins, losses, margin, ln_level=ln_level, ln_gamma=ln_gamma)
    high = paired_bound(tally.rows, losses, wins, -margin, ln_level=ln_level, ln_gamma=ln_gamma)
    return low, -high


def ordered_interval(clause: Clause, outcomes: Outcomes, ln_level: float) -> Interval:
    """Return the values of a clause's expression that the betting test does not refute.

    Parameters
    ----------
    clause
        A clause with any other expression.
    outcomes
        The outcomes of the step, in the order of the rows.
    ln_level
        As for `counted_interval`.

    Returns
    -------
    low, high : float
        In the units of the expression. Finding them takes as long for one outcome as for another
        of as many rows. Where between them the two tests refute everything, which is as rare as
        their errors, this is what both refute.

    Raises
    ------
    ValueError
        The test of the clause is another one, or outcomes lack a variable.
    """
    match form_of(clause):
        case LinearForm() as form:
            pass
        case _:
            raise ValueError("clause: its test needs no order, use counted_interval")
    c, low, high = form.threshold, form.low, form.high
    unit = next(
        float(mine / its)
        for mine, its in ((clause.n, form.n), (clause.o, form.o), (clause.d, form.d))
        if its
    )
    if not outcomes.old_is_complete:
        return _ordered(float(low) * unit, float(high) * unit)
    above, below = betting_targets(form)
    values = outcomes.values(form.n, form.o, form.d)
    least = betting_bound(values, c, low, high, ln_level=ln_level, target=above)
    most = -betting_bound(np.negative(values), -c, -high, -low, ln_level=ln_level, target=below)
    return _ordered(least * unit, most * unit)


def _ordered(one: float, other: float) -> Interval:
    return min(one, other), max(one, other)
