"""The public facts of one run, noted as they come to be known.

Whatever ends the run, a verdict or an error, the report says what was known by then.
"""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from easeml_action.config import Config
from easeml_action.errors import GateError
from easeml_action.gate import TooFewRows
from easeml_action.github import PastVerdict, Report, Terms
from easeml_action.github.report import LEFT_UNDONE, VerdictWord
from easeml_action.ledger import (
    AccessDenied,
    BranchProtected,
    BudgetSpent,
    ContractChanged,
    IdentityConflict,
    KnownTestSet,
    LedgerBusy,
    RemoteUnreachable,
    Reservation,
    ResumedTooOften,
    Verdict,
)
from easeml_action.recycling import RowsShared
from easeml_action.statistics import Plan

# Each is found out on the ledger as it stands, so that no reservation of this run is in it.
_WROTE_NOTHING = (
    AccessDenied,
    BranchProtected,
    BudgetSpent,
    ContractChanged,
    IdentityConflict,
    LedgerBusy,
    RemoteUnreachable,
    ResumedTooOften,
    RowsShared,
    TooFewRows,
)


class Minutes:
    """Gathers a :class:`Report`.

    Parameters
    ----------
    commit
        Id of the commit under test.
    run_url
        The page of this run.
    """

    def __init__(self, commit: str, run_url: str) -> None:
        self.report = Report("error", commit, run_url)
        self._has_outcome = False

    def note(self, verdict: VerdictWord) -> None:
        """Note an outcome that takes no step."""
        self._conclude(verdict=verdict)

    def note_terms(self, config: Config, plan: Plan) -> None:
        """Note what the configuration promises, and the rows that it takes."""
        self._note(terms=terms_of(config), rows_required=plan.rows)

    def note_test_set(self, test_set: str, rows: int) -> None:
        """Note which rows the change is judged on."""
        self._note(test_set=test_set, rows=rows)

    @contextmanager
    def reserving(self) -> Iterator[None]:
        """Take a step for charged while it is not known whether the ledger has it."""
        self._note(cost="reserved")
        try:
            yield
        except _WROTE_NOTHING:
            self._note(cost="nothing")
            raise

    def note_reservation(self, reservation: Reservation) -> None:
        """Note that a step is charged; an error from here on leaves it reserved."""
        self._note(step=reservation.step, cost="reserved")

    def note_verdict(self, verdict: Verdict, *, charged: bool) -> None:
        """Note what the ledger says of this change."""
        self._conclude(
            verdict=verdict.word,
            step=verdict.step,
            cost="step" if charged else "nothing",
        )

    def note_state(self, state: KnownTestSet, *, used_up: bool) -> None:
        """Note where the test set, or the period that the change is judged on, stands in its life.

        Parameters
        ----------
        used_up
            Whether no period has a step left.
        """
        self._note(
            test_set=state.test_set,
            rows=state.rows,
            period=state.period.number,
            periods=state.period.of,
            remaining=state.remaining,
            retired=used_up,
            period_over=state.is_retired and not used_up,
            history=past_verdicts(state),
        )

    def note_mark(self, mark: str) -> None:
        """Note what names the newest record of the ledger."""
        self._note(mark=mark)

    def note_issue(self, number: int | None) -> None:
        """Note the issue that asks for a new test set."""
        self._note(issue=number)

    def note_closed_issue(self, number: int) -> None:
        """Note that an issue was closed, since its test set has been replaced."""
        self._note(closed_issues=(*self.report.closed_issues, number))

    def note_error(self, error: GateError) -> None:
        """Note what ended the run; once there is an outcome, only as what kept it from going on."""
        if self._has_outcome:
            self._note(left_undone=LEFT_UNDONE.format(problem=error.problem))
            return
        self._conclude(
            verdict="error",
            problem=error.problem,
            remedy=error.remedy,
            excerpt=error.excerpt,
            more=error.more,
        )

    def _conclude(self, **facts: Any) -> None:
        self._has_outcome = True
        self._note(**facts)

    def _note(self, **facts: Any) -> None:
        self.report = dataclasses.replace(self.report, **facts)


def terms_of(config: Config) -> Terms:
    """Return the public terms of a configuration."""
    return Terms(
        str(config.condition),
        config.reliability,
        config.mode,
        config.adaptivity,
        config.steps,
        config.passes,
    )


def past_verdicts(state: KnownTestSet) -> tuple[PastVerdict, ...]:
    """Return the steps of a test set as the public may know them."""
    return tuple(
        PastVerdict(each.reserved.step, each.reserved.commit, each.word)
        for each in state.evaluations
    )
