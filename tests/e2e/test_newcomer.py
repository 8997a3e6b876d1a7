"""A newcomer: from nothing, by the README alone, to verdicts and to a second test set.

They have a repository with a model, rows that nobody has seen, and an empty home. What they install
is the wheel of this checkout. The workflow that `easeml init` has written is run as it stands, by a
runner program, for every event; what it uses is the image of this checkout. Only `gh` is played.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from easeml_action import __version__
from easeml_action.demo.github import GitHubServer
from easeml_action.demo.repository import PullRequest, TeamRepository
from tests.documents.commands import Block, blocks
from tests.documents.reader import ANSWERS, MODEL, Reader, log_in
from tests.e2e.conftest import Docker
from tests.e2e.runner import ACTION, Runner, image_name, read_tracked
from tests.integration.conftest import GitServer

WORKFLOW = ".github/workflows/easeml.yml"
USES = f"easeml/ci-action@v{__version__}"

SET_UP, REMAINING = (block.text for block in blocks("README.md") if block.is_run)
# Two commits are soon judged, and take few rows.
ANSWERED = ANSWERS | {r"shall the test set serve\? \[\d+\]: ": "2"}
# Back at the terminal, as it was left.
TERMINAL = Block("cd ~/model\n[[ ! -e ~/easeml ]] || . ~/easeml/bin/activate\n")
# What a pull request takes with a gate or without one.
EVERYDAY = re.compile(r"git (?:add|commit|fetch|push|switch) ")

# The label says whether a + b > 1. The model that is there knows it in 3 of 4 rows, these in 7 of
# 8, in half of them, and in all.
BETTER = 'float(row["a"]) + float(row["b"]) / 2 > 0.75'
WORSE = "True"
BEST = 'float(row["a"]) + float(row["b"]) > 1'


class Newcomer:
    """Somebody who types what they read, and writes models; every command is kept."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.home = reader.home
        self.typed: list[str] = []

    def type(self, *commands: str) -> str:
        """Type commands in the repository; return what the terminal shows."""
        self.typed += commands
        block = Block("".join(f"{command}\n" for command in commands))
        shown = self._reader.type([TERMINAL, block], ANSWERED)
        if (self.home / ".easeml").exists():
            self._reader.watch(shown, "the terminal of a newcomer")
        return shown

    def write_model(self, branch: str, answer: str) -> str:
        """Push a branch with another model, and return its name."""
        self.type("git fetch --quiet", f"git switch --quiet --create {branch} origin/main")
        program = self._reader.model / "evaluate_model.py"
        program.write_text(re.sub(r'(?<="yes" if ).+(?= else)', answer, program.read_text()))
        self.type(f"git commit --quiet --all -m {branch}", f"git push --quiet origin {branch}")
        return branch

    @property
    def secrets(self) -> dict[str, str]:
        """The secrets that they have set."""
        return {path.name: path.read_text() for path in (self.home / ".gh-secrets").iterdir()}


class Hosted:
    """The repository as GitHub has it: pull requests, merges, and a workflow that runs on both."""

    def __init__(self, team: TeamRepository, github: GitHubServer, runner: Runner) -> None:
        self._team = team
        self._github = github
        self._runner = runner

    def open(self, branch: str) -> PullRequest:
        """Open a pull request for a branch."""
        return self._team.open_for(branch, f"Merge {branch}")

    def judge(self, pull_request: PullRequest, secrets: dict[str, str]) -> tuple[int, str]:
        """Run the workflow on a pull request; return its exit code and the status that it sets."""
        event = self._team.pull_request_event(pull_request)
        return self._run("pull_request", event, pull_request.head, secrets)

    def merge(self, pull_request: PullRequest, secrets: dict[str, str]) -> tuple[int, str]:
        """Merge a pull request, and run the workflow on the push."""
        event = self._team.squash(pull_request)
        return self._run("push", event, event["after"], secrets)

    def _run(
        self, event: str, payload: dict[str, Any], commit: str, secrets: dict[str, str]
    ) -> tuple[int, str]:
        run = self._runner.run(event, payload, commit, workflow=WORKFLOW, secrets=secrets)
        assert f"docker run image={image_name(USES)}" in run.log
        newest, *before = self._github.statuses(commit)
        assert newest["context"] == "easeml/ci", run.log
        assert {status["state"] for status in before} <= {"pending"}
        return run.exit_code, f"{newest['state']}: {newest['description'].partition(' [')[0]}"


@pytest.fixture
def newcomer(team: TeamRepository, wheels: Path, tmp_path: Path) -> Newcomer:
    """Somebody who has a model in a repository, and a test set outside of it."""
    home, programs = tmp_path / "home", tmp_path / "programs"
    home.mkdir()
    programs.mkdir()
    reader = log_in(home, programs, wheels)
    reader.start_anew()
    (home / "server.git").symlink_to(team.origin)
    reader.type(MODEL[1:])
    return Newcomer(reader)


@pytest.fixture
def hosted(
    engine: dict[str, str],
    image: str,
    docker: Docker,
    git_server: GitServer,
    team: TeamRepository,
    github: GitHubServer,
    tmp_path: Path,
) -> Hosted:
    """The repository on GitHub, where this checkout is released and its image is built."""
    docker("tag", image, image_name(USES))
    release = tmp_path / "release"
    for name, content in read_tracked(*ACTION).items():
        (release / name).parent.mkdir(parents=True, exist_ok=True)
        (release / name).write_bytes(content)
    runner = Runner(team.name, engine, git_server, github, tmp_path, {USES: release})
    return Hosted(team, github, runner)


def commands(text: str) -> list[str]:
    """Return the commands of a block, without what is said beside them."""
    lines = (line.partition("  #")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def test_five_commands_lead_to_a_verdict_and_one_to_a_second_test_set(
    newcomer: Newcomer, hosted: Hosted, github: GitHubServer
) -> None:
    newcomer.type("git switch --quiet --create gate")
    shown = newcomer.type(*commands(SET_UP))
    # The README shows the commands that `easeml init` ends with; on a new branch, it pushes that.
    remaining = re.findall(r"^  ((?:gh|git) .+?)\r?$", shown, re.MULTILINE)
    store, _, commit, push = commands(REMAINING.replace("~", str(newcomer.home)))
    assert [remaining[0], *remaining[2:]] == [store, commit, f"{push} -u origin HEAD"]
    newcomer.type(*remaining)
    gate = hosted.open("gate")
    assert hosted.judge(gate, newcomer.secrets) == (
        0,
        "success: Active once merged: the default branch has no gate yet",
    )
    unchanged = (0, "success: Nothing to judge: the model is unchanged")
    assert hosted.merge(gate, newcomer.secrets) == unchanged

    better = hosted.open(newcomer.write_model("better", BETTER))
    verdict = (0, "success: Pass: step 1 of 2, 1 left")
    assert hosted.judge(better, newcomer.secrets) == verdict
    counted = [command for command in newcomer.typed if not EVERYDAY.match(command)]
    assert len(counted) <= 5, counted
    assert hosted.merge(better, newcomer.secrets) == verdict

    worse = hosted.open(newcomer.write_model("worse", WORSE))
    assert hosted.judge(worse, newcomer.secrets) == (
        1,
        "failure: Fail: step 2 of 2, the test set is used up (#1)",
    )
    [issue] = github.issues
    assert issue["state"] == "open"
    [rotation] = re.findall(r"```sh\n(.+?)```", issue["body"], re.DOTALL)
    typed = commands(rotation)
    assert [each for each in typed if not EVERYDAY.match(each)] == [
        "easeml rotate ~/new.csv --private-key ~/.easeml/model.private.asc"
    ]
    newcomer.type(*typed)
    new_test_set = hosted.open("new-test-set")
    assert hosted.judge(new_test_set, newcomer.secrets) == unchanged
    assert hosted.merge(new_test_set, newcomer.secrets) == unchanged

    best = hosted.open(newcomer.write_model("best", BEST))
    assert hosted.judge(best, newcomer.secrets) == verdict
    assert [each["state"] for each in github.issues] == ["closed"]
    [comment] = github.comments(issue["number"])
    measured = re.findall(r"^\| (\d) \| .+? (pass|fail) \| 0\.", comment["body"], re.MULTILINE)
    assert measured == [("1", "pass"), ("2", "fail")]
