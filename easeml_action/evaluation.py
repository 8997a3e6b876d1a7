"""One evaluation: rehearse in public, reserve the step, run on the secret rows, judge, record."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from easeml_action.comparison import Comparison
from easeml_action.errors import GateError
from easeml_action.gate import Gate
from easeml_action.ledger import (
    BudgetSpent,
    History,
    Ledger,
    Period,
    Question,
    Reservation,
    Verdict,
)
from easeml_action.locked import LockedTestSet, enter
from easeml_action.minutes import Minutes
from easeml_action.model import ModelFiles, ModelRunner, PreparedModel
from easeml_action.progress import Progress
from easeml_action.sandbox import Layer, Limits, MachineFault
from easeml_action.sealed import seal
from easeml_action.statistics import Outcomes, judge
from easeml_action.testset import TestSet, Vault, differ
from easeml_action.world import World


class OldModelUnusable(GateError):
    """The old model, which was accepted once, does not run here any more."""

    def __init__(self, commit: str, fault: GateError) -> None:
        super().__init__(
            f"The old model, of commit {commit[:12]}, cannot be run any more: {fault.problem}",
            "Name a commit whose model runs with baseline in the configuration; the change under "
            "test is not at fault.",
            fault.excerpt,
        )


@dataclass(frozen=True)
class Case:
    """What is to be judged.

    Parameters
    ----------
    gate
        The condition and the terms.
    test_set
        The rows.
    period
        Which of the rows.
    comparison
        The models.
    """

    gate: Gate
    test_set: LockedTestSet
    period: Period
    comparison: Comparison

    @property
    def question(self) -> Question:
        """What a step would answer, by which the ledger knows the case again."""
        config, old = self.gate.config, self.comparison.old
        return Question(
            self.period.identity,
            str(config.condition),
            config.mode,
            self.comparison.new.digest,
            None if old is None else old.digest,
            json.dumps(config.require_label()),
        )

    @property
    def rows(self) -> TestSet:
        """The rows of the period, decrypted."""
        return self.test_set.open(self.period)

    def as_asked_before(self, history: History) -> "Case":
        """Return the case on the period that it was put to before, or else as it is.

        A model that an earlier period has judged, or has begun to judge, is not put to the next
        one as well.
        """
        for each in reversed(history.periods_of(self.period.whole)):
            earlier = replace(self, period=each.period)
            if history.evaluation_of(earlier.question) is not None:
                return earlier
        return self


def evaluate(world: World, minutes: Minutes, case: Case, ledger: Ledger, vault: Vault) -> Verdict:
    """Answer a case that has no verdict yet, at the price of one step.

    What can go wrong for a reason that is not the model's goes wrong before the step is reserved,
    as far as possible; afterwards nothing that the model does is an error.
    """
    gate = case.gate
    with open_runner(
        gate, world.scratch, world.cache, world.progress, tolerated=world.allow_unsandboxed
    ) as runner:
        models = prepare(world, runner, case.comparison)
        rehearse(gate, runner, models, world.progress)
        rows = case.rows
        for model in models:
            runner.insist_on_room(model, rows.features, rows.rows)
        with minutes.reserving():
            case, reserved = reserve(world, case, ledger)
        if isinstance(reserved, Verdict):
            minutes.note_verdict(reserved, charged=False)
            return reserved
        minutes.note_reservation(reserved)
        outcomes = run_models(runner, models, case.rows)
    # The level follows from the verdicts known when the step was reserved, because the model was
    # fixed then: what concurrent runs have recorded since plays no part.
    contract = ledger.history.test_set(case.period.identity).contract
    level = contract.budget.ln_alpha(passes=reserved.passes, fails=reserved.fails)
    judgement = judge(gate.config.condition.clauses, outcomes, level, gate.config.mode)
    public = None if contract.adaptivity == "none" else judgement.passed
    verdict = ledger.record(reserved, public, seal(vault, judgement, outcomes))
    minutes.note_verdict(verdict, charged=True)
    return verdict


def reserve(world: World, case: Case, ledger: Ledger) -> tuple[Case, Reservation | Verdict]:
    """Charge a step; one of the next period, where other runs have used up this one meanwhile."""
    while True:
        try:
            return case, ledger.reserve(case.question, commit=world.change.new, run=world.run_url)
        except BudgetSpent:
            if ledger.history.turn_of(case.period.whole) == case.period:
                raise
        case = replace(case, period=enter(ledger, case.gate, case.test_set).period)


def open_runner(
    gate: Gate, scratch: Path, cache: Path, progress: Progress, *, tolerated: frozenset[Layer]
) -> ModelRunner:
    """Return what runs the models of a gate, with its sandbox checked; see `ModelRunner`."""
    megabytes = gate.config.memory_limit
    limits = Limits(
        float(gate.config.time_limit),
        memory_bytes=None if megabytes is None else megabytes * 2**20,
    )
    runner = ModelRunner(scratch, cache, progress, limits, tolerated=tolerated)
    if gate.config.dockerfile is None:  # a model with one is held by the engine's means
        runner.check_sandbox()
    return runner


@contextmanager
def blaming_old(model: ModelFiles) -> Iterator[None]:
    """Say of what is wrong with the old model that the change under test is not at fault."""
    try:
        yield
    except MachineFault:
        raise
    except GateError as fault:
        raise OldModelUnusable(model.commit, fault) from fault


def prepare(world: World, runner: ModelRunner, comparison: Comparison) -> list[PreparedModel]:
    """Check the new model out, and the old one where there is one, and build what they run in."""
    models = [runner.prepare(world.git, comparison.new)]
    if comparison.old is not None:
        with blaming_old(comparison.old):
            models.append(runner.prepare(world.git, comparison.old))
    return models


def rehearse(
    gate: Gate, runner: ModelRunner, models: Sequence[PreparedModel], progress: Progress
) -> None:
    """Run every model on the public sample; a broken one ends here, at no charge."""
    sample = gate.public_rows()
    if sample is None:
        progress.say(
            f"There is no public sample {gate.config.sample_path}: the smoke run is skipped, and "
            "a model that does not run will use up a step."
        )
        return
    new, *others = models
    runner.rehearse(new, sample.features, sample.features_name, sample.rows)
    for old in others:
        with blaming_old(old.model):
            runner.rehearse(old, sample.features, sample.features_name, sample.rows)


def run_models(runner: ModelRunner, models: Sequence[PreparedModel], rows: TestSet) -> Outcomes:
    """Run the new model, and the old one where there is one, on the secret rows.

    The old one comes first: nothing that the new one leaves behind, such as a full disk, must make
    its rival fail.
    """
    *others, new = [
        runner.predict(model, rows.features, rows.features_name, rows.rows)
        for model in reversed(models)
    ]
    new_correct = rows.correct(new.values)
    if not others:
        return Outcomes(new_correct)
    old = others[0]
    return Outcomes(
        new_correct,
        old_correct=rows.correct(old.values),
        differ=differ(new.values, old.values),
        old_is_complete=old.complaint is None,
    )
