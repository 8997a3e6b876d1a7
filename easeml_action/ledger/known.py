"""What is known of one test set: the steps charged to it, their verdicts, and what is left."""

from dataclasses import dataclass
from typing import Literal

from easeml_action.ledger.errors import ContractChanged
from easeml_action.ledger.records import (
    MAX_RESUMPTIONS,
    Contract,
    Period,
    Question,
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
    def starts(self) -> tuple[tuple[str, str | None], ...]:
        """When the step was begun, and by which run, each time."""
        again = ((each.time, each.run) for each in self.resumed)
        return ((self.reserved.time, self.reserved.run), *again)

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
        return is_spent(
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


def is_spent(contract: Contract, ln_alpha_floor: float, counts: tuple[int, int, int]) -> bool:
    """Say whether no step is left after so many steps, passes and fails."""
    steps, passes, fails = counts
    # A step that is charged and not judged counts as taken; what it will say counts for nothing
    # yet, because the model it judges was fixed before.
    return steps >= contract.steps or contract.budget.is_spent(passes, fails, ln_alpha_floor)
