"""Every event of a repository's life, and what is judged on it."""

import base64
from typing import Any

import pytest

from easeml_action.git import Git
from tests.integration.action.stage import (
    ALONE,
    PAIRED,
    SCRIPT,
    TEST_SET,
    Seen,
    Stage,
    assert_one_sentence,
    config,
    encrypted,
    gate_files,
    key_of,
    model,
)

REPOSITORY = {"full_name": "octo/model", "default_branch": "main"}
NO_COMMIT = "0" * 40


def test_a_pull_request_gets_its_status_on_its_head_and_not_on_the_merge_commit(
    stage: Stage,
) -> None:
    stage.found()
    opened = stage.open({SCRIPT: model(95)})

    with stage.job(opened) as job:
        assert job.environment["GITHUB_SHA"] != opened.head
        assert not Git(job.workspace).has_commit(opened.head)  # fetch-depth: 1, the merge alone
        seen = stage.finish(job, job.start(), opened.head)
        assert stage.server.statuses(job.environment["GITHUB_SHA"]) == []

    assert seen.verdict == "pass"
    assert seen.run.exit_code == 0
    assert seen.statuses == (
        ("pending", "Judging the model on the secret test set"),
        ("success", "Pass: step 1 of 3, 2 left"),
    )
    status = stage.server.statuses(opened.head)[0]
    assert status["context"] == "easeml/ci"
    assert status["target_url"] == "https://github.com/octo/model/actions/runs/1"


def test_a_checkout_of_the_whole_history_gets_the_same_verdict(stage: Stage) -> None:
    stage.found()
    stage.set(depth=0)

    assert stage.pull_request({SCRIPT: model(95)}).verdict == "pass"


def test_pull_request_target_judges_a_forks_head_from_a_checkout_of_the_default_branch(
    stage: Stage,
) -> None:
    stage.found()
    easier = config(condition="n > 0.1 +/- 0.1")
    hostile = {".gitattributes": b"* filter=theirs\n", ".github/workflows/gate.yml": b"on: push\n"}
    opened = stage.open({SCRIPT: model(55), ".easeml.yml": easier, **hostile})
    # The base repository has a fork's commit under this name alone.
    Git(stage.team.origin).run("update-ref", "-d", f"refs/heads/{opened.branch}")
    payload = stage.team.pull_request_event(opened)
    payload["pull_request"]["head"]["repo"] = {"full_name": "stranger/model"}

    with stage.runner.job("pull_request_target", payload, "refs/heads/main") as job:
        seen = stage.finish(job, job.start(), opened.head, opened)
        assert not Git(job.workspace).has_commit(opened.head)

    assert seen.verdict == "fail"
    assert seen.status == ("failure", "Fail: step 1 of 3, 2 left")
    assert stage.server.statuses(stage.team.tip) == []
    [reserved] = stage.records("reserve")
    assert (reserved["commit"], reserved["question"]["condition"]) == (opened.head, ALONE)


def test_a_squash_merge_shows_the_verdict_of_its_pull_request_at_no_charge(stage: Stage) -> None:
    stage.found()
    judged = stage.pull_request({SCRIPT: model(95)})

    merged = stage.merge(judged.pull_request)

    assert merged.commit != judged.commit
    assert merged.verdict == "pass"
    assert merged.status == ("success", "Pass: step 1 of 3, 2 left")
    assert "asking again cost nothing" in merged.run.summary
    assert stage.charged == 1


def test_a_push_to_another_branch_is_judged_by_the_default_branch(stage: Stage) -> None:
    stage.found()
    files = {SCRIPT: model(51), ".easeml.yml": config(condition="n > 0.1 +/- 0.1")}
    after = stage.commit("experiment", files)
    payload = {
        "ref": "refs/heads/experiment",
        "before": NO_COMMIT,
        "after": after,
        "deleted": False,
        "repository": REPOSITORY,
    }

    seen = stage.act("push", payload, "refs/heads/experiment")

    assert seen.verdict == "fail"
    assert stage.records("reserve")[0]["question"]["condition"] == ALONE


def test_a_merge_group_is_judged_on_its_own_commit(stage: Stage) -> None:
    stage.found()
    base = stage.team.tip
    branch = "gh-readonly-queue/main/pr-1-abc"
    head = stage.commit(branch, {SCRIPT: model(95)})
    group = {"head_ref": f"refs/heads/{branch}", "head_sha": head, "base_sha": base}

    seen = stage.act(
        "merge_group", {"merge_group": group, "repository": REPOSITORY}, f"refs/heads/{branch}"
    )

    assert (seen.commit, seen.verdict) == (head, "pass")


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("workflow_dispatch", {"repository": REPOSITORY, "inputs": {}}),
        ("schedule", {"repository": REPOSITORY, "schedule": "0 0 * * 0"}),
        ("schedule", {"schedule": "0 0 * * 0"}),
    ],
)
def test_a_run_on_demand_judges_the_model_of_the_default_branch(
    stage: Stage, event: str, payload: dict[str, Any]
) -> None:
    stage.found(95)

    seen = stage.act(event, payload)

    assert (seen.commit, seen.verdict) == (stage.team.tip, "pass")


def test_a_run_on_demand_in_a_shallow_checkout_compares_with_the_parents_model(
    stage: Stage,
) -> None:
    stage.found(50, condition=PAIRED)
    stage.team.push("A better model", {SCRIPT: model(75)})

    seen = stage.act("workflow_dispatch", {"repository": REPOSITORY, "inputs": {}})

    assert (seen.commit, seen.verdict) == (stage.team.tip, "pass")


def test_a_pull_request_from_a_branch_named_like_the_ledgers_is_judged(stage: Stage) -> None:
    stage.found()
    opened = stage.open({SCRIPT: model(60)})
    payload = stage.team.pull_request_event(opened)
    payload["pull_request"]["head"]["ref"] = "easeml-ledger"

    seen = stage.act("pull_request", payload, "refs/pull/1/merge")

    assert seen.verdict == "fail"
    assert stage.server.statuses(opened.head)[0]["state"] == "failure"


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ({"ref": "refs/tags/v1", "deleted": False}, "a tag"),
        ({"ref": "refs/heads/old", "deleted": True, "after": NO_COMMIT}, "deleted a branch"),
        ({"ref": "refs/heads/easeml-ledger", "deleted": False}, "the ledger"),
    ],
)
def test_an_event_without_a_model_is_a_success_without_a_status(
    stage: Stage, payload: dict[str, Any], says: str
) -> None:
    stage.found()
    tip = stage.team.tip
    event = {"before": tip, "after": tip, "repository": REPOSITORY, **payload}

    seen = stage.act("push", event)

    assert seen.run.exit_code == 0
    assert says in seen.log
    assert seen.statuses == ()
    assert stage.server.requests == []


def test_an_event_that_names_no_commit_is_refused_with_those_that_do(stage: Stage) -> None:
    stage.found()

    seen = stage.act("issues", {"repository": REPOSITORY})

    assert seen.run.exit_code == 1
    assert "::error::The event 'issues' has no commit to judge." in seen.log
    assert "pull_request" in seen.log


def withheld(stage: Stage, payload: dict[str, Any], ref: str) -> Seen:
    """Run as GitHub runs what it gives no secrets: without the key, and with a reading token."""
    stage.set_inputs(private_key=None)
    stage.server.fail_next(
        99, status=403, body='{"message": "Resource not accessible by integration"}', path="/"
    )
    seen = stage.act("pull_request", payload, ref)
    assert seen.run.exit_code == 1
    assert seen.verdict == "error"
    assert seen.statuses == ()
    assert stage.charged == 0
    return seen


def test_a_pull_request_from_a_fork_is_told_what_a_maintainer_can_do(stage: Stage) -> None:
    stage.found()
    opened = stage.open({SCRIPT: model(95)})
    payload = stage.team.pull_request_event(opened)
    payload["pull_request"]["head"]["repo"] = {"full_name": "stranger/model"}

    seen = withheld(stage, payload, "refs/pull/1/merge")

    for shown in (seen.log, seen.run.summary):
        assert "A pull request from a fork gets no secrets" in shown
        assert "push the same commits to a branch of this repository" in shown


def test_dependabot_is_told_what_to_do(stage: Stage) -> None:
    stage.found()
    opened = stage.open({SCRIPT: model(95)})
    stage.set(variables={**stage.runner.variables, "GITHUB_ACTOR": "dependabot[bot]"})

    seen = withheld(stage, stage.team.pull_request_event(opened), "refs/pull/1/merge")

    assert "store the key as a Dependabot secret" in seen.log


def test_a_pull_request_from_a_fork_that_may_set_a_status_says_it_there(stage: Stage) -> None:
    stage.found()
    opened = stage.open({SCRIPT: model(95)})
    payload = stage.team.pull_request_event(opened)
    payload["pull_request"]["head"]["repo"] = None  # the fork is gone
    stage.set_inputs(private_key=None)

    stage.act("pull_request", payload, "refs/pull/1/merge")

    newest = stage.server.statuses(opened.head)[0]
    assert newest["state"] == "error"
    assert "from a fork gets no secrets" in newest["description"]


def test_a_pull_request_that_adds_the_gate_shows_the_plan_and_opens_nothing(stage: Stage) -> None:
    stage.team.push("A first model", {SCRIPT: model(50)})
    stage.set_inputs(private_key=None)

    seen = stage.pull_request(gate_files(ciphertext=b"not even a ciphertext"))

    assert seen.verdict == "active-once-merged"
    assert seen.run.exit_code == 0
    assert seen.status == (
        "success",
        "Active once merged: the default branch has no gate yet",
    )
    assert seen.run.outputs["rows-required"] == "112"
    assert seen.run.outputs["rows"] == ""
    assert "With probability at least 90 %" in seen.run.summary
    assert stage.ledger == []


def test_a_gate_that_cannot_work_is_refused_before_it_is_merged(stage: Stage) -> None:
    stage.team.push("A first model", {SCRIPT: model(50)})

    seen = stage.pull_request(gate_files(steps=0))

    assert_one_sentence(seen, ".easeml.yml", "steps is 0", "from 1 to 10,000")


def test_the_first_model_has_nothing_to_be_compared_with(stage: Stage) -> None:
    stage.team.push("Add the gate", gate_files(condition=PAIRED))

    seen = stage.pull_request({SCRIPT: model(95)})

    assert seen.verdict == "first-model"
    assert seen.status == ("success", "Nothing to compare with yet: this is the first model")
    assert stage.charged == 0


@pytest.mark.parametrize("condition", [ALONE, PAIRED])
def test_a_change_that_leaves_the_model_alone_costs_nothing(stage: Stage, condition: str) -> None:
    stage.found(condition=condition, model_paths=[SCRIPT])

    seen = stage.pull_request({"README.md": b"A better README.\n", ".github/x.yml": b"on: push\n"})

    assert seen.verdict == "unchanged"
    assert seen.status == ("success", "Nothing to judge: the model is unchanged")
    assert stage.charged == 0


def test_a_pinned_baseline_is_what_every_model_is_compared_with(stage: Stage) -> None:
    stage.found(50, condition=PAIRED, baseline="v1", max_disagreement=0.6)
    stage.git.run("push", "-q", "origin", "main:refs/tags/v1")
    stage.merge(stage.pull_request({SCRIPT: model(95)}).pull_request)

    seen = stage.pull_request({SCRIPT: model(90)})

    assert seen.verdict == "pass"
    first, second = stage.records("reserve")
    assert first["question"]["old"] == second["question"]["old"]


def test_a_baseline_that_does_not_exist_is_named(stage: Stage) -> None:
    stage.found(condition=PAIRED, baseline="v9")

    seen = stage.pull_request({SCRIPT: model(95)})

    assert_one_sentence(seen, "The baseline v9 is not a branch, tag or commit of origin.")
    assert stage.charged == 0


def test_a_tag_cannot_take_the_place_of_a_branch_that_is_the_baseline(stage: Stage) -> None:
    stage.found(condition=PAIRED, baseline="stable", max_disagreement=0.6)
    stage.commit("stable", {SCRIPT: model(95)})
    stage.git.run("push", "-q", "origin", "main:refs/tags/stable")

    seen = stage.pull_request({SCRIPT: model(90)})

    assert_one_sentence(seen, "The baseline stable is both a branch and a tag of origin.")
    assert stage.charged == 0


@pytest.mark.parametrize("name", ["stable", "refs/heads/stable", "COMMIT"])
def test_a_baseline_may_be_a_branch_or_a_commit(stage: Stage, name: str) -> None:
    stage.found(condition=PAIRED, max_disagreement=0.6)
    commit = stage.commit("stable", {SCRIPT: model(95)})
    pinned = config(condition=PAIRED, max_disagreement=0.6, baseline=name.replace("COMMIT", commit))
    stage.team.push("Pin the baseline", {".easeml.yml": pinned})

    assert stage.pull_request({SCRIPT: model(90)}).verdict == "fail"


def test_a_pull_request_into_another_branch_cannot_lower_the_bar_there(stage: Stage) -> None:
    stage.found()
    easy = config(condition="n > 0.1 +/- 0.1")
    base = stage.commit("easy", {".easeml.yml": easy})
    head = stage.commit("change", {SCRIPT: model(51)}, start="easy")
    stage.git.run("push", "-q", "origin", f"{head}:refs/pull/7/head")
    payload = {
        "number": 7,
        "pull_request": {
            "number": 7,
            "head": {"ref": "change", "sha": head, "repo": REPOSITORY},
            "base": {"ref": "easy", "sha": base, "repo": REPOSITORY},
        },
        "repository": REPOSITORY,
    }

    seen = stage.act("pull_request", payload, "refs/pull/7/head")

    assert seen.verdict == "fail"
    assert stage.records("reserve")[0]["question"]["condition"] == ALONE


def test_a_pull_request_cannot_change_its_own_bar_or_its_own_test_set(stage: Stage) -> None:
    stage.found()
    ours = stage.pull_request({SCRIPT: model(50, before="# the same")})

    theirs = stage.pull_request(
        {
            SCRIPT: model(50, before="# not the same"),
            ".easeml.yml": config(condition="n > 0.1 +/- 0.1", steps=10_000),
            TEST_SET: encrypted(first=50_000),
        }
    )

    assert (ours.verdict, theirs.verdict) == ("fail", "fail")
    assert ours.run.outputs["test-set"] == theirs.run.outputs["test-set"]
    assert theirs.run.outputs["steps"] == "3"
    assert stage.charged == 2


def test_a_gate_with_another_name_is_read_from_where_it_is(stage: Stage) -> None:
    stage.found()
    stage.team.push("Move", {".easeml.yml": None, "ci/gate.yml": config(steps=5)})
    stage.set_inputs(config="ci/gate.yml", ledger_branch="ci/ledger")

    seen = stage.pull_request({SCRIPT: model(95)})

    assert seen.status == ("success", "Pass: step 1 of 5, 4 left")
    assert Git(stage.team.origin).text("show", "refs/heads/ci/ledger:ledger.jsonl")
    assert stage.ledger == []


def test_the_key_may_be_in_base64(stage: Stage) -> None:
    stage.found()
    armored = key_of("holder").private_key.get_secret_value()
    stage.set_inputs(private_key=base64.b64encode(armored.encode()).decode())

    assert stage.pull_request({SCRIPT: model(95)}).verdict == "pass"
