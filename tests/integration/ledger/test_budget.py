"""Runs, kills, races, rotations and tampering in any order, against ten lines of what must hold."""

import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from easeml_action.git import Git
from easeml_action.ledger import (
    Branch,
    BudgetSpent,
    Contract,
    Ledger,
    Question,
    Reservation,
    ResumedTooOften,
    Verdict,
)
from easeml_action.patience import Patience
from tests.audit import Audit, audit
from tests.integration.ledger.conftest import KEY
from tests.integration.ledger.tampering import BRANCH, TAMPERINGS, WITNESS, Tampering
from tests.tally import Tally

SEALED = "-----BEGIN PGP MESSAGE-----\n\nhQEMA+abc=\n-----END PGP MESSAGE-----\n"
REPOSITORY = "1001"
MODELS = st.sampled_from(["m1", "m2", "m3", "m4", "m5", "m6", "m7"])
TERMS = st.sampled_from(
    [
        Contract(0.999, 6, "full"),
        Contract(0.999, 6, "full", passes=2),
        Contract(0.999, 6, "firstChange"),
        Contract(0.999, 3, "none"),
    ]
)


class Budget:
    """What the budget of a test set must be."""

    def __init__(self, contract: Contract) -> None:
        self.steps, self.hidden = contract.steps, contract.adaptivity == "none"
        self.passes = 1 if contract.adaptivity == "firstChange" else contract.passes or 99
        self.taken: list[str] = []
        self.bits: dict[str, bool | None] = {}
        self.begun = Counter[str]()

    def reserve(self, model: str) -> type[Exception] | int:
        """Return the step that a model gets or has, or what it gets in its place."""
        if model not in self.taken:
            if len(self.taken) == self.steps or [*self.bits.values()].count(True) >= self.passes:
                return BudgetSpent
            self.taken.append(model)
        elif model not in self.bits and self.begun[model] == 10:
            return ResumedTooOften
        self.begun[model] += model not in self.bits
        return 1 + self.taken.index(model)

    def record(self, model: str, passed: bool) -> bool | None:
        """Return the bit that stands."""
        return self.bits.setdefault(model, None if self.hidden else passed)


@dataclass
class Run:
    """A run at work: what it has read of the ledger, and the step that it is to answer."""

    ledger: Ledger
    reserved: Reservation | None = None


class Life(RuleBasedStateMachine):
    """A repository with its ledger, and the budgets that it must show."""

    runs = Bundle("runs")

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self.tally = tally
        self.folder = tempfile.TemporaryDirectory(prefix="easeml-life-")
        self.origin, self.checkout = (Path(self.folder.name) / name for name in ("o.git", "c"))
        for directory, options in ((self.origin, ["--bare"]), (self.checkout, [])):
            subprocess.run(["git", "init", "-q", *options, directory], check=True)
        Git(self.checkout).run("remote", "add", "origin", str(self.origin))
        self.budgets: dict[str, Budget] = {}
        self.current = ""

    def ledger(self, meanwhile: Callable[[], None] | None = None) -> Ledger:
        """Return a ledger as a new run has it; ``meanwhile`` comes between its reading and push."""
        waiting = [meanwhile] if meanwhile else []

        def now() -> datetime:
            if waiting:
                waiting.pop()()
            return datetime(2026, 1, 1, tzinfo=UTC)

        branch = Branch(Git(self.checkout))
        patience = Patience(tries=9, sleep=lambda _: None)
        return Ledger(branch, KEY, repository=REPOSITORY, patience=patience, now=now)

    def reserve(self, ledger: Ledger, model: str) -> Reservation | Verdict | type[Exception]:
        """Ask for a step of the current test set."""
        question = Question(self.current, "n > 0.8 +/- 0.05", "fp-free", model)
        try:
            return ledger.reserve(question, commit="c" * 40, run="run 1")
        except (BudgetSpent, ResumedTooOften) as refused:
            return type(refused)

    def expect(self, model: str, given: Reservation | Verdict | type[Exception]) -> None:
        """Hold what a run was given against the budget."""
        budget = self.budgets[self.current]
        expected = budget.reserve(model)
        match given:
            case Reservation() | Verdict():
                assert given.step == expected
                assert isinstance(given, Verdict) == (model in budget.bits)
                if isinstance(given, Verdict):
                    assert given.passed is budget.bits[model]
            case _:
                assert given is expected

    @initialize(terms=TERMS)
    def begin_ledger(self, terms: Contract) -> None:
        self.rotate(terms)

    @rule(terms=TERMS)
    def rotate(self, terms: Contract) -> None:
        number = len(self.budgets) + 1
        self.current = f"rows-{number}"
        self.budgets[self.current] = Budget(terms)
        self.ledger().open_test_set(self.current, f"{number:064x}", 1000, terms)

    @rule(target=runs, model=MODELS)
    def begin(self, model: str) -> Run:
        self.tally.add("runs")
        run = Run(self.ledger())
        run.ledger.read()
        self.charge(run, model)
        return run

    @rule(run=runs, model=MODELS)
    def charge(self, run: Run, model: str) -> None:
        given = self.reserve(run.ledger, model)
        self.expect(model, given)
        if isinstance(given, Reservation):
            run.reserved = given

    @rule(run=runs, passed=st.booleans())
    def answer(self, run: Run, passed: bool) -> None:
        if run.reserved is None:
            return
        question = run.reserved.question
        budget = self.budgets[question.test_set]
        bit = None if budget.hidden else passed
        verdict = run.ledger.record(run.reserved, bit, SEALED)
        assert verdict.passed is budget.record(question.new, passed)

    @rule(run=consumes(runs))
    def end(self, run: Run) -> None:
        self.tally.add("kills", int(run.reserved is not None))

    @rule(model=MODELS)
    def kill(self, model: str) -> None:
        """Let a run charge a step, or resume one, and die."""
        self.tally.add("kills")
        self.charge(Run(self.ledger()), model)

    @rule(target=runs, slower=MODELS, faster=MODELS)
    def race(self, slower: str, faster: str) -> Any:
        """Let another run read, decide and push between the reading and the push of a first one."""
        self.tally.add("runs", 2)
        other = Run(self.ledger())

        def overtake() -> None:
            given = self.reserve(other.ledger, faster)
            self.expect(faster, given)
            other.reserved = given if isinstance(given, Reservation) else None

        run = Run(self.ledger(overtake))
        given = self.reserve(run.ledger, slower)
        self.expect(slower, given)
        run.reserved = given if isinstance(given, Reservation) else None
        return multiple(run, other)

    @rule(tampering=st.sampled_from(TAMPERINGS))
    def tamper(self, tampering: Tampering) -> None:
        """Tamper, find every run stopped, and put back what was there."""
        git = Git(self.origin)
        before = {ref: git.text("rev-parse", ref) for ref in (BRANCH, WITNESS)}
        if len(self.audit().records) < 4:
            return  # there is too little to exchange or to put back
        newest = self.ledger()
        newest.read()
        tampering.do(self.origin)
        self.tally.add("tamperings tried")
        with pytest.raises(tampering.sealed):
            self.find_out(newest.mark)
        for ref, commit in before.items():
            git.run("update-ref", ref, commit)

    def find_out(self, mark: str) -> None:
        """Begin as a run does that has seen a mark of the ledger on GitHub."""
        ledger = self.ledger()
        ledger.read()
        ledger.heed([mark])

    @invariant()
    def the_ledger_shows_the_budget(self) -> None:
        found = self.audit()
        self.tally.add("steps lost", found.lost)
        self.tally.add("steps double-charged", found.double)
        self.tally.add("budget exceeded", found.exceeded)
        assert found.flaws == []
        for name, budget in self.budgets.items():
            asked = [each["question"] for each in found.of("reserve")]
            assert [each["new"] for each in asked if each["test_set"] == name] == budget.taken
            bits = {
                budget.taken[each["step"] - 1]: each["passed"]
                for each in found.of("verdict")
                if each["test_set"] == name
            }
            assert bits == budget.bits

    def audit(self) -> Audit:
        return audit(self.origin, KEY)

    def teardown(self) -> None:
        self.folder.cleanup()


def test_whatever_happens_the_budget_is_what_it_must_be(tally: Tally) -> None:
    run_state_machine_as_test(
        lambda: Life(tally),
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
        ),
    )
