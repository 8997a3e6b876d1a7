"""What can be wrong around a run: the checkout, the remote, GitHub, the ledger, the runner."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from easeml_action.action import settle
from easeml_action.audience import GitHubAudience, StatusNotSet
from easeml_action.demo.github import GitHubServer
from easeml_action.demo.runner import Job
from easeml_action.git import Git
from easeml_action.github import GitHub, Report, Workflow, read_event, read_payload
from easeml_action.patience import Patience
from easeml_action.settings import Settings
from easeml_action.world import World
from tests.integration.action.stage import (
    PAIRED,
    SCRIPT,
    SLOW_ON_SECRET_ROWS,
    TEST_SET,
    Stage,
    assert_one_sentence,
    encrypted,
    key_of,
    model,
    wait_until,
)
from tests.integration.conftest import GitServer

NOWHERE = "0123456789abcdef0123456789abcdef01234567"
FORBIDDEN = '{"message": "Resource not accessible by integration"}'


def test_a_dirty_workspace_is_neither_judged_nor_touched(stage: Stage) -> None:
    stage.found()
    opened = stage.open({SCRIPT: model(95)})
    with stage.job(opened) as job:
        (job.workspace / SCRIPT).write_bytes(model(5))
        (job.workspace / ".easeml.yml").unlink()
        (job.workspace / "untracked.txt").write_text("mine")

        seen = stage.finish(job, job.start(), opened.head, opened)

        assert (job.workspace / "untracked.txt").read_text() == "mine"
    assert seen.verdict == "pass"


def test_a_commit_with_a_history_of_its_own_is_judged_like_any_other(stage: Stage) -> None:
    stage.found(condition=PAIRED, max_disagreement=0.6)
    tree = stage.git.text("rev-parse", f"{stage.commit('topic', {SCRIPT: model(85)})}^{{tree}}")
    stage.git.run("checkout", "-q", "--orphan", "unrelated", "topic")
    stage.git.run("config", "user.name", "A developer")
    stage.git.run("config", "user.email", "developer@example.com")
    stage.git.run("commit", "-q", "-m", "From nothing")
    head = stage.git.text("rev-parse", "HEAD")
    assert stage.git.text("rev-parse", "HEAD^{tree}") == tree
    stage.git.run("push", "-q", "origin", f"{head}:refs/pull/1/head")
    stage.git.run("checkout", "-q", "main")
    repository = {"full_name": "octo/model", "default_branch": "main"}
    payload = {
        "pull_request": {
            "number": 1,
            "head": {"ref": "unrelated", "sha": head, "repo": repository},
            "base": {"ref": "main", "sha": stage.team.tip, "repo": repository},
        },
        "repository": repository,
    }

    assert stage.act("pull_request", payload, "refs/pull/1/head").verdict == "pass"


def test_a_commit_that_nobody_has_is_asked_for_with_its_remedy(stage: Stage) -> None:
    stage.found()
    opened = replace(stage.open({SCRIPT: model(95)}), head=NOWHERE)

    seen = stage.judge(replace(opened, number=1))

    # The pull request's head moved on: its old commit is nowhere.
    assert_one_sentence(seen, "Commit 0123456789ab is not in this checkout", "fetch-depth: 0")
    assert stage.ledger == []


def test_a_shallow_checkout_of_a_remote_that_hides_its_history_says_so(stage: Stage) -> None:
    stage.found(condition=PAIRED, max_disagreement=0.6)
    stage.merge(stage.pull_request({SCRIPT: model(85)}).pull_request)
    opened = stage.open({SCRIPT: model(100)})
    cut = stage.team.folder / "cut.git"
    source = stage.team.origin.as_uri()
    options = ("-q", "--mirror", "--depth=1", "--no-single-branch")
    Git(stage.team.folder).run("clone", *options, source, str(cut))
    ledger = Git(cut).text("rev-parse", "refs/heads/easeml-ledger")
    stage.set(origin=cut.as_uri())

    seen = stage.judge(opened)

    assert_one_sentence(seen, "Check that the checkout is complete")
    assert Git(cut).text("rev-parse", "refs/heads/easeml-ledger") == ledger


def test_a_checkout_without_origin_is_told(stage: Stage) -> None:
    stage.found()
    opened = stage.open({SCRIPT: model(95)})
    with stage.job(opened) as job:
        Git(job.workspace).run("remote", "remove", "origin")

        seen = stage.finish(job, job.start(), opened.head, opened)

    assert_one_sentence(seen, "'origin'", "Check that")
    assert stage.ledger == []


def test_a_push_from_a_checkout_without_origin_is_told(stage: Stage) -> None:
    stage.found()
    event = stage.team.push("A better model", {SCRIPT: model(95)})
    stage.set(depth=0)
    with stage.runner.job("push", event, "refs/heads/main") as job:
        Git(job.workspace).run("remote", "remove", "origin")

        seen = stage.finish(job, job.start(), event["after"])

    assert_one_sentence(seen, "no remote 'origin'", "git remote add origin")


@pytest.mark.parametrize("ended", ["status", "run"])
def test_a_token_that_may_set_no_status_is_told_the_permission(stage: Stage, ended: str) -> None:
    stage.found()
    opened = stage.open({SCRIPT: model(95, before=SLOW_ON_SECRET_ROWS)})
    with stage.job(opened) as job:
        process = job.start()
        if ended == "run":
            wait_until(lambda: "Running the model" in job.log, job)
        stage.server.fail_next(99, status=403, body=FORBIDDEN, path="/statuses/")
        seen = stage.finish(job, process, opened.head, opened)

    assert seen.run.exit_code == 1
    errors = [line for line in seen.log.splitlines() if line.startswith("::error")]
    assert len(errors) == 1
    assert "the permission `statuses: write` is missing" in errors[0]
    assert stage.charged == (0 if ended == "status" else 1)
    assert seen.verdict == ("error" if ended == "status" else "pass")


def test_a_token_that_may_open_no_issue_is_told_the_permission_and_the_verdict_stands(
    stage: Stage,
) -> None:
    stage.found(steps=1)
    stage.server.fail_next(99, status=403, body=FORBIDDEN, path="/issues")

    seen = stage.pull_request({SCRIPT: model(95)})

    assert (seen.verdict, seen.run.exit_code) == ("pass", 0)
    assert seen.status == ("success", "Pass: step 1 of 1, the test set is used up")
    assert "::warning::GitHub does not let this token list the issues: " in seen.log
    assert "`issues: write`" in seen.log


def test_an_issue_that_could_not_be_opened_is_opened_by_the_next_run(stage: Stage) -> None:
    stage.found(steps=1)
    stage.server.fail_next(2, status=403, body=FORBIDDEN, path="/issues")
    first = stage.pull_request({SCRIPT: model(95)})
    assert first.pull_request
    assert stage.server.issues == []

    stage.judge(first.pull_request)

    assert [issue["state"] for issue in stage.server.issues] == ["open"]


def test_a_rate_limit_is_told_with_its_end(stage: Stage) -> None:
    stage.found()
    reset = int(time.time()) + 3_000
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    stage.server.fail_next(99, status=403, body='{"message": "API rate limit"}', headers=headers)

    seen = stage.pull_request({SCRIPT: model(95)})

    assert seen.run.exit_code == 1
    assert "::error::GitHub takes no more requests with this token until about " in seen.log
    assert stage.ledger == []


def test_an_outage_that_passes_is_waited_for(stage: Stage) -> None:
    stage.found()
    stage.server.fail_next(1, status=502, path="/statuses/")

    seen = stage.pull_request({SCRIPT: model(95)})

    assert seen.status[0] == "success"


def settle_briefly(job: Job, api_url: str, temporary: Path) -> Report:
    """Run a job in this process, with little patience for GitHub."""
    settings = Settings.from_environ(job.environment)
    change = read_event(job.environment, read_payload(job.environment))
    github = GitHub(settings.repository, settings.token, api_url, patience=Patience(0.2))
    with (job.home / "log").open("w") as log:
        workflow = Workflow(log, job.environment)
        return settle(
            World(
                git=Git(settings.workspace, settings.token),
                change=change,
                config_path=settings.config,
                private_key=settings.private_key,
                passphrase=settings.passphrase,
                ledger_branch=settings.ledger_branch,
                repository_id=None,
                audience=GitHubAudience(github, workflow, change, settings.run_url, None),
                progress=workflow,
                scratch=temporary,
                cache=settings.cache,
                run_url=settings.run_url,
            )
        )


def test_while_github_is_down_nothing_is_charged(stage: Stage) -> None:
    stage.found()
    opened = stage.open({SCRIPT: model(95)})
    with GitHubServer() as gone:
        pass
    with stage.job(opened) as job, pytest.raises(StatusNotSet) as down:
        settle_briefly(job, gone.url, Path(job.environment["TMPDIR"]))

    assert "GitHub's API could not be used to set the commit status" in str(down.value)
    assert "there was no connection" in str(down.value)
    assert "No step was used." in str(down.value)
    assert stage.ledger == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.replace(b'"passed":false', b'"passed":true'),
        lambda data: data[:-9],
        lambda data: data[: data.rindex(b"{")][:-1],
        lambda data: data[:0],
        lambda data: b"\xff\xfe" + data[:0],
        lambda data: data + data[data.rindex(b"{") :],
        lambda data: b"".join(data.splitlines(keepends=True)[1:]),
    ],
    ids=["verdict", "torn", "no end of line", "empty", "garbage", "twice", "no beginning"],
)
def test_a_ledger_that_was_changed_by_hand_stops_every_run_and_is_left_as_it_is(
    stage: Stage, damage: Callable[[bytes], bytes]
) -> None:
    stage.found()
    judged = stage.pull_request({SCRIPT: model(55)})
    assert judged.pull_request
    stage.rewrite_ledger(damage)
    before = stage.ledger_bytes

    seen = stage.judge(judged.pull_request)

    assert_one_sentence(seen, "ledger", "ledger-branch")
    assert stage.ledger_bytes == before


def test_a_ledger_of_another_key_is_told(stage: Stage) -> None:
    stage.found()
    stage.pull_request({SCRIPT: model(55)})
    before = stage.ledger_bytes
    stage.team.push("Another key", {TEST_SET: encrypted(first=9_000, to="stranger")})
    stage.set_inputs(private_key=key_of("stranger").private_key.get_secret_value())

    seen = stage.pull_request({SCRIPT: model(56)})

    assert_one_sentence(seen, "written with another private key", "begin a new ledger")
    assert stage.ledger_bytes == before


@pytest.mark.parametrize("persisted", [True, False])
def test_the_token_opens_a_git_host_and_is_shown_nowhere(
    hosted: Stage, git_server: GitServer, persisted: bool
) -> None:
    hosted.found()
    opened = hosted.open({SCRIPT: model(95)})
    with hosted.job(opened) as job:
        if persisted:  # as actions/checkout leaves it
            header = "AUTHORIZATION: basic a-token-that-is-not-ours"
            Git(job.workspace).run("config", f"http.{git_server.url}/.extraheader", header)
        seen = hosted.finish(job, job.start(), opened.head, opened)

    assert seen.status == ("success", "Pass: step 1 of 3, 2 left")
    assert {status for _, status in git_server.requests} == {200}


def test_a_token_that_may_not_push_is_told_the_permission_before_anything_is_charged(
    hosted: Stage, git_server: GitServer
) -> None:
    hosted.found()
    git_server.forbid_pushes = True

    seen = hosted.pull_request({SCRIPT: model(95)})

    assert_one_sentence(seen, "refused to let the action write", "`contents: write`")
    assert "No step was used." in seen.run.summary
    assert hosted.ledger == []


def test_a_ledger_that_may_not_be_pushed_to_any_more_charges_nothing(
    hosted: Stage, git_server: GitServer
) -> None:
    hosted.found()
    hosted.pull_request({SCRIPT: model(55)})
    git_server.forbid_pushes = True

    seen = hosted.pull_request({SCRIPT: model(56)})

    assert_one_sentence(seen, "`contents: write`")
    assert "No step was used." in seen.run.summary
    assert hosted.charged == 1


def test_a_verdict_that_cannot_be_recorded_is_not_shown_and_its_step_is_resumed(
    hosted: Stage, git_server: GitServer
) -> None:
    hosted.found()
    opened = hosted.open({SCRIPT: model(95, before=SLOW_ON_SECRET_ROWS)})
    with hosted.job(opened) as job:
        process = job.start()
        wait_until(lambda: "Running the model" in job.log, job)
        git_server.forbid_pushes = True
        unrecorded = hosted.finish(job, process, opened.head, opened)
    git_server.forbid_pushes = False

    assert_one_sentence(unrecorded, "`contents: write`")
    assert "Step 1 stays reserved for this commit" in unrecorded.run.summary
    assert hosted.judge(opened).status == ("success", "Pass: step 1 of 3, 2 left")
    assert hosted.charged == 1


def test_a_ledger_that_was_copied_with_its_repository_is_told(stage: Stage) -> None:
    stage.found()
    variables = stage.runner.variables
    stage.set(variables={**variables, "GITHUB_REPOSITORY_ID": "1"})
    stage.pull_request({SCRIPT: model(55)})
    stage.set(variables={**variables, "GITHUB_REPOSITORY_ID": "2"})

    seen = stage.pull_request({SCRIPT: model(56)})

    assert_one_sentence(seen, "The ledger was begun for another repository.", "Delete the copied")
    assert stage.charged == 1


@pytest.mark.parametrize("variable", ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"])
def test_a_file_of_the_runner_that_cannot_be_written_does_not_keep_the_status_open(
    stage: Stage, variable: str
) -> None:
    stage.found()
    stage.set(variables={**stage.runner.variables, variable: "/nowhere/at/all"})

    seen = stage.pull_request({SCRIPT: model(95)})

    assert seen.run.exit_code == 1
    assert seen.status[0] == "success"
    assert f"::error::The file named by {variable} cannot be written" in seen.log


def test_an_illegal_input_is_told_before_any_work(stage: Stage) -> None:
    stage.found()
    stage.set_inputs(fail_on="sometimes")

    seen = stage.pull_request({SCRIPT: model(95)})

    assert seen.run.exit_code == 1
    assert "::error::The input `fail-on` is 'sometimes'. Set it to one of: fail," in seen.log
    assert stage.server.requests == []


def test_an_event_file_that_is_none_is_told(stage: Stage) -> None:
    stage.found()
    opened = stage.open({SCRIPT: model(95)})
    with stage.job(opened) as job:
        (job.home / "event.json").write_text(json.dumps([]))
        seen = stage.finish(job, job.start(), opened.head, opened)

    assert seen.run.exit_code == 1
    assert "::error::The event's payload has no usable content" in seen.log


def test_a_key_with_other_line_ends_opens_all_the_same(stage: Stage) -> None:
    stage.found()
    armored = key_of("holder").private_key.get_secret_value()
    stage.set(
        inputs={**stage.runner.inputs, "private-key": SecretStr(armored.replace("\n", "\r\n"))}
    )

    assert stage.pull_request({SCRIPT: model(95)}).verdict == "pass"
