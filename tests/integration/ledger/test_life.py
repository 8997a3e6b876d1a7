"""The ledger in use, on a real repository: what it keeps, what it charges, what it leaves alone."""

import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from easeml_action.git import Git
from easeml_action.ledger import (
    Branch,
    BudgetSpent,
    Contract,
    ContractChanged,
    History,
    IdentityConflict,
    Ledger,
    Question,
    Record,
    Reservation,
    ResumedTooOften,
    Verdict,
)
from easeml_action.patience import Patience

FULL = Contract(0.999, 3, "full")
SEALED = "-----BEGIN PGP MESSAGE-----\n\nhQEMA+abc=\n-----END PGP MESSAGE-----\n"
OTHER_SEALED = "-----BEGIN PGP MESSAGE-----\n\nhQEMA+xyz=\n-----END PGP MESSAGE-----\n"
COMMIT = "c" * 40


def about(model: str, test_set: str = "rows-a") -> Question:
    return Question(test_set, "n > 0.8 +/- 0.05", "fp-free", model)


def charge(ledger: Ledger, model: str) -> Reservation:
    reserved = ledger.reserve(about(model), commit=COMMIT)
    assert isinstance(reserved, Reservation)
    return reserved


def test_a_branch_that_does_not_exist_is_an_empty_history(
    new_ledger: Callable[..., Ledger], origin: Path, run_git: Callable[..., str]
) -> None:
    assert new_ledger().read().records == ()
    assert run_git(origin, "for-each-ref") == ""


def test_steps_are_charged_judged_and_remembered_by_the_next_run(
    new_ledger: Callable[..., Ledger],
) -> None:
    new_ledger().open_test_set("rows-a", "a" * 64, 1000, FULL)
    first = charge(new_ledger(), "m1")
    assert (first.step, first.passes, first.fails, first.resumed) == (1, 0, 0, False)
    verdict = new_ledger().record(first, True, SEALED)
    assert verdict == Verdict("rows-a", 1, True, SEALED)
    second = charge(new_ledger(), "m2")
    assert (second.step, second.passes, second.fails) == (2, 1, 0)
    new_ledger().record(second, False, SEALED)
    third = charge(new_ledger(), "m3")
    assert (third.step, third.passes, third.fails) == (3, 1, 1)
    (known,) = new_ledger().read().test_sets
    assert (known.steps_taken, known.remaining.most, known.is_retired) == (3, 0, True)


def test_the_same_question_gets_the_recorded_verdict_and_no_charge(
    new_ledger: Callable[..., Ledger],
) -> None:
    ledger = new_ledger()
    ledger.open_test_set("rows-a", "a" * 64, 1000, FULL)
    verdict = ledger.record(charge(ledger, "m1"), True, SEALED)
    assert new_ledger().reserve(about("m1"), commit="d" * 40) == verdict
    assert new_ledger().read().test_sets[0].steps_taken == 1


def test_a_run_that_died_after_its_charge_is_resumed_on_the_same_step(
    new_ledger: Callable[..., Ledger],
) -> None:
    new_ledger().open_test_set("rows-a", "a" * 64, 1000, FULL)
    died = charge(new_ledger(), "m1")
    between = charge(new_ledger(), "m2")
    new_ledger().record(between, True, SEALED)
    resumed = charge(new_ledger(), "m1")
    assert resumed.resumed
    assert (resumed.step, resumed.passes, resumed.fails) == (died.step, died.passes, died.fails)
    new_ledger().record(resumed, False, SEALED)
    (known,) = new_ledger().read().test_sets
    assert known.steps_taken == 2
    assert known.unfinished == ()


def test_a_step_whose_runs_keep_dying_is_resumed_a_few_times_and_no_more(
    new_ledger: Callable[..., Ledger],
) -> None:
    new_ledger().open_test_set("rows-a", "a" * 64, 1000, FULL)
    running = charge(new_ledger(), "m1")
    for _ in range(9):
        assert charge(new_ledger(), "m1").resumed
    with pytest.raises(ResumedTooOften, match="Step 1 was begun 10 times") as refused:
        charge(new_ledger(), "m1")
    assert "a changed model takes a step of its own" in refused.value.remedy
    assert charge(new_ledger(), "m2").step == 2
    # The step is charged all the same, and a run that is still at work may answer it.
    new_ledger().record(running, False, SEALED)
    (known,) = new_ledger().read().test_sets
    assert (known.steps_taken, known.fails) == (2, 1)


def test_who_may_not_begin_a_step_once_more_waits_for_those_who_have(
    new_ledger: Callable[..., Ledger],
) -> None:
    new_ledger().open_test_set("rows-a", "a" * 64, 1000, FULL)
    running = [charge(new_ledger(), "m1") for _ in range(10)]

    def meanwhile(_: float) -> None:
        new_ledger().record(running[3], True, SEALED)

    late = new_ledger(patience=Patience(sleep=meanwhile))
    eleventh = late.reserve(about("m1"), commit=COMMIT)

    assert eleventh == Verdict("rows-a", 1, True, SEALED)


def test_the_first_verdict_on_a_step_stands(new_ledger: Callable[..., Ledger]) -> None:
    new_ledger().open_test_set("rows-a", "a" * 64, 1000, FULL)
    one, another = charge(new_ledger(), "m1"), charge(new_ledger(), "m1")
    assert one.step == another.step
    first = new_ledger().record(one, True, SEALED)
    assert new_ledger().record(another, False, OTHER_SEALED) == first
    assert new_ledger().read().test_sets[0].verdicts == (first,)


def test_a_spent_budget_charges_nothing_and_says_so(new_ledger: Callable[..., Ledger]) -> None:
    ledger = new_ledger()
    ledger.open_test_set("rows-a", "a" * 64, 1000, FULL)
    for model in ("m1", "m2", "m3"):
        charge(ledger, model)
    before = ledger.read().records
    with pytest.raises(BudgetSpent, match="all of its 3 steps are taken"):
        ledger.reserve(about("m4"), commit=COMMIT)
    assert new_ledger().read().records == before
    assert charge(new_ledger(), "m2").resumed


def test_a_run_that_finds_the_last_step_taken_by_another_says_so(
    new_ledger: Callable[..., Ledger],
) -> None:
    ledger, faster = new_ledger(), new_ledger()
    ledger.open_test_set("rows-a", "a" * 64, 1000, Contract(0.999, 1, "full"))
    charge(faster, "m1")
    with pytest.raises(BudgetSpent, match="used up by another run while this one got ready: all"):
        ledger.reserve(about("m2"), commit=COMMIT)
    with pytest.raises(BudgetSpent, match="The test set is used up: all of its 1 steps"):
        ledger.reserve(about("m3"), commit=COMMIT)


def test_the_first_pass_retires_and_a_step_in_flight_is_still_recorded(
    new_ledger: Callable[..., Ledger],
) -> None:
    ledger = new_ledger()
    ledger.open_test_set("rows-a", "a" * 64, 1000, Contract(0.999, 7, "firstChange"))
    in_flight, passing = charge(ledger, "m1"), charge(ledger, "m2")
    ledger.record(passing, True, SEALED)
    with pytest.raises(BudgetSpent, match="retired after 1 passed and 0 failed"):
        ledger.reserve(about("m3"), commit=COMMIT)
    assert ledger.record(in_flight, True, SEALED).passed is True


def test_a_step_whose_level_the_rows_cannot_reach_is_not_charged(
    new_ledger: Callable[..., Ledger],
) -> None:
    ledger = new_ledger()
    contract = Contract(0.999, 7, "metered", pass_rate=0.2)
    floor = contract.budget.ln_alpha(passes=1) + 0.1
    ledger.open_test_set("rows-a", "a" * 64, 1000, contract, floor)
    ledger.record(charge(ledger, "m1"), True, SEALED)
    with pytest.raises(BudgetSpent, match="rows are too few"):
        ledger.reserve(about("m2"), commit=COMMIT)
    (known,) = new_ledger().read().retired_test_sets
    assert known.steps_taken == 1
    # The first opening decides: that the rows are seen again changes nothing.
    (known,) = ledger.open_test_set("rows-a", "b" * 64, 1000, contract, floor - 9).test_sets
    assert known.is_retired


def test_under_adaptivity_none_the_branch_does_not_tell_pass_from_fail(
    new_ledger: Callable[..., Ledger], origin: Path, run_git: Callable[..., str]
) -> None:
    ledger = new_ledger()
    ledger.open_test_set("rows-a", "a" * 64, 1000, Contract(0.999, 2, "none"))
    ledger.record(charge(ledger, "m1"), None, SEALED)
    last = json.loads(run_git(origin, "show", "easeml-ledger:ledger.jsonl").splitlines()[-1])
    assert last["record"] == {"test_set": "rows-a", "step": 1, "passed": None, "sealed": SEALED}
    assert "pass" not in run_git(origin, "log", "--format=%B", "easeml-ledger")


def test_the_same_rows_encrypted_again_are_the_same_test_set(
    new_ledger: Callable[..., Ledger],
) -> None:
    ledger = new_ledger()
    ledger.open_test_set("rows-a", "a" * 64, 1000, FULL)
    charge(ledger, "m1")
    history = ledger.open_test_set("rows-a", "b" * 64, 1000, FULL)
    known = history.identify("b" * 64)
    assert known is history.identify("a" * 64)
    assert known is not None
    assert known.steps_taken == 1
    count = len(history.records)
    assert len(new_ledger().open_test_set("rows-a", "b" * 64, 1000, FULL).records) == count


def test_other_terms_are_refused_until_the_test_set_is_rotated(
    new_ledger: Callable[..., Ledger],
) -> None:
    new_ledger().open_test_set("rows-a", "a" * 64, 1000, FULL)
    terms = Contract(0.99, 3, "full")
    with pytest.raises(ContractChanged):
        new_ledger().open_test_set("rows-a", "a" * 64, 1000, terms)
    history = new_ledger().open_test_set("rows-b", "b" * 64, 1000, terms)
    assert [each.contract for each in history.test_sets] == [FULL, terms]


def test_a_ciphertext_or_row_count_of_another_test_set_is_refused(
    new_ledger: Callable[..., Ledger],
) -> None:
    ledger = new_ledger()
    ledger.open_test_set("rows-a", "a" * 64, 1000, FULL)
    with pytest.raises(IdentityConflict):
        ledger.open_test_set("rows-b", "a" * 64, 1000, FULL)
    with pytest.raises(IdentityConflict):
        ledger.open_test_set("rows-a", "a" * 64, 999, FULL)


def test_what_the_caller_must_do_first_is_a_mistake_of_the_program(
    new_ledger: Callable[..., Ledger],
) -> None:
    ledger = new_ledger()
    with pytest.raises(ValueError, match="must be opened"):
        ledger.reserve(about("m1"), commit=COMMIT)
    ledger.open_test_set("rows-a", "a" * 64, 1000, FULL)
    with pytest.raises(ValueError, match="not reserved"):
        ledger.record(Reservation(about("m1"), 1, 0, 0, resumed=False), True, SEALED)
    reserved = charge(ledger, "m1")
    with pytest.raises(ValueError, match="passed must be None"):
        ledger.record(reserved, None, SEALED)
    with pytest.raises(RuntimeError, match="must be read"):
        _ = new_ledger().history
    with pytest.raises(ValueError, match="32 bytes"):
        new_ledger(key=b"short")
    with pytest.raises(ValueError, match="key"):
        new_ledger(key=None).open_test_set("rows-b", "b" * 64, 1000, FULL)


def test_the_history_at_hand_is_the_one_last_read_or_changed(
    new_ledger: Callable[..., Ledger],
) -> None:
    ledger = new_ledger()
    assert ledger.read() is ledger.history
    assert ledger.open_test_set("rows-a", "a" * 64, 1000, FULL) is ledger.history
    reserved = charge(ledger, "m1")
    assert ledger.history.reservation_for(about("m1")) is not None
    verdict = ledger.record(reserved, True, SEALED)
    assert ledger.history.test_set("rows-a").verdicts == (verdict,)


def test_without_the_key_it_can_be_read(new_ledger: Callable[..., Ledger]) -> None:
    new_ledger().open_test_set("rows-a", "a" * 64, 1000, FULL)
    assert new_ledger(key=None).read().find("rows-a") is not None


def test_a_writer_who_was_first_makes_the_other_decide_again(
    new_ledger: Callable[..., Ledger],
) -> None:
    new_ledger().open_test_set("rows-a", "a" * 64, 1000, Contract(0.999, 1, "full"))
    mine, decided = new_ledger(), []

    def decide(history: History) -> Sequence[Record]:
        decided.append(history.test_sets[0].remaining.most)
        if len(decided) == 1:
            charge(new_ledger(), "faster")
            opened = history.records[1]
            return [type(opened)("rows-b", "b" * 64, 5, FULL, "2026-01-01T00:00:00Z")]
        return []

    history = mine.append(decide)
    assert decided == [1, 0]
    assert history.find("rows-b") is None
    with pytest.raises(BudgetSpent):
        mine.reserve(about("slower"), commit=COMMIT)


def test_two_creators_agree_on_one_ledger(new_ledger: Callable[..., Ledger]) -> None:
    tried = []

    def decide(history: History) -> Sequence[Record]:
        tried.append(history.genesis)
        if len(tried) == 1:
            new_ledger().open_test_set("rows-a", "a" * 64, 1000, FULL)
            return new_ledger().read().records[1:]
        return []

    history = new_ledger().append(decide)
    assert tried[0] is None
    assert tried[1] == history.genesis == new_ledger().read().genesis


def test_the_branch_says_what_it_is_and_has_no_history_in_common(
    new_ledger: Callable[..., Ledger], origin: Path, run_git: Callable[..., str]
) -> None:
    ledger = new_ledger()
    ledger.open_test_set("rows-a", "a" * 64, 1000, FULL)
    charge(ledger, "m1")
    assert run_git(origin, "ls-tree", "--name-only", "easeml-ledger").split() == [
        "README.md",
        "ledger.jsonl",
    ]
    assert "ease.ml/ci" in run_git(origin, "show", "easeml-ledger:README.md")
    log = run_git(origin, "log", "--format=%an <%ae> %cn %s", "easeml-ledger").splitlines()
    assert log == [
        "easeml-ci <easeml-ci@noreply.invalid> easeml-ci Append reserve",
        "easeml-ci <easeml-ci@noreply.invalid> easeml-ci Append genesis, open",
    ]


def test_other_files_on_the_branch_are_left_there(
    new_ledger: Callable[..., Ledger],
    origin: Path,
    rewrite: Callable[[Callable[[Path], None]], None],
    run_git: Callable[..., str],
) -> None:
    new_ledger().open_test_set("rows-a", "a" * 64, 1000, FULL)
    rewrite(lambda work: (work / "note é.txt").write_text("kept\n") and None)
    charge(new_ledger(), "m1")
    assert run_git(origin, "show", "easeml-ledger:note é.txt") == "kept"
    assert new_ledger().read().test_sets[0].steps_taken == 1


def test_only_the_newest_commit_of_the_ledgers_branch_is_fetched(
    new_ledger: Callable[..., Ledger],
    checkout: Path,
    tmp_path: Path,
    *,
    run_git: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_git(checkout, "push", "-q", "origin", "main", "main:easeml-ledger-2", "main:refs/tags/v1")
    ledger = new_ledger()
    ledger.open_test_set("rows-a", "a" * 64, 1000, FULL)
    for model in ("m1", "m2"):
        charge(ledger, model)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with Branch(Git(checkout)).copy() as copy:
        tip = copy.read(60.0)
        (own,) = tmp_path.glob("easeml-ledger-*")
        fetched = run_git(own, "rev-list", "--all").split()

    assert fetched == [tip.commit]


def test_the_checkout_is_left_as_it_was(new_ledger: Callable[..., Ledger], checkout: Path) -> None:
    def state() -> dict[str, str]:
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(checkout.rglob("*"))
            if path.is_file()
        }

    before = state()
    ledger = new_ledger()
    ledger.open_test_set("rows-a", "a" * 64, 1000, FULL)
    ledger.record(charge(ledger, "m1"), True, SEALED)
    ledger.read()
    assert state() == before


@pytest.mark.parametrize(
    "settings",
    [
        {"remote.origin.promisor": "true", "remote.origin.partialclonefilter": "blob:none"},
        {"push.followTags": "true", "push.recurseSubmodules": "on-demand", "fetch.prune": "true"},
        {"commit.gpgSign": "true", "user.signingKey": "nobody", "push.gpgSign": "if-asked"},
        {"core.autocrlf": "true", "core.hooksPath": "hooks", "i18n.commitEncoding": "latin1"},
        {"remote.origin.tagOpt": "--tags", "push.default": "nothing", "core.bare": "false"},
    ],
)
def test_the_checkouts_configuration_does_not_come_in_between(
    settings: dict[str, str],
    new_ledger: Callable[..., Ledger],
    checkout: Path,
    run_git: Callable[..., str],
) -> None:
    for name, value in settings.items():
        run_git(checkout, "config", name, value)
    ledger = new_ledger()
    ledger.open_test_set("rows-a", "a" * 64, 1000, FULL)
    ledger.record(charge(ledger, "m1"), True, SEALED)
    assert new_ledger().read().test_sets[0].passes == 1


def test_it_works_from_a_shallow_clone_a_worktree_and_a_repository_with_sha256(
    new_ledger: Callable[..., Ledger],
    *,
    clone: Callable[..., Path],
    checkout: Path,
    origin: Path,
    tmp_path: Path,
    run_git: Callable[..., str],
) -> None:
    run_git(checkout, "push", "--quiet", "origin", "main")
    run_git(tmp_path, "clone", "--quiet", "--depth=1", origin.as_uri(), "shallow")
    run_git(checkout, "worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"))
    new_ledger(tmp_path / "shallow").open_test_set("rows-a", "a" * 64, 1000, FULL)
    assert charge(new_ledger(tmp_path / "tree"), "m1").step == 1

    run_git(tmp_path, "init", "--quiet", "--bare", "--object-format=sha256", "long.git")
    run_git(tmp_path, "init", "--quiet", "--object-format=sha256", "long")
    run_git(tmp_path / "long", "remote", "add", "origin", "../long.git")
    new_ledger(tmp_path / "long").open_test_set("rows-a", "a" * 64, 1000, FULL)
    reserved = new_ledger(tmp_path / "long").reserve(about("m1"), commit="c" * 64)
    assert isinstance(reserved, Reservation)
