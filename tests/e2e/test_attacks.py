"""Hostile models against the action in its container, as GitHub starts it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from easeml_action.demo.github import GitHubServer
from easeml_action.demo.runner import Job
from tests.attacks.arena import Arena, Attack, Command, open_arena
from tests.attacks.catalogue import ATTACKS
from tests.integration.action.stage import environment_cache
from tests.openapi import check
from tests.tally import Tally

# The program's own, in whichever machine it runs.
_NOT_PASSED_ON = {"PATH"}


@pytest.fixture(scope="module")
def environments() -> Iterator[Path]:
    with environment_cache() as folder:
        yield folder


@pytest.fixture
def arena(tmp_path: Path, environments: Path) -> Iterator[Arena]:
    with (
        GitHubServer(check=check) as server,
        open_arena(tmp_path, server, environments) as opened,
    ):
        yield opened


@pytest.fixture
def in_container(engine: dict[str, str], image: str) -> Command:
    """Start the action as a container under Docker's default profile, with Docker's socket in it.

    The machine's loopback, where GitHub is played, and /tmp, where runner and arena lie, are the
    same inside.
    """
    socket = urlsplit(engine["DOCKER_HOST"]).path

    def command(job: Job) -> Sequence[str | Path]:
        names = job.environment.keys() - _NOT_PASSED_ON
        return (
            *(engine["DOCKER"], "--host", engine["DOCKER_HOST"], "run", "--rm"),
            *("--network", "host", "--workdir", job.workspace),
            *("--volume", "/tmp:/tmp", "--volume", f"{socket}:/var/run/docker.sock"),
            *(part for name in sorted(names) for part in ("--env", name)),
            image,
        )

    return command


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_fails_in_the_container(
    attack: Attack, arena: Arena, in_container: Command, tally: Tally
) -> None:
    won = arena.fight(attack, in_container, bare=False)
    tally.row(
        "attacks",
        attack=attack.title,
        defence=attack.defence,
        undefended="",
        direct="",
        container="WINS" if won else "held",
    )
    tally.add("attacks tried")
    tally.add("attacks won", won)
    assert not won
