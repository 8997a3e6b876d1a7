"""Runs that are killed or cancelled: what they leave, and what the next one makes of it."""

import signal
import time

import pytest

from tests.integration.action.stage import (
    SCRIPT,
    SLOW_ON_SECRET_ROWS,
    Stage,
    assert_one_sentence,
    model,
    wait_until,
)


def test_a_run_that_is_killed_resumes_its_step_when_it_is_run_again(stage: Stage) -> None:
    stage.found()
    opened = stage.open({SCRIPT: model(95, before=SLOW_ON_SECRET_ROWS)})
    with stage.job(opened) as job:
        process = job.start()
        wait_until(lambda: stage.charged == 1, job)
        process.send_signal(signal.SIGKILL)
        killed = stage.finish(job, process, opened.head, opened)
    assert killed.run.exit_code == -signal.SIGKILL
    assert killed.status[0] == "pending"
    assert stage.records("verdict") == []

    again = stage.judge(opened)

    assert again.status == ("success", "Pass: step 1 of 3, 2 left"), again.log
    assert stage.charged == 1
    assert len(stage.records("verdict")) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_cancelled_run_settles_its_status_and_keeps_its_step(
    stage: Stage, number: signal.Signals
) -> None:
    stage.found()
    opened = stage.open({SCRIPT: model(95, before=SLOW_ON_SECRET_ROWS)})
    with stage.job(opened) as job:
        process = job.start()
        wait_until(lambda: "Running the model" in job.log, job)
        process.send_signal(number)
        cancelled = stage.finish(job, process, opened.head, opened)

    assert_one_sentence(cancelled, "The run was cancelled.", "a reserved step is resumed")
    assert "Step 1 stays reserved for this commit" in cancelled.run.summary
    assert stage.judge(opened).status == ("success", "Pass: step 1 of 3, 2 left")
    assert stage.charged == 1


def test_a_run_that_is_cancelled_while_it_waits_for_github_settles_its_status(
    stage: Stage,
) -> None:
    stage.found()
    stage.server.fail_next(1, status=502, path="/statuses/")
    opened = stage.open({SCRIPT: model(95)})
    with stage.job(opened) as job:
        process = job.start()
        wait_until(lambda: len(stage.server.requests) > 0, job)
        process.send_signal(signal.SIGINT)
        cancelled = stage.finish(job, process, opened.head, opened)

    assert_one_sentence(cancelled, "The run was cancelled.")
    assert stage.ledger == []


def test_a_run_that_is_cancelled_after_its_verdict_shows_the_verdict(stage: Stage) -> None:
    stage.found()
    opened = stage.open({SCRIPT: model(95)})
    with stage.job(opened) as job:
        process = job.start()
        wait_until(lambda: "Running the model" in job.log, job)
        stage.server.fail_next(1_000, status=502, path="/issues")
        wait_until(lambda: "GitHub does not answer as it should" in job.log, job)
        process.send_signal(signal.SIGINT)
        cancelled = stage.finish(job, process, opened.head, opened)

    assert cancelled.status == ("success", "Pass: step 1 of 3, 2 left")
    assert "This outcome stands, and the next run does what was to follow" in cancelled.log
    assert "The run was cancelled." in cancelled.run.summary


def test_signals_that_follow_the_first_do_not_disturb_the_end(stage: Stage) -> None:
    stage.found()
    opened = stage.open({SCRIPT: model(95, before=SLOW_ON_SECRET_ROWS)})
    with stage.job(opened) as job:
        process = job.start()
        wait_until(lambda: "Running the model" in job.log, job)
        while stage.server.statuses(opened.head)[0]["state"] == "pending":
            process.send_signal(signal.SIGINT)
            time.sleep(0.01)
        cancelled = stage.finish(job, process, opened.head, opened)

    assert_one_sentence(cancelled, "The run was cancelled.")
