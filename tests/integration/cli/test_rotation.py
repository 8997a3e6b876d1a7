"""``easeml rotate --pull-request``: a new test set, proposed without touching the clone."""

import json

from easeml_action.demo.github import GitHubServer
from tests.integration.cli.conftest import Project, Ran
from tests.integration.conftest import GitServer


def rotate(project: Project, github: GitHubServer, git_server: GitServer, *arguments) -> Ran:
    return project.easeml(
        "rotate",
        *arguments,
        "--private-key",
        project.private_key,
        GITHUB_TOKEN=git_server.token,
        GITHUB_API_URL=github.url,
        GITHUB_SERVER_URL=git_server.url,
    )


def test_the_new_rows_are_proposed_and_the_clone_stays_as_it_is(hosted, github, git_server) -> None:
    git = hosted.easeml.git
    hosted.easeml.directory.joinpath("notes.txt").write_text("not committed")
    before = (git("status", "--porcelain"), git("for-each-ref"), git("count-objects"))
    done = rotate(
        hosted, github, git_server, hosted.rows(300, first=1_000), "--pull-request", "--json"
    )
    result = done.json()
    assert (git("status", "--porcelain"), git("for-each-ref"), git("count-objects")) == before
    [pull] = github.pulls
    assert result["pull_request"] == pull["html_url"]
    assert (result["rows"], pull["base"]["ref"]) == (290, "main")
    branch = pull["head"]["ref"]
    assert branch == f"easeml-test-set-{result['identity']}"
    assert (
        f"290 new rows, encrypted; the configuration requires {result['rows_required']:,}"
        in (pull["body"])
    )
    bare = str(git_server.root / "octo/model.git")
    changed = git("--git-dir", bare, "diff", "--name-only", "main", branch).splitlines()
    assert changed == ["data_test/test.csv.gpg", "data_test/test.sample.csv"]
    assert git("--git-dir", bare, "log", "--format=%s", "-1", branch) == "Use a new test set"
    assert git_server.token not in done.stdout + done.stderr + json.dumps(pull)
    sample = git("--git-dir", bare, "show", f"{branch}:data_test/test.sample.csv")
    assert len(sample.splitlines()) == 11


def test_the_same_rows_are_not_proposed_twice(hosted, github, git_server) -> None:
    rows = hosted.rows(300, first=1_000)
    assert (
        rotate(hosted, github, git_server, rows, "--sample-rows", "0", "--pull-request").code == 0
    )
    again = rotate(hosted, github, git_server, rows, "--sample-rows", "0", "--pull-request")
    assert (again.code, "Origin did not take the branch" in again.stderr) == (1, True)
    assert len(github.pulls) == 1


def test_a_clone_that_is_behind_proposes_nothing(hosted, github, git_server) -> None:
    config = hosted.easeml.directory / ".easeml.yml"
    config.write_text(config.read_text().replace("steps: 2", "steps: 3"))
    done = rotate(hosted, github, git_server, hosted.rows(300, first=1_000), "--pull-request")
    assert (done.code, ".easeml.yml is not as main of origin has it" in done.stderr) == (1, True)
    assert github.pulls == []


def test_a_configuration_outside_of_the_repository_is_wrong_use(hosted, github, git_server) -> None:
    outside = hosted.easeml.home / "other.yml"
    outside.write_text((hosted.easeml.directory / ".easeml.yml").read_text())
    rows = hosted.rows(300, first=1_000)
    done = rotate(hosted, github, git_server, rows, "--pull-request", "--config", outside)
    assert (done.code, "is not in the repository" in done.stderr) == (2, True)
    assert github.pulls == []


def test_a_branch_without_its_pull_request_is_said(hosted, github, git_server) -> None:
    github.fail_next(10, status=403, method="POST", path="/pulls")
    done = rotate(hosted, github, git_server, hosted.rows(300, first=1_000), "--pull-request")
    assert done.code == 1
    assert "is pushed, and there is no pull request for it" in done.stderr
    assert "gh pr create --head easeml-test-set-" in done.stderr


def test_without_a_token_nothing_is_read_or_pushed(hosted) -> None:
    done = hosted("rotate", hosted.rows(300, first=1_000), "--pull-request")
    assert (done.code, "A pull request needs a token." in done.stderr) == (2, True)


def test_rows_are_checked_before_a_branch_is_pushed(hosted, github, git_server) -> None:
    done = rotate(hosted, github, git_server, hosted.rows(400, first=150), "--pull-request")
    assert (done.code, "are also in the old test set" in done.stderr) == (1, True)
    assert github.pulls == []
    bare = str(git_server.root / "octo/model.git")
    assert hosted.easeml.git("--git-dir", bare, "branch", "--list") == "* main"
