"""What the records mean: a pure reading of them, with no clock, no key and no git."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from easeml_action.ledger.errors import ContractChanged, LedgerInconsistent
from easeml_action.ledger.records import (
    MAX_RESUMPTIONS,
    Contract,
    Genesis,
    KnownCiphertext,
    OpenedTestSet,
    Period,
    Question,
    Record,
    RememberedRows,
    ReservedStep,
    ResumedStep,
    Verdict,
)
from easeml_action.statistics import Remaining


@dataclass(frozen=True)
class Evaluation:
    """One charged step, how often it was begun again and, once it is judged, its verdict."""

    reserved: ReservedStep
    verdict: Verdict | None = None
    resumed: tuple[ResumedStep, ...] = ()

    @property
    def word(self) -> Literal["pass", "fail", "recorded", "unfinished"]:
        """The step's outcome as the public may know it."""
        return "unfinished" if self.verdict is None else self.verdict.word

    @property
    def question(self) -> Question:
        """What the step answers."""
        return self.reserved.question

    @property
    def may_resume(self) -> bool:
        """Whether a run may begin the step again."""
        return self.verdict is None and len(self.resumed) < MAX_RESUMPTIONS


@dataclass(frozen=True)
class KnownTestSet:
    """One test set, or one period of it, as the ledger knows it.

    Parameters
    ----------
    test_set
        Identity of its rows.
    rows
        How many there are.
    contract
        The terms it was opened with.
    period
        Which share it is of the rows of which whole test set; the one share of one, mostly.
    ciphertexts
        SHA-256 of every ciphertext known to hold these rows, the first one first.
    evaluations
        Its charged steps, in order.
    passes, fails
        Verdicts recorded in clear; both stay 0 under adaptivity ``none``.
    ln_alpha_floor
        The logarithm of the smallest error level that is of use with these rows.
    """

    test_set: str
    rows: int
    contract: Contract
    period: Period
    ciphertexts: tuple[str, ...]
    evaluations: tuple[Evaluation, ...]
    passes: int
    fails: int
    ln_alpha_floor: float

    @property
    def steps_taken(self) -> int:
        """Steps charged, judged or not."""
        return len(self.evaluations)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts recorded so far, in the order of their steps."""
        return tuple(each.verdict for each in self.evaluations if each.verdict is not None)

    @property
    def unfinished(self) -> tuple[ReservedStep, ...]:
        """Steps that are charged and not judged, by a run at work or by one that died."""
        return tuple(each.reserved for each in self.evaluations if each.verdict is None)

    @property
    def is_retired(self) -> bool:
        """Whether no step is left.

        All are taken, or the passes that end its life are there, or the level of the next step is
        too small for the rows.
        """
        return _is_spent(
            self.contract,
            self.ln_alpha_floor,
            (self.steps_taken, self.passes, self.fails),
        )

    @property
    def remaining(self) -> Remaining:
        """Steps that may still be reserved, as far as the verdicts so far tell."""
        untaken = self.contract.steps - self.steps_taken
        left = self.contract.budget.remaining(self.passes, self.fails, self.ln_alpha_floor)
        return Remaining(min(untaken, left.if_all_fail), min(untaken, left.if_all_pass))

    @property
    def remaining_at_first(self) -> Remaining:
        """Steps that could be reserved before the first was, as far as verdicts could tell."""
        return self.contract.budget.remaining(0, 0, self.ln_alpha_floor)

    def require(self, contract: Contract) -> None:
        """Insist on the terms that the test set was opened with.

        Raises
        ------
        ContractChanged
            The terms given are others.
        """
        if contract != self.contract:
            raise ContractChanged(
                f"This test set was opened with {self.contract}, "
                f"and the configuration now says {contract}.",
                "Restore the configuration, or rotate the test set: a new one starts new terms.",
            )


@dataclass
class _Growing:
    """A test set while the records that speak of it are still being read."""

    opened: OpenedTestSet
    period: Period
    ciphertexts: list[str]  # those of the whole test set, shared by its periods
    evaluations: list[Evaluation] = field(default_factory=list)
    passes: int = 0
    fails: int = 0

    @property
    def ln_alpha_floor(self) -> float:
        floor = self.opened.ln_alpha_floor
        return -math.inf if floor is None else floor

    @property
    def is_spent(self) -> bool:
        return _is_spent(
            self.opened.contract,
            self.ln_alpha_floor,
            (len(self.evaluations), self.passes, self.fails),
        )

    def freeze(self) -> KnownTestSet:
        return KnownTestSet(
            self.opened.test_set,
            self.opened.rows,
            self.opened.contract,
            self.period,
            tuple(self.ciphertexts),
            tuple(self.evaluations),
            self.passes,
            self.fails,
            self.ln_alpha_floor,
        )


class History:
    """The state that a sequence of records leads to.

    Parameters
    ----------
    records
        All of them, oldest first; empty where there is no ledger yet.

    Raises
    ------
    LedgerInconsistent
        The records tell of something that the ledger's rules exclude.
    """

    def __init__(self, records: Sequence[Record] = ()) -> None:
        self.records = tuple(records)
        self._growing: dict[str, _Growing] = {}
        self._remembered: dict[str, RememberedRows] = {}
        self._opened: dict[str, list[str]] = {}
        self._ciphertexts: dict[str, list[str]] = {}
        self._owners: dict[str, str] = {}
        self._steps: dict[Question, int] = {}
        for line, record in enumerate(self.records, 1):
            flaw = self._take(record, line)
            if flaw:
                raise LedgerInconsistent(f"Line {line} of the ledger cannot be true: {flaw}.")
        self._test_sets = {name: each.freeze() for name, each in self._growing.items()}

    @property
    def genesis(self) -> Genesis | None:
        """The first record, or None where there is no ledger yet."""
        return next((each for each in self.records if isinstance(each, Genesis)), None)

    @property
    def remembered(self) -> tuple[RememberedRows, ...]:
        """The rows of whole test sets, as far as they are known by digests."""
        return tuple(self._remembered.values())

    @property
    def test_sets(self) -> tuple[KnownTestSet, ...]:
        """All test sets, each period by itself, in the order of their opening."""
        return tuple(self._test_sets.values())

    @property
    def retired_test_sets(self) -> tuple[KnownTestSet, ...]:
        """The test sets that have no step left, in the order of their opening."""
        return tuple(each for each in self.test_sets if each.is_retired)

    def test_set(self, test_set: str) -> KnownTestSet:
        """Return a test set by its identity.

        Raises
        ------
        KeyError
            It was never opened.
        """
        return self._test_sets[test_set]

    def find(self, test_set: str) -> KnownTestSet | None:
        """Return a test set by its identity, or None where it was never opened."""
        return self._test_sets.get(test_set)

    def rows_of(self, whole: str) -> RememberedRows | None:
        """Return what is remembered of a whole test set's rows, or None."""
        return self._remembered.get(whole)

    def period_of(self, identity: str) -> Period:
        """Return which share of which whole test set an identity stands for, opened or not yet."""
        whole, _, number = identity.rpartition(".")
        remembered = self._remembered.get(whole)
        if remembered and re.fullmatch(r"[1-9][0-9]{0,4}", number):
            periods = remembered.periods
            if 1 < periods >= int(number):
                return Period(whole, int(number), periods)
        return Period(identity)

    def periods_of(self, whole: str) -> tuple[KnownTestSet, ...]:
        """Return the periods of a whole test set that were opened, the newest last."""
        return tuple(self._test_sets[each] for each in self._opened.get(whole, ()))

    def turn_of(self, whole: str) -> Period:
        """Return the period of a test set whose turn it is, opened or not yet.

        It is the newest one, and the next where no step of that is left; after the last, the last.
        """
        opened = self.periods_of(whole)
        if not opened:
            remembered = self._remembered.get(whole)
            return Period(whole, 1, 1 if remembered is None else remembered.periods)
        newest = opened[-1]
        return (newest.is_retired and newest.period.next) or newest.period

    def is_used_up(self, whole: str) -> bool:
        """Say whether no period of an opened test set has a step left."""
        newest = self.periods_of(whole)[-1]
        return newest.is_retired and newest.period.next is None

    def identify(self, ciphertext: str) -> KnownTestSet | None:
        """Return the test set that a ciphertext holds, told by its SHA-256; None if unknown.

        Of one that serves in periods, the one that was opened last.
        """
        owner = self._owners.get(ciphertext)
        return None if owner is None else self.periods_of(owner)[-1]

    def charged(self, question: Question) -> Evaluation:
        """Return the step charged for a question, judged or not.

        Raises
        ------
        KeyError
            None was.
        """
        return self._test_sets[question.test_set].evaluations[self._steps[question] - 1]

    def evaluation_of(self, question: Question) -> Evaluation | None:
        """Return the step charged for a question, judged or not; None where none was."""
        return self.charged(question) if question in self._steps else None

    def verdict_on(self, question: Question) -> Verdict | None:
        """Return the recorded verdict on a question, or None."""
        evaluation = self.evaluation_of(question)
        return evaluation.verdict if evaluation else None

    def reservation_for(self, question: Question) -> ReservedStep | None:
        """Return the step charged for a question and not judged yet, or None."""
        evaluation = self.evaluation_of(question)
        return evaluation.reserved if evaluation and evaluation.verdict is None else None

    def accepted_models(self) -> frozenset[str]:
        """Return the digests of the models that may serve as the old one.

        Those with a pass. Under adaptivity ``none``, where nobody may learn which passed, every
        judged model: the choice of the old model shows nothing then.
        """
        return frozenset(
            each.question.new
            for test_set in self.test_sets
            for each in test_set.evaluations
            if each.verdict is not None and each.verdict.passed is not False
        )

    def _take(self, record: Record, line: int) -> str | None:
        """Add one record; return what makes it impossible, if anything does."""
        if isinstance(record, Genesis) != (line == 1):
            return "a ledger begins with its one genesis record"
        match record:
            case RememberedRows():
                flaw = self._remember(record)
            case OpenedTestSet():
                flaw = self._open(record)
            case KnownCiphertext():
                flaw = self._learn(record)
            case ReservedStep():
                flaw = self._reserve(record)
            case ResumedStep():
                flaw = self._resume(record)
            case Verdict():
                flaw = self._judge(record)
            case Genesis():
                flaw = None
        return flaw

    def _remember(self, record: RememberedRows) -> str | None:
        whole, opened = record.test_set, self._growing.get(record.test_set)
        if whole in self._remembered:
            return "it remembers rows a second time"
        if opened and (record.periods, record.rows) != (1, opened.opened.rows):
            return "it shares out rows that serve already"
        self._remembered[whole] = record
        return None

    def _open(self, record: OpenedTestSet) -> str | None:
        period = self.period_of(record.test_set)
        before = self._opened.get(period.whole, [])
        remembered = self._remembered.get(period.whole)
        flaws = {
            "it opens a test set that is open": record.test_set in self._growing,
            "it gives a ciphertext to two test sets": (
                self._owners.get(record.ciphertext, period.whole) != period.whole
            ),
            "it opens a test set as a whole that serves in periods": (
                remembered is not None and remembered.periods != period.of
            ),
            "it opens a test set with more or fewer rows than it has": (
                remembered is not None and record.rows != period.share(remembered.rows)
            ),
            "its period is not the next one": period.number != len(before) + 1,
            "it opens a period while the one before it serves": (
                bool(before) and not self._growing[before[-1]].is_spent
            ),
        }
        flaw = next((flaw for flaw, is_there in flaws.items() if is_there), None)
        if flaw is None:
            ciphertexts = self._ciphertexts.setdefault(period.whole, [])
            self._growing[record.test_set] = _Growing(record, period, ciphertexts)
            self._opened[period.whole] = [*before, record.test_set]
            self._own(record.ciphertext, period.whole)
        return flaw

    def _learn(self, record: KnownCiphertext) -> str | None:
        if record.test_set not in self._opened:
            return "its test set was never opened"
        if record.ciphertext in self._owners:
            return "its ciphertext was known before"
        self._own(record.ciphertext, record.test_set)
        return None

    def _own(self, ciphertext: str, whole: str) -> None:
        if ciphertext not in self._owners:
            self._owners[ciphertext] = whole
            self._ciphertexts[whole].append(ciphertext)

    def _reserve(self, record: ReservedStep) -> str | None:
        state = self._growing.get(record.test_set)
        if state is None:
            return "its test set was never opened"
        if record.question in self._steps:
            return "it charges a question twice"
        if state.is_spent:
            return "it takes a step of a test set that is used up"
        if record.step != len(state.evaluations) + 1:
            return "its step is not the next one"
        if (record.passes, record.fails) != (state.passes, state.fails):
            return "it counts other verdicts than were known"
        state.evaluations.append(Evaluation(record))
        self._steps[record.question] = record.step
        return None

    def _resume(self, record: ResumedStep) -> str | None:
        state = self._growing.get(record.test_set)
        if state is None or record.step > len(state.evaluations):
            return "it resumes a step that was never reserved"
        evaluation = state.evaluations[record.step - 1]
        if not evaluation.may_resume:
            return "it resumes a step that was judged, or begun as often as a step may be"
        resumed = (*evaluation.resumed, record)
        state.evaluations[record.step - 1] = replace(evaluation, resumed=resumed)
        return None

    def _judge(self, record: Verdict) -> str | None:
        state = self._growing.get(record.test_set)
        if state is None or record.step > len(state.evaluations):
            return "its step was never reserved"
        evaluation = state.evaluations[record.step - 1]
        if evaluation.verdict is not None:
            return "its step was judged before"
        hidden = state.opened.contract.adaptivity == "none"
        if hidden != (record.passed is None):
            return "its bit does not go with the adaptivity"
        state.evaluations[record.step - 1] = replace(evaluation, verdict=record)
        state.passes += record.passed is True
        state.fails += record.passed is False
        return None


def _is_spent(contract: Contract, ln_alpha_floor: float, counts: tuple[int, int, int]) -> bool:
    steps, passes, fails = counts
    # A step that is charged and not judged counts as taken; what it will say counts for nothing
    # yet, because the model it judges was fixed before.
    return steps >= contract.steps or contract.budget.is_spent(passes, fails, ln_alpha_floor)
