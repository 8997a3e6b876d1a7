"""``easeml rotate``: new rows are held against the old ones, and proposed or written."""

import json
import re
from collections.abc import Callable

import pytest

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


def renamed(rows: str) -> str:
    return rows.replace("number,noise,label", "count,noise,label")


def reordered(rows: str) -> str:
    return re.sub(r"^(\w+),(\w+),", r"\2,\1,", rows, flags=re.MULTILINE)


def relabelled(rows: str) -> str:
    return re.sub(r",0$", ",even", rows, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (renamed, "lack 1 of the 3 columns of the old ones ('number'), and have 1 that those lack"),
        (reordered, "the columns of the old ones in another order"),
        (relabelled, "new rows have a label that the old test set has not"),
    ],
)
def test_rows_of_another_form_are_refused_unless_that_is_meant(
    project: Project, change: Callable[[str], str], said: str
) -> None:
    rows = project.rows(300, first=1_000)
    rows.write_text(change(rows.read_text()))
    refused = project("rotate", rows)
    assert (refused.code, said in refused.stderr) == (1, True), refused.stderr
    assert "even" not in refused.stderr
    assert project.easeml.git("status", "--porcelain") == ""
    assert project("rotate", rows, "--other-form", "--json").json()["rows"] == 290


def test_old_rows_under_other_names_are_known_again(project: Project) -> None:
    secret = project.secret_rows()
    lines = secret.read_text().splitlines()
    secret.write_text("\n".join(["Number,Noise,label", *lines[1:], ""]))
    for options in ((), ("--other-form",)):
        refused = project("rotate", secret, "--sample-rows", "0", *options)
        assert refused.code == 1
        assert "200 of the 200 rows are also in the old test set" in refused.stderr
        assert "allow_overlap" not in refused.stderr


def test_another_label_can_be_asked_for_with_the_new_rows(project: Project) -> None:
    config = project.easeml.directory / ".easeml.yml"
    config.write_text(config.read_text().replace("label: label", "label: parity"))
    rows = project.rows(300, first=1_000)
    rows.write_text(rows.read_text().replace(",label", ",parity"))
    refused = project("rotate", rows)
    assert refused.code == 1
    assert "The old test set is not in the form that the configuration says" in refused.stderr
    done = project("rotate", rows, "--other-form")
    assert done.code == 0, done.stderr
    assert "Note: not compared: The old test set" in done.stderr


def test_what_is_left_of_the_old_test_set_is_said_before_it_ends(project: Project) -> None:
    rows = project.rows(300, first=1_000)
    unused = project("rotate", rows)
    assert "not used up" in unused.stderr
    assert "no model was judged on it yet" in unused.stderr
    project.easeml.git("checkout", "-q", ".")
    for number, left in ((1, ": 1 left."), (2, None)):
        model = project.model(f"model {number}", f"{number} - {number}")
        assert project("gate", model, "--record").code == 1
        project.easeml.git("checkout", "-q", "main")
        said = project("rotate", rows).stderr
        assert ("not used up" in said) == (left is not None), said
        assert (left or "") in said
        project.easeml.git("checkout", "-q", ".")


def test_periods_that_are_left_end_too(project: Project) -> None:
    git = project.easeml.git
    config = project.easeml.directory / ".easeml.yml"
    config.write_text(config.read_text().replace("steps: 2", "steps: 1") + "  periods: 3\n")
    git("commit", "-q", "-a", "-m", "Share the rows out")
    git("push", "-q", "origin", "main")
    assert project("gate", project.model("a model", "0 + 0"), "--record").code == 1
    git("checkout", "-q", "main")
    assert "first used: 2 more periods." in project("rotate", project.rows(300, first=1_000)).stderr
