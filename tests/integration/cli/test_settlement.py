"""``easeml status --settle``: what runs left open is settled from a terminal."""

import json

import pytest
from pydantic import SecretStr

from easeml_action.github import GitHub, set_status

RUN = "https://github.com/octo/model/actions/runs/7"


@pytest.fixture
def surroundings(github, git_server) -> dict[str, str]:
    """What tells the command where GitHub is."""
    return {
        "GITHUB_TOKEN": git_server.token,
        "GITHUB_API_URL": github.url,
        "GITHUB_SERVER_URL": git_server.url,
    }


@pytest.fixture
def pending(hosted, github, git_server) -> str:
    """A commit that a run left behind."""
    commit = hosted.easeml.git("rev-parse", "HEAD")
    api = GitHub("octo/model", SecretStr(git_server.token), github.url)
    set_status(api, commit, "pending", "Judging", target_url=RUN)
    return commit


def status(github, commit: str) -> tuple[str, str]:
    newest = github.statuses(commit)[0]
    return newest["state"], newest["description"]


def test_a_run_that_may_be_at_work_is_left_alone(hosted, github, pending, surroundings) -> None:
    done = hosted.easeml("status", "--settle", **surroundings)

    assert done.code == 0, done.stderr
    assert "Nothing is left open on the" in done.stderr
    assert status(github, pending)[0] == "pending"


def test_a_run_that_github_says_is_over_is_settled(hosted, github, pending, surroundings) -> None:
    done = json.dumps({"id": 7, "status": "completed"})
    github.fail_next(status=200, body=done, path="/actions/runs/7")

    settled = hosted.easeml("status", "--settle", "--json", **surroundings)

    assert settled.code == 0, settled.stderr
    assert settled.json()["test_sets"] == []
    expected = ("error", "The run did not finish, no step was used: run it again")
    assert status(github, pending) == expected
    assert expected[1] in settled.stderr
    assert github.statuses(pending)[0]["target_url"] == RUN


def test_settling_needs_a_token(project) -> None:
    done = project.easeml("status", "--settle")
    assert (done.code, "Settling statuses needs a token." in done.stderr) == (2, True)
