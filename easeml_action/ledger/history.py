"""What the records mean: a pure reading of them, with no clock, no key and no git."""

from collections.abc import Sequence

from easeml_action.ledger.errors import LedgerInconsistent
from easeml_action.ledger.known import Evaluation, KnownTestSet
from easeml_action.ledger.records import (
    Genesis,
    Period,
    Question,
    Record,
    RememberedRows,
    ReservedStep,
    Verdict,
)
from easeml_action.ledger.rules import Growing, period_of


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
        growing = Growing()
        for line, record in enumerate(self.records, 1):
            flaw = growing.take(record, line)
            if flaw:
                raise LedgerInconsistent(f"Line {line} of the ledger cannot be true: {flaw}.")
        self._test_sets = growing.freeze()
        self._remembered = growing.remembered
        self._opened = growing.opened
        self._owners = growing.owners
        self._steps = growing.steps

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
        return period_of(identity, self._remembered)

    def periods_of(self, whole: str) -> tuple[KnownTestSet, ...]:
        """Return the periods of a whole test set that were opened, the newest last."""
        return tuple(self._test_sets[each] for each in self._opened.get(whole, ()))

    def has_replaced(self, newer: str, older: str) -> bool:
        """Say whether one whole test set was opened after another."""
        opened = list(self._opened)
        return older in opened and newer in opened[opened.index(older) + 1 :]

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
