"""The ledger as the action uses it: read, open a test set, reserve a step, record its verdict.

Every change is one compare-and-swap on the branch: read the history, decide on it, push; if that
fails for a passing reason, read again and decide again. Because each decision looks first for its
own effect, it does not matter whether a push that failed had arrived.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType

from easeml_action.errors import GateError
from easeml_action.ledger import chain
from easeml_action.ledger.branch import LEDGER_FILE, Branch, Copy, Tip, TryAgain
from easeml_action.ledger.errors import (
    AccessDenied,
    BranchProtected,
    BudgetSpent,
    IdentityConflict,
    LedgerBusy,
    LedgerCopied,
    LedgerRewritten,
    PushRefused,
    RemoteUnreachable,
    ResumedTooOften,
    UntrustedLedger,
)
from easeml_action.ledger.history import Evaluation, History, KnownTestSet
from easeml_action.ledger.records import (
    Contract,
    Genesis,
    KnownCiphertext,
    OpenedTestSet,
    Question,
    Record,
    ReservedStep,
    ResumedStep,
    Verdict,
    kind_of,
)
from easeml_action.ledger.shelf import ShelvedRows, take_down
from easeml_action.ledger.witness import Mark, find_marks, forgotten, how_to_restore
from easeml_action.patience import Patience

Decide = Callable[[History], Sequence[Record]]
# Looks at the rows of every test set that is remembered, and raises what keeps others from serving.
Inspect = Callable[[Sequence[ShelvedRows]], None]
# What stands on the branch at one moment: the history, and a way to its files.
_Read = Callable[[str], bytes | None]


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
        if key is not None and len(key) != chain.KEY_BYTES:
            raise ValueError(f"key must be of {chain.KEY_BYTES} bytes, not {len(key)}")
        self._branch = branch
        self._key = key
        self._repository = repository
        self._patience = patience or branch.patience
        self._now = now
        self._seen = chain.Verified()
        self._history: History | None = None

    @property
    def history(self) -> History:
        """The history as this run last read or wrote it.

        Raises
        ------
        RuntimeError
            It has done neither; an unread ledger is not an empty one.
        """
        if self._history is None:
            raise RuntimeError("the ledger must be read before its history is asked for")
        return self._history

    @property
    def mark(self) -> str:
        """What names the newest record in a text; empty where there is no record or no key."""
        if not self._seen.links or self._key is None:
            return ""
        return str(Mark.of(self._branch.name, self._seen.links[-1], self._key))

    def heed(self, texts: Iterable[str]) -> None:
        """Hold the ledger against the marks in texts that were read before it was.

        A mark that no holder of the key made, or that is of another branch, says nothing.

        Raises
        ------
        LedgerRolledBack
            The ledger lacks a record that a text remembers.
        """
        name, key = self._branch.name, self._key
        if key is None:
            raise ValueError("key: only its holder can tell a mark from a forgery")
        for mark in (each for text in texts for each in find_marks(text)):
            if mark.is_of(name, key) and not mark.is_kept_by(self._seen.links):
                raise forgotten(name, mark, self._seen.links)

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

        def look(history: History, read: _Read) -> Sequence[Record]:
            found.append(take_down(history, read))
            return ()

        self._append(look)
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
        whole = rows.record.test_set

        def decide(history: History, read: _Read) -> Sequence[Record]:
            if history.rows_of(whole):
                return ()
            if not history.periods_of(whole):
                inspect(take_down(history, read))
            return [rows.record]

        return self._append(decide, {rows.path: rows.digests})

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
            known = history.find(test_set)
            owner = history.identify(ciphertext)
            whole = history.period_of(test_set).whole
            if (owner and owner.period.whole != whole) or (known and known.rows != rows):
                raise IdentityConflict(
                    "The ledger knows this ciphertext as another test set, or the test set with "
                    "another number of rows.",
                    "Use the private key that the ledger was begun with.",
                )
            if known is None:
                time = self._time()
                opened = OpenedTestSet(test_set, ciphertext, rows, contract, time, ln_alpha_floor)
                return [opened]
            known.require(contract)
            return [] if owner else [KnownCiphertext(whole, ciphertext)]

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
        run that dies tells something, and may not do so for ever.

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
        ResumedTooOften
            The question's step was begun as often as a step may be.
        ValueError
            The test set was not opened.
        """
        mark = secrets.token_hex(16)
        seen = None if self._history is None else self._history.find(question.test_set)
        had_one_left = seen is not None and not seen.is_retired

        def decide(history: History) -> Sequence[Record]:
            evaluation = history.evaluation_of(question)
            if evaluation is not None:
                step = evaluation.reserved.step
                again = ResumedStep(question.test_set, step, self._time(), mark, run)
                return _resume(evaluation, again)
            state = history.find(question.test_set)
            if state is None:
                raise ValueError("question: its test set must be opened before a step is reserved")
            _insist_on_a_step_left(state, had_one_left=had_one_left)
            step = state.steps_taken + 1
            known, time = (state.passes, state.fails), self._time()
            return [ReservedStep(question, step, *known, commit, time, run, mark)]

        evaluation = self.append(decide).charged(question)
        if evaluation.verdict is not None:
            return evaluation.verdict
        charge = evaluation.reserved
        resumed = charge.mark != mark
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
        question, step = reservation.question, reservation.step
        verdict = Verdict(question.test_set, step, passed, sealed)

        def decide(history: History) -> Sequence[Record]:
            evaluation = history.evaluation_of(question)
            if evaluation is None or evaluation.reserved.step != step:
                raise ValueError("reservation: the step is not reserved for this question")
            adaptivity = history.test_set(question.test_set).contract.adaptivity
            if (passed is None) != (adaptivity == "none"):
                raise ValueError("passed must be None under adaptivity 'none', and only there")
            return [] if evaluation.verdict else [verdict]

        return self.append(decide).verdict_on(question) or verdict

    def append(self, decide: Decide) -> History:
        """Append what ``decide`` returns for the history as it stands at that very moment.

        Parameters
        ----------
        decide
            Called once for each attempt. It looks for its own effect first, because an attempt
            that seemed to fail may have succeeded. What it raises ends the attempts.

        Returns
        -------
        History
            The history with the new records.
        """
        return self._append(lambda history, _: decide(history))

    def _append(
        self,
        decide: Callable[[History, _Read], Sequence[Record]],
        files: Mapping[str, bytes] = MappingProxyType({}),
    ) -> History:
        """Append records as `append` does, and put files beside them."""
        trial = self._patience.trial()
        unsure: TryAgain | None = None
        with self._branch.copy() as copy:
            while True:
                try:
                    return self._attempt(copy, decide, files)
                except TryAgain as passing:
                    if passing.pushing:
                        # Where the branch has moved on, no push of ours is still under way.
                        unsure = None if passing.raced else passing
                    wait = trial.yield_turn if passing.raced else trial.pause
                    if not wait(passing.pause):
                        raise self._out_of_patience(unsure or passing) from None
                except (AccessDenied, BranchProtected) as refused:
                    if unsure is None:
                        raise
                    raise self._out_of_patience(unsure) from refused

    def _attempt(
        self,
        copy: Copy,
        decide: Callable[[History, _Read], Sequence[Record]],
        files: Mapping[str, bytes],
    ) -> History:
        tip = copy.read(self._patience.answer)
        links, history = self._verify(tip)
        copy.insist_on_witness(tip)
        self._seen, self._history = chain.Verified(tip.data, links), history
        records = list(decide(history, partial(copy.file, tip.commit)))
        if not records:
            return history
        if self._key is None:
            raise ValueError("key: a ledger is written with its key only")
        if not links:
            genesis = Genesis(secrets.token_hex(16), self._repository, self._time())
            records.insert(0, genesis)
        added = chain.extend(links, records, self._key)
        after = History([*history.records, *records])
        message = "Append " + ", ".join(kind_of(record) for record in records)
        data = tip.data + chain.to_bytes(added)
        files = {**files, LEDGER_FILE: data}
        copy.push(tip, files, message, self._patience.answer)
        self._seen, self._history = chain.Verified(data, links + added), after
        return after

    def _verify(self, tip: Tip) -> tuple[tuple[chain.Link, ...], History]:
        try:
            links = () if tip.commit is None else chain.read(tip.data, self._key, self._seen)
            history = History([link.record for link in links])
            self._insist_on_what_was_seen(links)
        except UntrustedLedger as damage:
            if tip.witness in {None, tip.commit}:
                raise
            restore = how_to_restore(self._branch.name)
            raise type(damage)(damage.problem, restore) from None
        if links and isinstance(links[0].record, Genesis):
            owner = links[0].record.repository
            if None not in (owner, self._repository) and owner != self._repository:
                raise LedgerCopied(
                    "The ledger was begun for another repository.",
                    "Delete the copied branch if this repository shall have a ledger of its own, "
                    "and use a test set of its own.",
                )
        return links, history

    def _insist_on_what_was_seen(self, links: Sequence[chain.Link]) -> None:
        seen = self._seen.links
        if seen and (len(links) < len(seen) or links[len(seen) - 1].hash != seen[-1].hash):
            raise LedgerRewritten("The ledger lost records while this run was at work.")

    def _time(self) -> str:
        return self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _out_of_patience(self, last: TryAgain) -> GateError:
        name = self._branch.name
        if last.raced:
            return LedgerBusy(
                f"Other runs kept writing to the branch {name} before this one could.",
                "Run the job again; what this run had reserved stays reserved for it.",
            )
        if last.pushing:
            return PushRefused(
                f"The remote did not take the push to the branch {name}: {last.said}",
                "Look for a hook, a quota or an outage of the git server, then run the job again; "
                "whether the push arrived or not, nothing is charged twice.",
            )
        return RemoteUnreachable(
            f"The branch {name} could not be read from the remote: {last.said}",
            "Check that origin can be reached, then run the job again; nothing was written.",
        )


def _resume(evaluation: Evaluation, resumption: ResumedStep) -> Sequence[Record]:
    """Return what begins a charged step again: nothing where it is judged, or ours already."""
    marks = {evaluation.reserved.mark, *(each.mark for each in evaluation.resumed)}
    if evaluation.verdict is not None or resumption.mark in marks:
        return []
    if not evaluation.may_resume:
        raise ResumedTooOften(
            f"Step {evaluation.reserved.step} was begun {1 + len(evaluation.resumed)} times for "
            "this model, and no run came to a verdict.",
            "Look in those runs for what ended them (memory, cancelled jobs); the step stays "
            "charged, and a changed model takes a step of its own.",
        )
    return [resumption]


def _insist_on_a_step_left(state: KnownTestSet, *, had_one_left: bool) -> None:
    if not state.is_retired:
        return
    if state.steps_taken >= state.contract.steps:
        why = f"all of its {state.contract.steps} steps are taken"
    elif state.contract.adaptivity == "metered":
        why = f"after {state.passes} passed and {state.fails} failed commits its rows are too few"
    else:
        why = f"it retired after {state.passes} passed and {state.fails} failed commits"
    by_whom = " by another run while this one got ready" if had_one_left else ""
    raise BudgetSpent(
        f"The test set is used up{by_whom}: {why}.", "Rotate the test set: commit a new one."
    )
