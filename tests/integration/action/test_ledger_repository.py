"""A ledger that is not kept at the checkout's origin."""

from pathlib import Path

from easeml_action.git import Git
from tests.integration.action.stage import SCRIPT, Stage, assert_one_sentence, model
from tests.integration.conftest import GitServer
from tests.leaks import WATCH


def test_the_ledger_can_be_in_a_repository_of_its_own(hosted: Stage, git_server: GitServer) -> None:
    hosted.found()
    git_server.create("octo/ledger.git")
    hosted.set(variables={**hosted.runner.variables, "GITHUB_SERVER_URL": git_server.url})
    hosted.set_inputs(ledger_repository="octo/ledger")

    seen = hosted.pull_request({SCRIPT: model(95)})

    assert seen.status == ("success", "Pass: step 1 of 3, 2 left")
    assert hosted.ledger == []
    kept = Git(git_server.root / "octo/ledger.git").text("show", "easeml-ledger:ledger.jsonl")
    assert kept.count('"kind":"verdict"') == 1


def test_a_mirror_that_takes_no_pushes_can_be_the_origin(
    hosted: Stage, git_server: GitServer, tmp_path: Path
) -> None:
    hosted.found()
    opened = hosted.open({SCRIPT: model(95)})
    mirror = GitServer(tmp_path / "mirror")
    mirror.token, mirror.forbid_pushes = git_server.token, True
    copied = mirror.root / "team/origin.git"
    hosted.git.run("clone", "--quiet", "--mirror", str(hosted.team.origin), str(copied))
    hosted.set(
        origin=f"{mirror.url}/team/origin.git",
        variables={**hosted.runner.variables, "GITHUB_SERVER_URL": git_server.url},
    )
    try:
        refused = hosted.judge(opened)
        hosted.set_inputs(ledger_repository="team/origin")
        seen = hosted.judge(opened)
    finally:
        mirror.close()

    assert_one_sentence(refused, "refused to let the action write the branch easeml-ledger")
    assert seen.status == ("success", "Pass: step 1 of 3, 2 left")
    assert len(hosted.records("verdict")) == 1
    assert "easeml-ledger" not in Git(copied).text("branch", "--list")


def test_a_token_that_does_not_open_the_ledger_s_repository_is_told(
    hosted: Stage, git_server: GitServer
) -> None:
    hosted.found()
    git_server.create("octo/ledger.git")
    hosted.set(variables={**hosted.runner.variables, "GITHUB_SERVER_URL": git_server.url})
    somebody = WATCH.make_up("somebody else's token")
    hosted.set_inputs(ledger_repository="octo/ledger", ledger_token=somebody)

    seen = hosted.pull_request({SCRIPT: model(95)})

    assert_one_sentence(seen, "refused to let the action read", "ledger-token")
