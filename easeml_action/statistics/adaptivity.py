"""How the error is spread over the life of a test set, and when that life ends."""

import math
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from easeml_action.statistics.checks import Real, checked_count, checked_real

Adaptivity = Literal["none", "firstChange", "full", "metered"]

# A level counts as out of reach only when it is below the floor by more than rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Remaining:
    """How many more evaluations a test set allows.

    Parameters
    ----------
    if_all_fail, if_all_pass
        Evaluations left when every one of them fails, or every one passes. The two are the
        ends of what a team can meet.
    """

    if_all_fail: int
    if_all_pass: int

    @property
    def most(self) -> int:
        """The evaluations left at most, whatever mixture of verdicts comes."""
        return max(self.if_all_fail, self.if_all_pass)


@dataclass(frozen=True)
class Budget:
    r"""The error budget of one test set.

    Parameters
    ----------
    adaptivity
        What a developer sees: ``"none"`` nothing, ``"firstChange"`` verdicts up to the first
        pass, ``"full"`` every verdict, ``"metered"`` every verdict with the error shared out by
        an assumed pass rate.
    steps
        The most evaluations H of the test set, at least 1.
    reliability
        ``1 - delta``, in (0, 1): the chance that the promise holds over the whole life.
    passes
        With ``"full"`` only: the test set retires at this pass, 1..steps.
    pass_rate
        With ``"metered"`` only, and needed there: the assumed share ``q`` of passes, in (0, 1).
        A wrong assumption costs evaluations, never the promise.

    Raises
    ------
    ValueError
        An argument is outside its range or does not go with the adaptivity.

    Notes
    -----
    A model is a fixed function of the feedback so far, so every adaptive developer walks through
    a tree of histories with one node per evaluation that could ever happen. A union bound over
    the K nodes covers them all. Step t has :math:`\sum_{i<k} \binom{t-1}{i}` nodes with fewer
    than k passes so far, and over all steps that is :math:`\sum_{j=1}^{k} \binom{H}{j}`:
    H for k = 1 and :math:`2^H - 1` for k = H.

    ``"metered"`` gives the node after s passes and f fails the share
    :math:`\delta q^s (1-q)^f / H`. Over the nodes of one depth the shares add up to
    :math:`\delta / H` by the binomial theorem, so over the tree they add up to delta.

    References
    ----------
    Renggli et al., MLSys 2019, section 3.3 (which counts :math:`2^H` for full adaptivity).
    Blum and Hardt, "The Ladder", ICML 2015, for the tree of feedback histories.
    """

    adaptivity: Adaptivity
    steps: int
    reliability: Real
    passes: int | None = None
    pass_rate: Real | None = None

    def __post_init__(self) -> None:
        if self.adaptivity not in get_args(Adaptivity):
            legal = ", ".join(get_args(Adaptivity))
            raise ValueError(f"adaptivity must be one of {legal}, not {self.adaptivity!r}")
        checked_count("steps", self.steps, 1)
        checked_real("reliability", self.reliability, 0, 1, open_ends=True)
        if self.passes is not None:
            if self.adaptivity != "full":
                raise ValueError("passes goes with adaptivity 'full' only")
            checked_count("passes", self.passes, 1, self.steps)
        if self.adaptivity == "metered" and self.pass_rate is None:
            raise ValueError("pass_rate must be given, in (0, 1), with adaptivity 'metered'")
        if self.pass_rate is not None:
            if self.adaptivity != "metered":
                raise ValueError("pass_rate goes with adaptivity 'metered' only")
            checked_real("pass_rate", self.pass_rate, 0, 1, open_ends=True)

    @property
    def most_passes(self) -> int | None:
        """The pass at which the test set retires, or None when passes do not retire it."""
        return 1 if self.adaptivity == "firstChange" else self.passes

    @cached_property
    def evaluations(self) -> int:
        """The number K of evaluations that could ever happen, exact."""
        if self.adaptivity == "none":
            return self.steps
        if self.most_passes is None:
            return int(2**self.steps - 1)
        # Every binomial coefficient from the one before: computed afresh, thousands take seconds.
        total, coefficient = 0, 1
        for j in range(1, self.most_passes + 1):
            coefficient = coefficient * (self.steps - j + 1) // j
            total += coefficient
        return total

    @cached_property
    def ln_evaluations(self) -> float:
        """``ln K``. Finite for every number of steps."""
        return math.log(self.evaluations)

    @cached_property
    def ln_delta(self) -> float:
        """``ln(1 - reliability)``."""
        return math.log(1 - self.reliability)

    def ln_alpha(self, passes: int = 0, fails: int = 0) -> float:
        """Return the logarithm of the error level of the next evaluation.

        Parameters
        ----------
        passes, fails
            The verdicts so far. Only ``"metered"`` depends on them.

        Returns
        -------
        float
            ``ln alpha``, below 0. It is not turned into alpha, which may underflow.

        Raises
        ------
        ValueError
            A count is negative or not an integer.
        """
        passes = checked_count("passes", passes, 0)
        fails = checked_count("fails", fails, 0)
        if self.pass_rate is None:
            return self.ln_delta - self.ln_evaluations
        q = float(self.pass_rate)
        share = passes * math.log(q) + fails * math.log1p(-q)
        return self.ln_delta - math.log(self.steps) + share

    @property
    def planned_history(self) -> tuple[int, int]:
        """The passes and fails before the evaluation that a plan must still reach.

        With ``"metered"`` this is the last step when the assumed pass rate holds, rounded up to
        a whole pass; otherwise every step has the same level and the first one will do.
        """
        if self.pass_rate is None:
            return 0, 0
        passes = math.ceil(self.pass_rate * (self.steps - 1))
        return passes, self.steps - 1 - passes

    def is_spent(self, passes: int, fails: int, ln_alpha_floor: float = -math.inf) -> bool:
        """Tell whether no further evaluation may be reserved.

        Parameters
        ----------
        passes, fails
            The verdicts so far. Under ``"none"`` only their sum matters.
        ln_alpha_floor
            The logarithm of the smallest level at which the rows of the test set still reach the
            tolerances (`easeml_action.statistics.solve.finest_ln_alpha`). It retires a
            ``"metered"`` set early; for the others the level never moves.

        Returns
        -------
        bool
            True at step H, at the last pass, or once the next level is below the floor.

        Raises
        ------
        ValueError
            A count is negative or not an integer.
        """
        passes = checked_count("passes", passes, 0)
        fails = checked_count("fails", fails, 0)
        if passes + fails >= self.steps:
            return True
        if self.most_passes is not None and passes >= self.most_passes:
            return True
        return self.ln_alpha(passes, fails) < ln_alpha_floor - _ROUNDING

    def remaining(self, passes: int, fails: int, ln_alpha_floor: float = -math.inf) -> Remaining:
        """Count the evaluations left, in a team's terms.

        Parameters
        ----------
        passes, fails, ln_alpha_floor
            As for `is_spent`.

        Returns
        -------
        Remaining
            The evaluations left if they all fail and if they all pass.

        Raises
        ------
        ValueError
            A count is negative or not an integer.
        """
        # Once spent, a budget stays so: the first spent one is found by bisection.
        ahead = range(self.steps + 1)
        return Remaining(
            if_all_fail=bisect_left(
                ahead, True, key=lambda more: self.is_spent(passes, fails + more, ln_alpha_floor)
            ),
            if_all_pass=bisect_left(
                ahead, True, key=lambda more: self.is_spent(passes + more, fails, ln_alpha_floor)
            ),
        )
