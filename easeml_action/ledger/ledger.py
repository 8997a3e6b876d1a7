"""The ledger as the action uses it: read, open a test set, reserve a step, record its verdict."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from easeml_action.ledger import decisions
from easeml_action.ledger.branch import Branch
from easeml_action.ledger.errors import ResumedTooOften
from easeml_action.ledger.history import History
from easeml_action.ledger.journal import Journal
from easeml_action.ledger.records import Contract, OpenedTestSet, Question, Record, Verdict
from easeml_action.ledger.refusals import TryAgain
from easeml_action.ledger.shelf import ReadFile, ShelvedRows, take_down
from easeml_action.ledger.witness import Mark, find_marks, forgotten
from easeml_action.patience import Patience

# Looks at the rows of every test set that is remembered, and raises what keeps others from serving.
Inspect = Callable[[Sequence[ShelvedRows]], None]

# Between two looks for the verdict of other runs, at least.
_POLL_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Reservation:
    """A step that is this run's to answer.

    Parameters
    ----------
    question
        What it answers.
    step
        Its number on the test set, from 1.
    passes, fails
        The verdicts known when it was charged: its error level follows from them.
    resumed
        Whether an earlier run had charged it and did not come to a verdict.
    """

    question: Question
    step: int
    passes: int
    fails: int
    resumed: bool


def _now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """The append-only record of one repository's test sets.

    Parameters
    ----------
    branch
        Where it is kept.
    key
        32 bytes that seal the records. None reads without the check that only the key allows,
        and cannot write.
    repository
        Something that names the repository for good, as its numeric id does; a ledger begun for
        another one is refused.
    patience
        How long a change is tried for; by default as long as the checkout is patient.
    now
        The clock.

    Raises
    ------
    ValueError
        The key is not of 32 bytes.
    """

    def __init__(
        self,
        branch: Branch,
        key: bytes | None,
        *,
        repository: str | None = None,
        patience: Patience | None = None,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._name = branch.name
        self._key = key
        self._now = now
        self._journal = Journal(
            branch,
            key,
            repository=repository,
            patience=patience or branch.patience,
            time=self._time,
        )

    @property
    def history(self) -> History:
        """The history as this run last read or wrote it.

        Raises
        ------
        RuntimeError
            It has done neither; an unread ledger is not an empty one.
        """
        history = self._journal.history
        if history is None:
            raise RuntimeError("the ledger must be read before its history is asked for")
        return history

    @property
    def mark(self) -> str:
        """What names the newest record in a text; empty where there is no record or no key."""
        links = self._journal.links
        if not links or self._key is None:
            return ""
        return str(Mark.of(self._name, links[-1], self._key))

    def heed(self, texts: Iterable[str]) -> None:
        """Hold the ledger against the marks in texts that were read before it was.

        A mark that no holder of the key made, or that is of another branch, says nothing.

        Raises
        ------
        LedgerRolledBack
            The ledger lacks a record that a text remembers.
        """
        name, key, links = self._name, self._key, self._journal.links
        if key is None:
            raise ValueError("key: only its holder can tell a mark from a forgery")
        for mark in (each for text in texts for each in find_marks(text)):
            if mark.is_of(name, key) and not mark.is_kept_by(links):
                raise forgotten(name, mark, links)

    def read(self) -> History:
        """Return the history as it stands on the remote now.

        Raises
        ------
        UntrustedLedger
            By a subclass that says what is wrong with it.
        WrongLedgerKey
            It was written with another key.
        RemoteUnreachable, AccessDenied, NoOrigin
            It could not be read: which is not to say that it is empty.
        """
        return self.append(lambda _: ())

    def shelved_rows(self) -> tuple[ShelvedRows, ...]:
        """Return the rows of every test set that the ledger remembers.

        Raises
        ------
        UntrustedLedger
            By a subclass that says what is wrong with it, or with the digests beside it.
        """
        found: list[tuple[ShelvedRows, ...]] = []

        def look(history: History, read: ReadFile) -> Sequence[Record]:
            found.append(take_down(history, read))
            return ()

        self._journal.append(look)
        return found[-1]

    def remember_rows(self, rows: ShelvedRows, inspect: Inspect) -> History:
        """Remember a test set's rows before it serves; or from now on, where it serves already.

        Parameters
        ----------
        rows
            They are written where nothing is remembered of this test set yet. Otherwise what the
            record says of its periods holds, and not what is said here.
        inspect
            Called for a test set that does not serve yet, with the rows of all that do. What it
            raises ends the attempts, and nothing is written.

        Raises
        ------
        RowsMissing, RowsEdited
            The digests of a test set are not beside the ledger as they were put there.
        """

        def decide(history: History, read: ReadFile) -> Sequence[Record]:
            return decisions.remember(
                history, rows.record, lambda: inspect(take_down(history, read))
            )

        return self._journal.append(decide, {rows.path: rows.digests})

    def open_test_set(
        self,
        test_set: str,
        ciphertext: str,
        rows: int,
        contract: Contract,
        ln_alpha_floor: float | None = None,
    ) -> History:
        """Make a test set known, or insist that it is known as it is now presented.

        Parameters
        ----------
        test_set
            Identity of its rows; of a period, where its rows are shared out over several.
        ciphertext
            SHA-256 (hex) of the encrypted file.
        rows
            How many there are.
        contract
            The terms of the configuration.
        ln_alpha_floor
            Logarithm of the smallest error level at which the rows reach the tolerances; no step
            at a smaller one is ever reserved. None for no such end. It is fixed by the first
            opening.

        Raises
        ------
        ContractChanged
            It was opened under other terms.
        IdentityConflict
            The ledger knows the ciphertext as another test set, or the test set with another
            number of rows.
        """

        def decide(history: History) -> Sequence[Record]:
            terms = (contract, self._time(), ln_alpha_floor)
            return decisions.open_as(history, OpenedTestSet(test_set, ciphertext, rows, *terms))

        return self.append(decide)

    def reserve(
        self,
        question: Question,
        *,
        commit: str,
        run: str | None = None,
    ) -> Reservation | Verdict:
        """Charge a step for a question, once and for all, before a model sees a row.

        A step that was charged and never answered is resumed, and that is written down as well: a
        run that dies tells something, and may not do so for ever. Where it was begun as often as
        it may be, a verdict of those runs is waited for.

        Parameters
        ----------
        question
            What the step is to answer; its test set is open.
        commit
            Id of the commit under test.
        run
            Address or id of the workflow run, for people.

        Returns
        -------
        Reservation or Verdict
            The step charged now, or charged before and never answered; or the verdict, where
            the question has one.

        Raises
        ------
        BudgetSpent
            No step is left, perhaps since a moment ago.
        ContractChanged
            Steps of the test set were used with another label.
        ResumedTooOften
            The question's step was begun as often as a step may be, and no verdict came.
        ValueError
            The test set was not opened.
        """
        claim = decisions.Claim(question, commit, run, secrets.token_hex(16))
        before = self._journal.history
        seen = None if before is None else before.find(question.test_set)
        had_one_left = seen is not None and not seen.is_retired

        def decide(history: History) -> Sequence[Record]:
            try:
                return decisions.charge(history, claim, self._time(), had_one_left=had_one_left)
            except ResumedTooOften as refused:
                # The runs that began it may be at work, and one verdict serves all.
                raise TryAgain(
                    refused.problem, raced=True, pause=_POLL_SECONDS, otherwise=refused
                ) from None

        evaluation = self.append(decide).charged(question)
        if evaluation.verdict is not None:
            return evaluation.verdict
        charge = evaluation.reserved
        resumed = charge.mark != claim.mark
        return Reservation(question, charge.step, charge.passes, charge.fails, resumed)

    def record(self, reservation: Reservation, passed: bool | None, sealed: str) -> Verdict:
        """Record the verdict on a reserved step, also where the test set has retired meanwhile.

        Parameters
        ----------
        reservation
            The step.
        passed
            The bit, or None under adaptivity ``none``.
        sealed
            PGP message to the key holder, with the bit and the estimates.

        Returns
        -------
        Verdict
            The one that stands in the ledger: this one, or that of another run which answered
            the same step first.

        Raises
        ------
        ValueError
            The step is not reserved for this question, or the bit does not go with the
            adaptivity.
        """
        question = reservation.question
        verdict = Verdict(question.test_set, reservation.step, passed, sealed)
        after = self.append(lambda history: decisions.answer(history, question, verdict))
        return after.verdict_on(question) or verdict

    def append(self, decide: Callable[[History], Sequence[Record]]) -> History:
        """Append what ``decide`` returns for the history as it stands at that very moment.

        See `Journal.append`.
        """
        return self._journal.append(lambda history, _: decide(history))

    def _time(self) -> str:
        return self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
