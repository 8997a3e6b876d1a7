"""What remembers the ledger beside its branch: a ref that is pushed with it, and marks in texts."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from easeml_action.git import Git
from easeml_action.ledger import (
    Branch,
    Contract,
    Ledger,
    LedgerDeleted,
    LedgerReplaced,
    LedgerRolledBack,
    Question,
    RecordEdited,
    Reservation,
    UntrustedLedger,
)

BRANCH = "refs/heads/easeml-ledger"
WITNESS = "refs/easeml/ledgers/easeml-ledger/witness"
SEALED = "-----BEGIN PGP MESSAGE-----\n\nhQEMA+abc=\n-----END PGP MESSAGE-----\n"

NewLedger = Callable[..., Ledger]


def judge(ledger: Ledger, number: int, passed: bool = False) -> None:
    """Open the test set, charge a step for a model, and record its verdict."""
    ledger.open_test_set("rows-a", "a" * 64, 1000, Contract(0.999, 9, "full"))
    question = Question("rows-a", "n > 0.8 +/- 0.05", "fp-free", f"m{number}")
    reserved = ledger.reserve(question, commit=f"{number:040x}")
    assert isinstance(reserved, Reservation)
    ledger.record(reserved, passed, SEALED)


def at(origin: Path, ref: str) -> str:
    return Git(origin).text("for-each-ref", "--format=%(objectname)", ref)


@pytest.fixture
def judged(new_ledger: NewLedger, origin: Path) -> str:
    """The commit of a ledger with one verdict, to which a second one was then added."""
    judge(new_ledger(), 1)
    first = at(origin, BRANCH)
    judge(new_ledger(), 2)
    return first


def restore(error: UntrustedLedger, checkout: Path, run_git: Callable[..., str]) -> None:
    """Run the commands that an error's remedy gives."""
    command = error.remedy.split("`")[1]
    for part in command.split(" && "):
        program, *arguments = part.split()
        assert program == "git"
        run_git(checkout, *arguments)


def test_the_witness_stands_where_the_branch_stands(judged: str, origin: Path) -> None:
    assert at(origin, BRANCH) == at(origin, WITNESS) != judged


def test_a_deleted_branch_is_named_and_the_command_given_restores_it(
    judged: str,
    new_ledger: NewLedger,
    origin: Path,
    checkout: Path,
    run_git: Callable[..., str],
) -> None:
    run_git(checkout, "push", "-q", "origin", f":{BRANCH}")
    for attempt in (lambda: new_ledger().read(), lambda: judge(new_ledger(), 3)):
        with pytest.raises(LedgerDeleted, match="easeml-ledger was deleted") as caught:
            attempt()
    assert at(origin, BRANCH) == ""

    restore(caught.value, checkout, run_git)
    judge(new_ledger(), 3)
    assert new_ledger().read().test_sets[0].fails == 3


def test_a_branch_that_was_put_back_is_named_with_what_it_lost(
    judged: str, new_ledger: NewLedger, checkout: Path, run_git: Callable[..., str]
) -> None:
    run_git(checkout, "fetch", "-q", "origin", BRANCH)
    run_git(checkout, "push", "-q", "origin", f"+{judged}:{BRANCH}")
    with pytest.raises(LedgerRolledBack, match="lost its last 2 records") as caught:
        new_ledger().read()

    restore(caught.value, checkout, run_git)
    assert new_ledger().read().test_sets[0].fails == 2


def test_a_branch_with_another_ledger_is_named(
    judged: str,
    new_ledger: NewLedger,
    checkout: Path,
    run_git: Callable[..., str],
) -> None:
    judge(Ledger(Branch(Git(checkout), "other"), bytes(range(32))), 1, passed=True)
    run_git(checkout, "fetch", "-q", "origin", "other")
    run_git(checkout, "push", "-q", "origin", f"+FETCH_HEAD:{BRANCH}")
    with pytest.raises(LedgerReplaced, match="is another one") as caught:
        new_ledger().read()

    restore(caught.value, checkout, run_git)
    assert new_ledger().read().test_sets[0].fails == 2


def test_damage_is_seen_without_the_key(
    judged: str, new_ledger: NewLedger, checkout: Path, run_git: Callable[..., str]
) -> None:
    run_git(checkout, "fetch", "-q", "origin", BRANCH)
    run_git(checkout, "push", "-q", "origin", f"+{judged}:{BRANCH}")
    with pytest.raises(LedgerRolledBack):
        new_ledger(key=None).read()


def test_a_witness_that_is_no_ledger_is_named(
    judged: str, new_ledger: NewLedger, checkout: Path, run_git: Callable[..., str]
) -> None:
    for thing in ("HEAD", "HEAD:model.py"):
        digest = run_git(checkout, "rev-parse", thing)
        run_git(checkout, "push", "-q", "origin", f"+{digest}:{WITNESS}")
        with pytest.raises(LedgerReplaced, match="is another one"):
            new_ledger().read()


def test_a_new_ledger_on_another_branch_is_not_held_against_the_old_one(
    judged: str, checkout: Path, origin: Path, run_git: Callable[..., str]
) -> None:
    run_git(checkout, "push", "-q", "origin", f":{BRANCH}")
    for name in ("second", "easeml-ledger/2", "easeml"):
        ledger = Ledger(Branch(Git(checkout), name), bytes(range(32)))
        judge(ledger, 1)
        assert ledger.read().test_sets[0].steps_taken == 1
    assert at(origin, "refs/easeml/ledgers/second/witness") == at(origin, "refs/heads/second")


def test_a_branch_that_was_renamed_goes_on(
    judged: str, checkout: Path, origin: Path, run_git: Callable[..., str]
) -> None:
    Git(origin).run("branch", "-m", "easeml-ledger", "renamed")
    ledger = Ledger(Branch(Git(checkout), "renamed"), bytes(range(32)))
    judge(ledger, 3)
    assert ledger.read().test_sets[0].fails == 3


def test_a_witness_that_was_left_behind_is_no_alarm_and_catches_up(
    judged: str, new_ledger: NewLedger, checkout: Path, origin: Path, run_git: Callable[..., str]
) -> None:
    run_git(checkout, "fetch", "-q", "origin", BRANCH)
    run_git(checkout, "push", "-q", "origin", f"+{judged}:{WITNESS}")
    assert new_ledger().read().test_sets[0].fails == 2
    judge(new_ledger(), 3)
    assert at(origin, BRANCH) == at(origin, WITNESS)


def test_a_witness_that_was_deleted_is_made_again(
    judged: str, new_ledger: NewLedger, checkout: Path, origin: Path, run_git: Callable[..., str]
) -> None:
    run_git(checkout, "push", "-q", "origin", f":{WITNESS}")
    judge(new_ledger(), 3)
    assert at(origin, BRANCH) == at(origin, WITNESS)


def test_a_host_that_takes_branches_and_tags_only_keeps_the_ledger_alone(
    new_ledger: NewLedger, origin: Path
) -> None:
    hook = origin / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ncase $1 in refs/heads/*|refs/tags/*) ;; *) exit 1 ;; esac\n")
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    for number in (1, 2):
        judge(new_ledger(), number)
    assert at(origin, WITNESS) == ""
    assert new_ledger().read().test_sets[0].fails == 2


def test_a_host_that_moves_one_ref_at_a_time_gets_them_one_by_one(
    new_ledger: NewLedger, origin: Path
) -> None:
    Git(origin).run("config", "receive.advertiseAtomic", "false")
    for number in (1, 2):
        judge(new_ledger(), number)
    assert at(origin, BRANCH) == at(origin, WITNESS)


def test_an_edited_ledger_is_named_as_such_and_the_command_given_restores_it(
    judged: str,
    new_ledger: NewLedger,
    rewrite: Callable[[Callable[[Path], None]], None],
    checkout: Path,
    run_git: Callable[..., str],
) -> None:
    def pass_everything(work: Path) -> None:
        file = work / "ledger.jsonl"
        file.write_bytes(file.read_bytes().replace(b'"passed":false', b'"passed":true'))

    rewrite(pass_everything)
    with pytest.raises(RecordEdited) as caught:
        new_ledger().read()

    restore(caught.value, checkout, run_git)
    assert new_ledger().read().test_sets[0].fails == 2


@pytest.mark.parametrize("shown", ["the older branch", "no branch"])
def test_half_of_a_push_that_shows_for_a_moment_is_no_alarm(
    shown: str,
    judged: str,
    new_ledger: NewLedger,
    checkout: Path,
    origin: Path,
    tmp_path: Path,
    run_git: Callable[..., str],
) -> None:
    newest = at(origin, BRANCH)
    if shown == "no branch":
        Git(origin).run("update-ref", "-d", BRANCH)
    else:
        Git(origin).run("update-ref", BRANCH, judged)
    calls, late = tmp_path / "calls", tmp_path / "late-upload-pack"
    late.write_text(
        f"#!/bin/sh\necho x >> {calls}\n"
        f"[ $(wc -l < {calls}) -lt 3 ] || git -C {origin} update-ref {BRANCH} {newest}\n"
        'exec git-upload-pack "$@"\n'
    )
    late.chmod(0o755)
    run_git(checkout, "config", "remote.origin.uploadpack", str(late))
    assert new_ledger().read().test_sets[0].fails == 2


def test_a_mark_names_a_record_that_the_ledger_must_have(
    judged: str, new_ledger: NewLedger, checkout: Path, run_git: Callable[..., str]
) -> None:
    ledger = new_ledger()
    ledger.read()
    text = f"Fail: step 2 of 9, 7 left {ledger.mark}"
    assert len(ledger.mark) < 40
    ledger.heed([text, "", "no mark"])
    judge(ledger, 3)
    ledger.heed([text])  # an older mark stays true

    run_git(checkout, "fetch", "-q", "origin", BRANCH)
    for ref in (BRANCH, WITNESS):
        run_git(checkout, "push", "-q", "origin", f"+{judged}:{ref}")
    rolled_back = new_ledger()
    rolled_back.read()
    with pytest.raises(LedgerRolledBack, match="recorded as line 6 of the ledger"):
        rolled_back.heed(["no mark", text])
    for ref in (BRANCH, WITNESS):
        run_git(checkout, "push", "-q", "origin", f":{ref}")
    deleted = new_ledger()
    deleted.read()
    with pytest.raises(LedgerRolledBack, match="of 0 lines, does not have it"):
        deleted.heed([text])
    judge(deleted, 1, passed=True)
    judge(deleted, 2)
    with pytest.raises(LedgerRolledBack):
        deleted.heed([text])


def test_a_mark_of_a_stranger_or_of_another_branch_says_nothing(
    judged: str, new_ledger: NewLedger, checkout: Path
) -> None:
    ledger = new_ledger()
    ledger.read()
    name, _, rest = ledger.mark.partition("@")
    assert name == "[easeml-ledger"
    other = Ledger(Branch(Git(checkout), "other"), bytes(range(32)))
    for number in range(1, 4):
        judge(other, number)
    forged = [f"{name}@99:{'0' * 8}.{'0' * 8}]", f"{name}@99:{rest.partition(':')[2]}"]
    ledger.heed([*forged, other.mark, ledger.mark.replace("ledger", "other")])


def test_the_mark_of_a_branch_with_a_long_name_is_short(checkout: Path) -> None:
    ledger = Ledger(Branch(Git(checkout), "a-very-long-name/" * 9 + "end"), bytes(range(32)))
    assert ledger.mark == ""
    judge(ledger, 1)
    assert len(ledger.mark) < 40
    ledger.heed([ledger.mark])
