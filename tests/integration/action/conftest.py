"""The stage for the tests of this folder."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from easeml_action.demo.github import GitHubServer
from tests.integration.action.stage import Stage
from tests.openapi import check


@pytest.fixture(scope="session")
def environments() -> Iterator[Path]:
    """Where built environments are kept, so that the bare one is built once.

    Every user must be able to enter it, and pytest's own folders are closed to all but us.
    """
    folder = Path(tempfile.mkdtemp(prefix="easeml-action-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    """GitHub's API, which lets nothing pass that its description does not know."""
    with GitHubServer(check=check) as running:
        yield running


@pytest.fixture
def stage(tmp_path: Path, server: GitHubServer, environments: Path) -> Stage:
    return Stage.build(tmp_path, server, environments)
