"""A token goes to GitHub and to nobody else."""

import subprocess
from pathlib import Path

import pytest
from pydantic import SecretStr

from easeml_action.cli.hosting import github_of, given_token, repository_at
from easeml_action.git import Git

TOKEN = "ghp_of_the_user"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_SERVER_URL", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GH_TOKEN", TOKEN)


def clone(folder: Path, address: str) -> Git:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    subprocess.run(["git", "-C", str(folder), "remote", "add", "origin", address], check=True)
    return Git(folder)


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/octo/model.git",
        "https://github.com/octo/model",
        "git@github.com:octo/model.git",
        "ssh://git@github.com/octo/model.git",
        "ssh://git@github.com:22/octo/model.git",
        "https://user@github.com/octo/model/",
    ],
)
def test_a_repository_on_github_is_known_by_its_address(tmp_path: Path, address: str) -> None:
    github = github_of(clone(tmp_path, address), SecretStr(TOKEN))
    assert github is not None
    assert github.repository == "octo/model"


@pytest.mark.parametrize(
    "address",
    [
        "https://gitlab.com/octo/model.git",
        "https://github.com.evil.example/octo/model.git",
        "https://evil.example/github.com/model.git",
        "/srv/git/model.git",
    ],
)
def test_another_host_gets_no_token(tmp_path: Path, address: str) -> None:
    assert github_of(clone(tmp_path, address), SecretStr(TOKEN)) is None
    assert repository_at(tmp_path)._token is None


def test_github_enterprise_is_named_by_the_environment(tmp_path: Path, monkeypatch) -> None:
    git = clone(tmp_path, "https://github.example.org/octo/model.git")
    assert github_of(git, SecretStr(TOKEN)) is None
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.example.org")
    github = github_of(git, SecretStr(TOKEN))
    assert github is not None
    assert github.repository == "octo/model"
    assert repository_at(tmp_path)._token == given_token() == SecretStr(TOKEN)
