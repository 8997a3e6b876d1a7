"""The engine and the image, for tests that run the action as GitHub does."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from easeml_action.demo.github import GitHubServer
from easeml_action.demo.repository import TeamRepository
from easeml_action.sandbox.engine import LABEL, open_engine
from tests.e2e.containers import base_name
from tests.integration import conftest as integration
from tests.integration.conftest import GitServer
from tests.openapi import check

ROOT = Path(__file__).parents[2]
TAG = "easeml-action-tested"
NAME = "acme/model"
SHOW_AND_WAIT = 'printf "%s\\n%s\\n" "$DOCKER_HOST" "$DOCKER"; exec cat'

Docker = Callable[..., "subprocess.CompletedProcess[str]"]

git_server = integration.git_server


@pytest.fixture(scope="session")
def engine() -> Iterator[dict[str, str]]:
    """An engine that lives as long as the session: DOCKER_HOST and DOCKER, its client."""
    holder = subprocess.Popen(
        [ROOT / "scripts/engine", "use", "sh", "-c", SHOW_AND_WAIT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        host, client = holder.stdout.readline().strip(), holder.stdout.readline().strip()
        assert host, "scripts/engine found no engine and could start none: see its message above"
        yield {"DOCKER_HOST": host, "DOCKER": client}
        holder.stdin.close()
    assert holder.returncode == 0


@pytest.fixture(scope="session")
def docker(engine: dict[str, str]) -> Docker:
    """Run the Docker client; its exit code is the caller's to judge."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [engine["DOCKER"], *arguments],
            env=os.environ | engine,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def base(engine: dict[str, str]) -> str:
    """The image that the Dockerfile starts from, and the models of these tests, too."""
    _run_script(engine, "base-image")
    return base_name()


@pytest.fixture
def client(engine: dict[str, str], base: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The engine as the gate opens it; the test must leave nothing there."""
    monkeypatch.setenv("DOCKER_HOST", engine["DOCKER_HOST"])
    with open_engine() as client:
        yield client
        left = client.containers(all=True, filters={"label": LABEL})
        left += client.images(filters={"label": LABEL})
        assert left == []


@pytest.fixture(scope="session")
def image(engine: dict[str, str]) -> str:
    """The image, built from the Dockerfile as it stands."""
    _run_script(engine, "build-image", TAG)
    return TAG


def _run_script(engine: dict[str, str], name: str, *arguments: str) -> None:
    """Run one of the project's scripts on the engine; what it says shows where it fails."""
    done = subprocess.run(
        [ROOT / "scripts" / name, *arguments],
        env=os.environ | engine,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture
def team(git_server: GitServer, tmp_path: Path) -> TeamRepository:
    """A repository on the git host, and its developers' work tree."""
    repository = TeamRepository(tmp_path / "team", NAME)
    home = git_server.root / f"{NAME}.git"
    home.parent.mkdir()
    home.symlink_to(repository.origin)
    return repository


@pytest.fixture
def github(git_server: GitServer) -> Iterator[GitHubServer]:
    """The API of the repository, held to GitHub's description."""
    with GitHubServer(NAME, git_server.token, check=check) as server:
        yield server
