"""What is opened is what was judged, at the level of its step, with what was left after it."""

import math
from dataclasses import dataclass, field

import numpy as np
import pytest

from easeml_action.condition import parse
from easeml_action.disclosure import disclose
from easeml_action.ledger import (
    Contract,
    Evaluation,
    KnownTestSet,
    Period,
    Question,
    ReservedStep,
    Verdict,
)
from easeml_action.sealed import SealedVerdict
from easeml_action.statistics import Outcomes, Tally, counted_interval, judge

SET = "3f" * 16
CLAUSE = "n > 0.5 +/- 0.1"


@dataclass
class Keeper:
    """Opens what it has sealed itself: the number in the message says which."""

    kept: list[bytes] = field(default_factory=list)

    def keep(self, content: bytes) -> str:
        self.kept.append(content)
        number = len(self.kept) - 1
        return f"-----BEGIN PGP MESSAGE-----\n\n{number}\n-----END PGP MESSAGE-----\n"

    def decrypt(self, ciphertext: bytes) -> bytes:
        return self.kept[int(ciphertext.split(b"\n")[2])]


def rows(right: int) -> Outcomes:
    return Outcomes(np.arange(100) < right)


def life(keeper: Keeper, contract: Contract, right: list[int | None]) -> KnownTestSet:
    """Judge models that get so many of 100 rows right; None leaves a step unfinished."""
    evaluations = []
    passes = fails = 0
    for step, count in enumerate(right, 1):
        question = Question(SET, CLAUSE, "fp-free", f"model-{step}")
        reserved = ReservedStep(
            question, step, passes, fails, f"{step:040x}", "2026-01-02T03:04:05Z"
        )
        verdict = None
        if count is not None:
            level = contract.budget.ln_alpha(passes, fails)
            judgement = judge(parse(CLAUSE).clauses, rows(count), level, "fp-free")
            sealed = keeper.keep(SealedVerdict.of(judgement, rows(count)).to_bytes())
            public = None if contract.adaptivity == "none" else judgement.passed
            verdict = Verdict(SET, step, public, sealed)
            passes += public is True
            fails += public is False
        evaluations.append(Evaluation(reserved, verdict))
    return KnownTestSet(
        SET, 100, contract, Period(SET), ("0" * 64,), tuple(evaluations), passes, fails, -math.inf
    )


def test_every_step_is_opened_with_what_it_measured() -> None:
    keeper, contract = Keeper(), Contract(0.99, 5, "full")
    measured = disclose(
        life(keeper, contract, [55, 90, None]), keeper, subject_of=lambda commit: commit[-1]
    )
    assert [step.verdict for step in measured.steps] == ["fail", "pass", "unfinished"]
    assert [step.subject for step in measured.steps] == ["1", "2", "3"]
    assert [step.variables for step in measured.steps] == [{"n": 0.55}, {"n": 0.9}, {}]
    (clause,) = measured.steps[1].clauses
    assert (clause.expression, clause.comparison, clause.threshold) == ("n", ">", 0.5)
    assert (clause.tolerance, clause.truth, clause.estimate) == (0.1, "true", 0.9)
    assert "none of the 5 commits" in measured.promise
    assert measured.retirement == "The test set retires after step 5."


@pytest.mark.parametrize(
    "contract",
    [Contract(0.99, 5, "full"), Contract(0.99, 5, "metered", pass_rate=0.2)],
    ids=["full", "metered"],
)
def test_an_interval_is_at_the_level_that_its_step_was_judged_at(contract: Contract) -> None:
    keeper = Keeper()
    measured = disclose(life(keeper, contract, [80, 55, 70]), keeper)
    for step, verdicts, right in zip(
        measured.steps, [(0, 0), (1, 0), (1, 1)], [80, 55, 70], strict=True
    ):
        level = contract.budget.ln_alpha(*verdicts)
        expected = counted_interval(parse(CLAUSE).clauses[0], Tally(100, n=right), level)
        assert step.level == pytest.approx(math.exp(level))
        assert step.clauses[0].interval == expected


@pytest.mark.parametrize(
    ("contract", "right", "left"),
    [
        (Contract(0.99, 5, "full"), [55, 90, None], [4, 3, 2]),
        (Contract(0.99, 5, "full", passes=2), [90, 55, 90], [4, 3, 0]),
        (Contract(0.99, 5, "firstChange"), [55, 90], [4, 0]),
        (Contract(0.99, 5, "none"), [90, 90], [4, 3]),
    ],
)
def test_what_was_left_after_each_step_follows_from_the_verdicts_up_to_it(
    contract: Contract, right: list[int | None], left: list[int]
) -> None:
    keeper = Keeper()
    assert [step.left for step in disclose(life(keeper, contract, right), keeper).steps] == left


def test_a_hidden_verdict_is_shown_to_whoever_can_open_it() -> None:
    keeper = Keeper()
    measured = disclose(life(keeper, Contract(0.99, 5, "none"), [55, 90]), keeper)
    assert [step.verdict for step in measured.steps] == ["fail", "pass"]


def test_the_newest_steps_can_be_asked_for_alone() -> None:
    keeper = Keeper()
    known = life(keeper, Contract(0.99, 5, "full"), [55, 90, 60])
    assert [step.step for step in disclose(known, keeper, newest=2).steps] == [2, 3]
    assert [step.step for step in disclose(known, keeper, newest=9).steps] == [1, 2, 3]


def test_a_test_set_without_a_step_has_a_promise_all_the_same() -> None:
    measured = disclose(life(Keeper(), Contract(0.99, 5, "full"), []), Keeper())
    assert measured.steps == ()
    assert "99 %" in measured.promise


def test_one_of_several_periods_is_named_by_its_number() -> None:
    keeper = Keeper()
    measured = disclose(life(keeper, Contract(0.99, 5, "full"), [55]), keeper)
    assert measured.short_name == "3f3f3f3f3f3f"
    assert measured.__class__(**(vars(measured) | {"test_set": f"{SET}.2"})).short_name == (
        "3f3f3f3f3f3f.2"
    )
