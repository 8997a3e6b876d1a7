"""The rules of the ledger: what each record adds to what is known, and what no record may say."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from easeml_action.ledger.known import Evaluation, KnownTestSet, is_spent
from easeml_action.ledger.records import (
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


@dataclass
class _GrowingTestSet:
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
        return is_spent(
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


class Growing:
    """What is known while the records are still being read, one after the other.

    Attributes
    ----------
    remembered
        By whole test set: what is remembered of its rows.
    opened
        By whole test set: its periods that were opened, in order.
    owners
        By ciphertext: the whole test set that it holds.
    steps
        By question: the step that was charged for it.
    """

    def __init__(self) -> None:
        self.remembered: dict[str, RememberedRows] = {}
        self.opened: dict[str, list[str]] = {}
        self.owners: dict[str, str] = {}
        self.steps: dict[Question, int] = {}
        self._growing: dict[str, _GrowingTestSet] = {}
        self._ciphertexts: dict[str, list[str]] = {}

    def freeze(self) -> dict[str, KnownTestSet]:
        """Return the test sets by their identities, in the order of their opening."""
        return {name: each.freeze() for name, each in self._growing.items()}

    def take(self, record: Record, line: int) -> str | None:
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
        if whole in self.remembered:
            return "it remembers rows a second time"
        if opened and (record.periods, record.rows) != (1, opened.opened.rows):
            return "it shares out rows that serve already"
        self.remembered[whole] = record
        return None

    def _open(self, record: OpenedTestSet) -> str | None:
        period = period_of(record.test_set, self.remembered)
        before = self.opened.get(period.whole, [])
        remembered = self.remembered.get(period.whole)
        flaws = {
            "it opens a test set that is open": record.test_set in self._growing,
            "it gives a ciphertext to two test sets": (
                self.owners.get(record.ciphertext, period.whole) != period.whole
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
            self._growing[record.test_set] = _GrowingTestSet(record, period, ciphertexts)
            self.opened[period.whole] = [*before, record.test_set]
            self._own(record.ciphertext, period.whole)
        return flaw

    def _learn(self, record: KnownCiphertext) -> str | None:
        if record.test_set not in self.opened:
            return "its test set was never opened"
        if record.ciphertext in self.owners:
            return "its ciphertext was known before"
        self._own(record.ciphertext, record.test_set)
        return None

    def _own(self, ciphertext: str, whole: str) -> None:
        if ciphertext not in self.owners:
            self.owners[ciphertext] = whole
            self._ciphertexts[whole].append(ciphertext)

    def _reserve(self, record: ReservedStep) -> str | None:
        state = self._growing.get(record.test_set)
        if state is None:
            return "its test set was never opened"
        if record.question in self.steps:
            return "it charges a question twice"
        if state.is_spent:
            return "it takes a step of a test set that is used up"
        if record.step != len(state.evaluations) + 1:
            return "its step is not the next one"
        if (record.passes, record.fails) != (state.passes, state.fails):
            return "it counts other verdicts than were known"
        state.evaluations.append(Evaluation(record))
        self.steps[record.question] = record.step
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


def period_of(identity: str, remembered: Mapping[str, RememberedRows]) -> Period:
    """Return which share of which whole test set an identity stands for, opened or not yet."""
    whole, _, number = identity.rpartition(".")
    rows = remembered.get(whole)
    if rows and re.fullmatch(r"[1-9][0-9]{0,4}", number) and 1 < rows.periods >= int(number):
        return Period(whole, int(number), rows.periods)
    return Period(identity)
