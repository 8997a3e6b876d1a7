"""GitHub for the tests of this folder: a real local server that checks every request."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from easeml_action.demo.github import DEFAULT_REPOSITORY, DEFAULT_TOKEN, GitHubServer
from easeml_action.github import GitHub
from easeml_action.patience import Patience
from tests.openapi import check

TOKEN = SecretStr(DEFAULT_TOKEN)


class Clock:
    """Time that passes only by sleeping, and remembers the sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sleeps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds

    def read(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitHubServer]:
    with GitHubServer(state_file=tmp_path / "state.json", check=check) as running:
        yield running


@pytest.fixture
def connect(clock: Clock) -> Callable[..., GitHub]:
    """Make a client of a server, with the patience of production and a clock that is not real."""

    def make(url: str, *, token: SecretStr = TOKEN, **patience: Any) -> GitHub:
        patient = Patience(**{"sleep": clock.sleep, "clock": clock.read, **patience})
        return GitHub(DEFAULT_REPOSITORY, token, url, patience=patient)

    return make


@pytest.fixture
def github(server: GitHubServer, connect: Callable[..., GitHub]) -> GitHub:
    return connect(server.url)
