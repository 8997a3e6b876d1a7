"""Hostile models against the action as it starts on a machine, and against it without a defence."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from easeml_action.demo.github import GitHubServer
from tests.attacks.arena import MODELS, Arena, Attack, direct, open_arena, undefended
from tests.attacks.catalogue import ATTACKS
from tests.tally import Tally

each_attack = pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)


@pytest.fixture
def arena(tmp_path: Path, server: GitHubServer, environments: Path) -> Iterator[Arena]:
    with open_arena(tmp_path, server, environments) as opened:
        yield opened


@each_attack
def test_an_attack_fails(attack: Attack, arena: Arena, tally: Tally) -> None:
    won = arena.fight(attack, direct, bare=False)
    tally.row(
        "attacks",
        attack=attack.title,
        defence=attack.defence,
        undefended="",
        direct="WINS" if won else "held",
        container="",
    )
    tally.add("attacks tried")
    tally.add("attacks won", won)
    assert not won


@each_attack
def test_an_attack_succeeds_without_the_defence_that_it_meets(
    attack: Attack, arena: Arena, tally: Tally
) -> None:
    won = arena.fight(attack, undefended(attack), bare=True)
    tally.row(
        "attacks",
        attack=attack.title,
        defence=attack.defence,
        undefended="wins" if won else "HELD",
        direct="",
        container="",
    )
    assert won


def test_every_hostile_model_is_tried() -> None:
    assert {attack.name for attack in ATTACKS} == {file.stem for file in MODELS.glob("*.py")}
