"""A run is killed at every stop on its way, and the next run goes on as if it had not been.

Where the stops are is not written here: a clean run tells it, and a run that does one thing more
has one stop more. The runs are the two longest that there are. One charges the only step of a test
set, judges it, and opens the issue that asks for the next one; the other finds the next one, closes
the issue with what the first has measured, and charges and judges a step.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from easeml_action.demo.github import GitHubServer
from easeml_action.demo.repository import PullRequest
from tests.audit import Audit
from tests.integration.action.stage import (
    SCRIPT,
    TEST_SET,
    Seen,
    Stage,
    encrypted,
    ledger_key,
    model,
)
from tests.openapi import check
from tests.tally import Tally

CRASHING = Path(__file__).with_name("crashing.py")
SHARES = 16
NOWHERE = -1


class Crew:
    """Runs the action up to a stop, or to its end."""

    def __init__(self, program: subprocess.Popen[str]) -> None:
        self._program = program

    def perform(self, stage: Stage, opened: PullRequest, stops: Path, last: int = NOWHERE) -> Seen:
        """Run the action for a pull request; the file says which stops it came by."""
        stops.write_text("")
        with stage.job(opened) as job:
            given = {
                "environment": dict(job.environment),
                "workspace": str(job.workspace),
                "log": str(job.home / "log"),
                "stops": str(stops),
                "last": last,
            }
            self._program.stdin.write(json.dumps(given) + "\n")
            self._program.stdin.flush()
            return stage.finish(job, self, opened.head, opened)

    def wait(self) -> int:
        """Wait for the end of the run and return its exit code."""
        return int(self._program.stdout.readline())


@dataclass(frozen=True)
class Play:
    """A run that can be played from its beginning any number of times.

    Parameters
    ----------
    crew
        Plays it.
    stage, opened
        Where it begins; nothing is ever run here.
    stops
        The stops of a clean run, in words.
    end
        What is there in the end.
    """

    crew: Crew
    stage: Stage
    opened: PullRequest
    stops: tuple[str, ...]
    end: dict[str, Any]


def state(stage: Stage, seen: Seen) -> dict[str, Any]:
    """Return all that must be the same in the end, whatever happened on the way."""
    return {
        "outputs": seen.run.outputs,
        "exit code": seen.run.exit_code,
        "status": seen.status,
        "kinds": [line["kind"] for line in stage.ledger if line["kind"] != "resume"],
        "verdicts": [(each["step"], each["passed"]) for each in stage.records("verdict")],
        "issues": [(each["title"], each["state"]) for each in stage.server.issues],
        "comments": [
            [comment["body"] for comment in stage.server.comments(each["number"])]
            for each in stage.server.issues
        ],
    }


def use_the_last_step(stage: Stage) -> PullRequest:
    stage.found(steps=1)
    return stage.open({SCRIPT: model(95)})


def use_a_new_test_set(stage: Stage) -> PullRequest:
    stage.found(steps=1)
    assert stage.pull_request({SCRIPT: model(95)}).verdict == "pass"
    stage.team.push("Rotate the test set", {TEST_SET: encrypted(first=1_000)})
    return stage.open({SCRIPT: model(60)})


@pytest.fixture(scope="session")
def crew() -> Iterator[Crew]:
    command = [sys.executable, str(CRASHING)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        yield Crew(program)


def rehearse(
    crew: Crew, folder: Path, environments: Path, begin: Callable[[Stage], PullRequest]
) -> Play:
    with GitHubServer(check=check) as server:
        stage = Stage.build(folder, server, environments)
        opened = begin(stage)
    # The first run also builds the environment that every later one finds built.
    for name in ("first", "clean"):
        with GitHubServer(check=check) as server:
            clean = stage.twin(folder / name, server)
            seen = crew.perform(clean, opened, folder / f"{name}.stops")
            end = state(clean, seen)
    stops = tuple((folder / "clean.stops").read_text().splitlines())
    return Play(crew, stage, opened, stops, end)


@pytest.fixture(scope="session")
def last_step(crew: Crew, environments: Path, tmp_path_factory: pytest.TempPathFactory) -> Play:
    return rehearse(crew, tmp_path_factory.mktemp("last"), environments, use_the_last_step)


@pytest.fixture(scope="session")
def new_test_set(crew: Crew, environments: Path, tmp_path_factory: pytest.TempPathFactory) -> Play:
    return rehearse(crew, tmp_path_factory.mktemp("new"), environments, use_a_new_test_set)


@pytest.fixture(params=["last_step", "new_test_set"])
def play(request: pytest.FixtureRequest) -> Play:
    return request.getfixturevalue(request.param)


def test_a_clean_run_comes_by_stops_of_every_kind(play: Play) -> None:
    for kind in ("git push", "gpg", "a part of a request", "a line of output", "the end"):
        assert kind in play.stops
    assert len(play.stops) > 80


def test_a_clean_run_that_uses_the_last_step_opens_the_issue(last_step: Play) -> None:
    end = last_step.end
    assert end["status"] == ("success", "Pass: step 1 of 1, the test set is used up (#1)")
    assert end["kinds"].count("reserve") == end["kinds"].count("verdict") == 1
    assert [state for _, state in end["issues"]] == ["open"]
    assert end["comments"] == [[]]


def test_a_clean_run_that_finds_a_new_test_set_closes_the_issue(new_test_set: Play) -> None:
    end = new_test_set.end
    assert end["verdicts"] == [(1, True), (1, False)]
    assert [state for _, state in end["issues"]] == ["closed", "open"]
    [measured] = end["comments"][0]
    assert "| ✅ pass |" in measured


@pytest.mark.parametrize("share", range(SHARES))
def test_a_run_that_is_killed_at_any_stop_is_made_good_by_the_next(
    share: int,
    play: Play,
    tmp_path: Path,
    *,
    audited: Callable[..., Audit],
    tally: Tally,
) -> None:
    for number in range(share, len(play.stops), SHARES):
        with GitHubServer(check=check) as server:
            stage = play.stage.twin(tmp_path / str(number), server)
            stops = tmp_path / f"{number}.stops"

            killed = play.crew.perform(stage, play.opened, stops, number)

            assert killed.run.exit_code == -signal.SIGKILL
            assert tuple(stops.read_text().splitlines()) == play.stops[: number + 1]
            audited(stage.team.origin, ledger_key())

            again = play.crew.perform(stage, play.opened, stops)

            assert state(stage, again) == play.end, play.stops[number]
            audited(stage.team.origin, ledger_key())
        tally.add("runs", 2)
        tally.add("kills")
