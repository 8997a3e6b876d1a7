"""The stage for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from easeml_action.demo.github import GitHubServer
from tests.integration.action.stage import Stage, environment_cache
from tests.integration.conftest import GitServer
from tests.openapi import check, description


@pytest.fixture(scope="session")
def environments() -> Iterator[Path]:
    with environment_cache() as folder:
        yield folder


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    """GitHub's API, which lets nothing pass that its description does not know."""
    description()  # read before a run waits for its first answer
    with GitHubServer(check=check) as running:
        yield running


@pytest.fixture
def stage(tmp_path: Path, server: GitHubServer, environments: Path) -> Stage:
    return Stage.build(tmp_path, server, environments)


@pytest.fixture
def hosted(git_server: GitServer, environments: Path) -> Iterator[Stage]:
    """A stage whose origin is a git host that asks for the token."""
    with GitHubServer(token=git_server.token, check=check) as server:
        stage = Stage.build(git_server.root, server, environments)
        stage.set_inputs(token=git_server.token)
        stage.set(origin=f"{git_server.url}/team/origin.git")
        yield stage
