"""What a run does for others: it settles their statuses, and hears what they say of the ledger."""

import json
import signal

import pytest

from easeml_action.git import Git
from easeml_action.ledger.witness import witness_ref
from tests.integration.action.stage import (
    SCRIPT,
    SLOW_ON_SECRET_ROWS,
    Seen,
    Stage,
    assert_one_sentence,
    model,
    wait_until,
)

SLOW_IN_PUBLIC = "if not secret: __import__('time').sleep(3)"
DOWN = {"status": 500, "method": "POST", "path": "/statuses/"}
LEDGER = "refs/heads/easeml-ledger"


@pytest.fixture
def impatient(stage: Stage) -> Stage:
    """A stage whose runs soon give up."""
    stage.set_inputs(retry_seconds="15")
    return stage


def unseen(stage: Stage, right: int, run: int = 1) -> Seen:
    """Judge a model while GitHub takes no status at the end."""
    stage.set(variables={**stage.runner.variables, "GITHUB_RUN_ID": str(run)})
    opened = stage.open({SCRIPT: model(right, before=SLOW_ON_SECRET_ROWS)})
    with stage.job(opened) as job:
        process = job.start()
        wait_until(lambda: "Running the model" in job.log, job)
        stage.server.fail_next(99, **DOWN)
        seen = stage.finish(job, process, opened.head, opened)
    stage.server.forgive()
    return seen


def kill_when(stage: Stage, text: str, right: int, before: str) -> str:
    """Kill a run once it says something; return the commit that it leaves behind."""
    opened = stage.open({SCRIPT: model(right, before=before)})
    with stage.job(opened) as job:
        process = job.start()
        wait_until(lambda: text in job.log, job)
        process.send_signal(signal.SIGKILL)
        stage.finish(job, process, opened.head, opened)
    return opened.head


def status(stage: Stage, commit: str) -> tuple[str, str]:
    newest = stage.server.statuses(commit)[0]
    return newest["state"], newest["description"].partition(" [")[0]


def test_a_verdict_that_could_not_be_shown_is_shown_by_the_next_run_at_no_cost(
    impatient: Stage,
) -> None:
    impatient.found()
    first = unseen(impatient, 95)
    assert first.run.exit_code == 1
    assert first.status[0] == "pending"
    assert "The verdict is recorded as step 1: the next run shows it at no cost." in first.log

    second = impatient.pull_request({SCRIPT: model(55)})

    assert second.status == ("failure", "Fail: step 2 of 3, 1 left")
    assert status(impatient, first.commit) == ("success", "Pass: step 1 of 3, 1 left")
    assert impatient.charged == 2


def test_a_verdict_that_could_not_be_shown_is_shown_where_the_same_commit_is_judged_again(
    impatient: Stage,
) -> None:
    impatient.found()
    first = unseen(impatient, 95)
    assert first.pull_request is not None

    again = impatient.judge(first.pull_request)

    assert again.status == ("success", "Pass: step 1 of 3, 2 left")
    assert impatient.charged == 1


def test_a_run_that_was_started_again_is_left_alone(impatient: Stage) -> None:
    impatient.found()
    first = unseen(impatient, 95)
    # It said so again after its step was reserved: it may be at work on another question.
    impatient.server.date_status(first.commit, "2100-01-01T00:00:00Z")

    impatient.pull_request({SCRIPT: model(55)})

    assert status(impatient, first.commit)[0] == "pending"


@pytest.mark.parametrize(
    ("text", "before", "told"),
    [
        ("Smoke run of", SLOW_IN_PUBLIC, "The run did not finish, no step was used: run it again"),
        (
            "Running the model",
            SLOW_ON_SECRET_ROWS,
            "The run did not finish, step 1 stays reserved: run it again",
        ),
    ],
    ids=["before its step", "after it"],
)
@pytest.mark.parametrize("known", ["by its state", "by its age", "not at all"])
def test_a_run_that_was_killed_is_settled_once_it_is_known_to_be_over(
    stage: Stage, text: str, before: str, told: str, known: str
) -> None:
    stage.found()
    stage.set(depth=0)
    commit = kill_when(stage, text, 95, before)
    if known == "by its state":
        done = json.dumps({"id": 1, "status": "completed"})
        stage.server.fail_next(9, status=200, body=done, path="/actions/runs/1")
    if known == "by its age":
        stage.server.date_status(commit, "2020-01-01T00:00:00Z")

    # The next push to the same pull request comes across the commit before it.
    head = stage.commit("next", {SCRIPT: model(55)}, start=commit)
    stage.git.run("push", "-q", "origin", f"{head}:refs/pull/9/head")
    repository = {"full_name": "octo/model", "default_branch": "main"}
    payload = {
        "pull_request": {
            "number": 9,
            "head": {"ref": "next", "sha": head, "repo": repository},
            "base": {"ref": "main", "sha": stage.team.tip, "repo": repository},
        },
        "repository": repository,
    }
    seen = stage.act("pull_request", payload, "refs/pull/9/head")

    assert seen.verdict == "fail"
    expected = ("error", told) if known != "not at all" else ("pending", "Judging the model on")
    assert status(stage, commit)[0] == expected[0]
    assert status(stage, commit)[1].startswith(expected[1])


def test_a_ledger_that_was_deleted_with_its_witness_is_remembered_by_the_statuses(
    stage: Stage,
) -> None:
    stage.found()
    opened = stage.pull_request({SCRIPT: model(55)}).pull_request
    assert opened is not None
    for ref in (LEDGER, witness_ref("easeml-ledger")):
        Git(stage.team.origin).run("update-ref", "-d", ref)

    seen = stage.judge(opened)

    assert_one_sentence(seen, "recorded as line 5 of the ledger", "another ledger-branch")
    assert stage.ledger == []
    stage.set_inputs(ledger_branch="second-ledger")
    assert stage.judge(opened).verdict == "fail"


def test_a_ledger_that_was_put_back_with_its_witness_is_remembered_by_the_issue(
    stage: Stage,
) -> None:
    stage.found(steps=1)
    origin = Git(stage.team.origin)
    stage.pull_request({SCRIPT: model(55)})
    for ref in (LEDGER, witness_ref("easeml-ledger")):
        origin.run("update-ref", ref, f"{LEDGER}~2" if ref == LEDGER else LEDGER)
    stage.server.forget_statuses()

    seen = stage.pull_request({SCRIPT: model(95)})

    assert "@4:" in stage.server.issues[0]["body"]
    assert_one_sentence(seen, "recorded as line 5 of the ledger", "a clone or a backup")
    assert stage.charged == 0


def test_a_deleted_ledger_is_named_and_nothing_is_charged(stage: Stage) -> None:
    stage.found()
    stage.pull_request({SCRIPT: model(55)})
    Git(stage.team.origin).run("update-ref", "-d", LEDGER)

    seen = stage.pull_request({SCRIPT: model(56)})

    assert_one_sentence(seen, "easeml-ledger was deleted", "git push origin +FETCH_HEAD:")
    assert stage.ledger == []
