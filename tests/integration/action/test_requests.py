"""The issue about a test set: which run closes it, and which leaves it open."""

from easeml_action.git import Git
from tests.integration.action.stage import SCRIPT, TEST_SET, Stage, encrypted, model


def test_an_older_commit_that_is_judged_again_closes_no_issue_about_a_newer_test_set(
    stage: Stage,
) -> None:
    stage.found(steps=1, model_paths=[SCRIPT])
    older = stage.team.push("Change nothing", {"README.md": b"The old test set.\n"})
    Git(stage.team.origin).run("update-ref", "refs/heads/older", "refs/heads/main")
    assert stage.act("push", older).verdict == "unchanged"
    stage.push({TEST_SET: encrypted(first=1_000)})
    assert stage.pull_request({SCRIPT: model(95)}).verdict == "pass"
    [issue] = stage.server.issues

    again = stage.act("push", older, "refs/heads/older")

    assert again.verdict == "unchanged"
    assert [each["state"] for each in stage.server.issues] == [issue["state"]] == ["open"]
