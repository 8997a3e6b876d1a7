"""Which statuses of other commits are settled, and with what."""

from datetime import UTC, datetime, timedelta

import pytest

from easeml_action.github import SeenCommit, SeenStatus
from easeml_action.ledger import (
    Contract,
    Genesis,
    History,
    OpenedTestSet,
    Question,
    ReservedStep,
    ResumedStep,
)
from easeml_action.ledger import Verdict as Judged
from easeml_action.neighbours import find_unsettled, recent_commits

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RUN = "https://github.com/octo/model/actions/runs/{}"
SEALED = "-----BEGIN PGP MESSAGE-----\n\nhQEMA+abc=\n-----END PGP MESSAGE-----\n"
MARK = "[easeml-ledger@9:01234567.89abcdef]"


def stamp(minute: int) -> str:
    return (START + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")


def commit(number: int) -> str:
    return f"{number:040x}"


def history(*steps: bool | None, run: str = RUN, adaptivity: str = "full") -> History:
    """A ledger whose step ``k`` is of commit and run ``k``, reserved at minute ``10 k``.

    None is a step without a verdict.
    """
    records: list[object] = [
        Genesis("0" * 32, None, stamp(0)),
        OpenedTestSet("rows", "a" * 64, 100, Contract(0.9, 5, adaptivity), stamp(0)),  # type: ignore[arg-type]
    ]
    counts = [0, 0]
    for number, passed in enumerate(steps, 1):
        question = Question("rows", "n > 0.8 +/- 0.05", "fp-free", f"m{number}")
        address = run.format(number)
        records.append(
            ReservedStep(question, number, *counts, commit(number), stamp(10 * number), address)
        )
        if passed is not None:
            public = None if adaptivity == "none" else passed
            records.append(Judged("rows", number, public, SEALED))
            counts[not passed] += adaptivity != "none"
    return History(records)  # type: ignore[arg-type]


def seen(
    number: int,
    state: str | None,
    minute: int = 0,
    description: str = "",
    run: int | None = None,
    is_whole: bool = True,
) -> SeenCommit:
    """A commit with one status, or none."""
    url = RUN.format(run or number)
    status = SeenStatus(str(state), description, url, START + timedelta(minutes=minute))
    return SeenCommit(commit(number), () if state is None else (status,), is_whole)


def settled(
    ledger: History, *commits: SeenCommit, over: bool = False
) -> list[tuple[str, str, str, str]]:
    found = find_unsettled(ledger, commits, lambda _: over, MARK)
    return [(each.commit, each.state, each.description, each.target_url) for each in found]


def test_a_pending_status_of_a_run_that_recorded_its_verdict_tells_the_verdict() -> None:
    ledger = history(True, False)
    assert settled(ledger, seen(1, "pending", 9), seen(2, "pending", 20)) == [
        (commit(1), "success", f"Pass: step 1 of 5, 3 left {MARK}", RUN.format(1)),
        (commit(2), "failure", f"Fail: step 2 of 5, 3 left {MARK}", RUN.format(2)),
    ]


def test_a_hidden_verdict_stays_hidden() -> None:
    both = [
        settled(history(passed, adaptivity="none"), seen(1, "pending"))[0][1:3]
        for passed in (True, False)
    ]
    assert both[0] == both[1]
    assert both[0] == ("success", f"Recorded for the key holder: step 1 of 5, 4 left {MARK}")


@pytest.mark.parametrize("state", ["success", "failure", "error"])
def test_a_status_that_was_settled_is_left_alone(state: str) -> None:
    assert settled(history(True), seen(1, state, description="Something"), over=True) == []


@pytest.mark.parametrize(
    "status",
    [seen(1, "pending", 11), seen(1, "pending", run=7), seen(2, "pending"), seen(9, "pending")],
    ids=["set after its step", "of another run", "unfinished", "without a step"],
)
def test_a_run_that_may_be_at_work_is_left_alone(status: SeenCommit) -> None:
    assert settled(history(True, None), status) == []


def test_a_run_that_is_over_without_a_step_is_told_to_be_run_again() -> None:
    text = "The run did not finish, no step was used: run it again"
    expected = (commit(9), "error", text, RUN.format(9))
    assert settled(history(True), seen(9, "pending"), over=True) == [expected]


def test_a_run_that_is_over_with_an_unfinished_step_is_told_to_be_run_again() -> None:
    text = "The run did not finish, step 2 stays reserved: run it again"
    expected = (commit(2), "error", text, RUN.format(2))
    assert settled(history(True, None), seen(2, "pending", 99), over=True) == [expected]


def test_a_resumed_run_that_is_over_tells_the_verdict() -> None:
    [(_, state, description, _)] = settled(history(True), seen(1, "pending", 99), over=True)
    assert (state, description) == ("success", f"Pass: step 1 of 5, 4 left {MARK}")


def test_a_step_of_a_terminal_has_no_page_to_lead_to() -> None:
    [(_, state, _, url)] = settled(history(True, run="local"), seen(1, "pending"), over=True)
    assert (state, url) == ("success", "")


def test_an_error_that_left_its_step_reserved_gives_way_to_the_verdict() -> None:
    left = "The remote did not take the push (step 1 stays reserved)"
    assert settled(history(None), seen(1, "error", 12, left)) == []
    [(_, state, _, _)] = settled(history(False), seen(1, "error", 12, left))
    assert state == "failure"
    assert settled(history(False), seen(1, "error", 12, left.replace("1", "2"))) == []


def test_a_step_that_another_commit_charged_is_told_where_it_was_left() -> None:
    """A run on commit 7 resumed the step of commit 1, whose files are the same, and left it."""
    left = "The remote did not take the push (step 1 stays reserved)"
    resumed = ResumedStep("rows", 1, stamp(11), "0" * 32, RUN.format(7))
    begun = History((*history(None).records, resumed))
    judged = History((*begun.records, Judged("rows", 1, False, SEALED)))
    assert settled(begun, seen(7, "error", 12, left)) == []
    [(settled_commit, state, _, _)] = settled(judged, seen(7, "error", 12, left))
    assert (settled_commit, state) == (commit(7), "failure")


def test_a_step_is_not_taken_for_that_of_an_older_test_set() -> None:
    """The commit passed step 1 of the old test set; step 1 of the new one was left unfinished."""
    left = "The remote did not take the push (step 1 stays reserved)"
    question = Question("newer", "n > 0.8 +/- 0.05", "fp-free", "m1")
    later = (
        OpenedTestSet("newer", "b" * 64, 100, Contract(0.9, 5, "full"), stamp(20)),
        ReservedStep(question, 1, 0, 0, commit(1), stamp(21), RUN.format(1)),
    )
    ledger = History((*history(True).records, *later))
    assert settled(ledger, seen(1, "error", 22, left)) == []


def test_a_commit_without_a_status_of_ours_gets_the_verdict_of_its_run() -> None:
    [(_, state, _, _)] = settled(history(True), seen(1, None))
    assert state == "success"
    assert settled(history(True), seen(1, None, is_whole=False)) == []
    assert settled(history(None), seen(1, None)) == []
    assert settled(history(True, run="local"), seen(1, None)) == []
    assert settled(history(True), seen(9, None)) == []


def test_the_newest_steps_are_looked_at_first() -> None:
    ledger = history(True, False, False, None)
    assert recent_commits(ledger) == (commit(4), commit(3), commit(2))
    assert recent_commits(History()) == ()
