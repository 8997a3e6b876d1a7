"""The workflows of examples/ and of the README are those that the action and our own ones allow."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from easeml_action.cli.setup.texts import workflow_draft
from easeml_action.github import SUPPORTED_EVENTS

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "examples").glob("*.yml"))
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
PERMISSIONS = {"contents": "write", "issues": "write", "statuses": "write"}
USED = re.compile(r"uses: ([^@\s]+)@(\S+)(?: # (v\S+))?")

each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)


def load(path: Path) -> dict[str, Any]:
    loaded: dict[Any, Any] = yaml.safe_load(path.read_text())
    return {"on" if name is True else name: value for name, value in loaded.items()}


@each_example
def test_an_example_gives_the_permissions_that_are_needed_and_says_why(example: Path) -> None:
    workflow = load(example)
    assert workflow["permissions"] == {}
    assert list(workflow["jobs"]) == ["gate"]
    assert workflow["jobs"]["gate"]["permissions"] == PERMISSIONS
    for name in PERMISSIONS:
        assert re.search(rf"^      {name}: write # \w", example.read_text(), re.MULTILINE)


@each_example
def test_an_example_checks_out_nothing_of_a_change_and_runs_the_action_alone(example: Path) -> None:
    checkout, gate = load(example)["jobs"]["gate"]["steps"]
    assert checkout["with"] == {"fetch-depth": 0, "persist-credentials": False}
    assert set(gate) == {"uses", "with"}
    assert gate["with"].keys() <= ACTION["inputs"].keys()


@each_example
def test_an_example_starts_on_events_that_the_action_knows(example: Path) -> None:
    assert set(load(example)["on"]) <= set(SUPPORTED_EVENTS)


@each_example
def test_only_the_environment_guards_a_secret_where_strangers_start_runs(example: Path) -> None:
    workflow = load(example)
    job = workflow["jobs"]["gate"]
    if "pull_request_target" in workflow["on"]:
        assert job["environment"] == "easeml"
        assert "pull_request" not in workflow["on"]
    else:
        assert "head.repo.full_name == github.repository" in job["if"]


def test_every_example_is_named_in_both_guides() -> None:
    for guide in ("examples/README.md", "docs/threat-model.md"):
        named = set(re.findall(r"\]\([./a-z]*?([a-z-]+\.yml)\)", (ROOT / guide).read_text()))
        assert named == {path.name for path in EXAMPLES}


def test_an_action_is_pinned_to_one_commit_wherever_it_is_used() -> None:
    places = [*EXAMPLES, *(ROOT / ".github/workflows").glob("*.yml")]
    used = {found for path in places for found in USED.findall(path.read_text())}
    ours = {("easeml/ci-action", "v0", "")}
    assert ours <= used
    pinned = used - ours
    assert all(re.fullmatch(r"[0-9a-f]{40}", commit) and tag for _, commit, tag in pinned)
    assert len({name for name, _, _ in pinned}) == len(pinned)


def test_the_workflow_that_init_writes_is_the_example_for_trusted_writers() -> None:
    written = yaml.safe_load(str(workflow_draft(ROOT, "main").content))
    example = yaml.safe_load((ROOT / "examples/trusted-writers.yml").read_text())
    del example["concurrency"]  # saves time, and a newcomer could take it for a lock
    for workflow in (written, example):
        action = workflow["jobs"]["gate"]["steps"][-1]
        action["uses"] = action["uses"].partition(".")[0]
    assert written == example
