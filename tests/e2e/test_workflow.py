"""A workflow that says `uses: ./`, run by a runner program on a Docker engine.

The repository carries the action and a small model. The key, the test set, the image and the runner
are real.
"""

import base64
import random
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from easeml_action.demo.github import GitHubServer
from easeml_action.demo.repository import PullRequest, TeamRepository
from easeml_action.git import Git
from easeml_action.testset import KeyPair, encrypt_to, generate_key
from tests.e2e.conftest import Docker
from tests.e2e.containers import base_name
from tests.e2e.runner import ACTION, Run, Runner, image_name, read_tracked
from tests.integration.conftest import GitServer
from tests.leaks import WATCH

ROOT = Path(__file__).parents[2]

GATE = ".github/workflows/gate.yml"
SELF_TEST = ".github/workflows/self-test.yml"
SELF_TEST_MODEL = "tests/e2e/self-test/predict.py"
ROWS = 500

WORKFLOW = """\
name: Gate
on: pull_request
permissions: {}
jobs:
  gate:
    runs-on: ubuntu-latest
    permissions:
      contents: write
      issues: write
      statuses: write
    steps:
      - uses: actions/checkout@v7
        with:
          fetch-depth: 0
      - id: gate
        uses: ./
        with:
          private-key: ${{ secrets.EASEML_PRIVATE_KEY }}
      - if: always()
        env:
          OUTPUTS: ${{ toJSON(steps.gate.outputs) }}
        run: echo OUTPUTS $OUTPUTS
"""

CONFIG = """\
ml:
  script: ./model/predict.py
  condition: n > 0.6 +/- 0.1
  reliability: 0.99
  mode: fp-free
  adaptivity: full
  steps: {steps}
  test_set: data/test.csv.gpg
  label: odd
  model_paths: [model/]
"""

MODEL = """\
#!/usr/bin/env python3
import csv
import sys

with open(sys.argv[1], newline="") as features, open(sys.argv[2], "w") as predictions:
    for row in csv.DictReader(features):
        print({answer}, file=predictions)
"""
RIGHT = 'sum(map(int, row.values())) % 2 or "0"'
WRONG = '"0"'


RunGate = Callable[..., Run]


@pytest.fixture(scope="module")
def key() -> KeyPair:
    pair = generate_key("Key holder", "key.holder@example.com", passphrase=None)
    WATCH.key(pair, "the private key of the key holder")
    return pair


@pytest.fixture
def run_gate(
    engine: dict[str, str],
    image: str,
    docker: Docker,
    git_server: GitServer,
    github: GitHubServer,
    team: TeamRepository,
    tmp_path: Path,
) -> RunGate:
    """Run the workflow for a pull request, as a runner would."""
    # The runner finds the image under the name that it would build it by itself: its own build has
    # no network where the engine has no bridge.
    docker("tag", image, image_name("./"))
    runner = Runner(team.name, engine, git_server, github, tmp_path, {})

    def run(pull_request: PullRequest, secrets: Mapping[str, str], workflow: str = GATE) -> Run:
        event = team.pull_request_event(pull_request)
        return runner.run(
            "pull_request", event, pull_request.head, workflow=workflow, secrets=secrets
        )

    return run


def _set_up(team: TeamRepository, key: KeyPair, *, steps: int) -> None:
    """Commit the action, the gate and a model that does not work yet."""
    action = read_tracked(*ACTION)
    draw = random.Random(1)
    rows = [(draw.randrange(100), draw.randrange(100)) for _ in range(ROWS)]
    table = "first,second,odd\n" + "".join(f"{a},{b},{(a + b) % 2}\n" for a, b in rows)
    gate = {
        GATE: WORKFLOW.encode(),
        ".easeml.yml": CONFIG.format(steps=steps).encode(),
        "data/test.csv.gpg": encrypt_to(key.public_key, table.encode()),
        "model/predict.py": MODEL.format(answer=WRONG).encode(),
    }
    team.push("Set up the gate", action | gate)


def _propose(team: TeamRepository, title: str, answer: str) -> PullRequest:
    model = MODEL.format(answer=answer) + f"# {title}\n"
    return team.open_pull_request(title, {"model/predict.py": model.encode()})


def test_a_better_model_passes_and_the_last_step_opens_the_issue(
    key: KeyPair, team: TeamRepository, github: GitHubServer, run_gate: RunGate
) -> None:
    _set_up(team, key, steps=1)
    pull_request = _propose(team, "Add both numbers", RIGHT)

    run = run_gate(pull_request, {"EASEML_PRIVATE_KEY": key.private_key.get_secret_value()})

    assert run.exit_code == 0, run.log
    statuses = github.statuses(pull_request.head)
    assert [status["state"] for status in statuses] == ["success", "pending"]
    assert {status["context"] for status in statuses} == {"easeml/ci"}
    declared = yaml.safe_load((ROOT / "action.yml").read_text())["outputs"]
    assert run.outputs.keys() == declared.keys()
    assert run.outputs | {"rows-required": "", "test-set": ""} == {
        "verdict": "pass",
        "step": "1",
        "steps": "1",
        "remaining": "0",
        "rows": str(ROWS),
        "rows-required": "",
        "test-set": "",
        "period": "1",
        "periods": "1",
        "issue-number": "1",
    }
    assert 0 < int(run.outputs["rows-required"]) <= ROWS
    assert [(issue["number"], issue["state"]) for issue in github.issues] == [(1, "open")]
    assert Git(team.origin).text("rev-parse", "--verify", "refs/heads/easeml-ledger")


def test_a_worse_model_fails_and_the_job_with_it(
    key: KeyPair, team: TeamRepository, github: GitHubServer, run_gate: RunGate
) -> None:
    _set_up(team, key, steps=2)
    pull_request = _propose(team, "Guess", WRONG)
    # As the reference's users keep it: the armored key in base64.
    armored = key.private_key.get_secret_value().encode()

    run = run_gate(pull_request, {"EASEML_PRIVATE_KEY": base64.b64encode(armored).decode()})

    assert run.exit_code == 1, run.log
    assert github.statuses(pull_request.head)[0]["state"] == "failure"
    assert run.outputs["verdict"] == "fail"
    assert run.outputs["remaining"] == "1"
    assert github.issues == []


def test_the_same_model_again_costs_nothing(
    key: KeyPair, team: TeamRepository, github: GitHubServer, run_gate: RunGate
) -> None:
    _set_up(team, key, steps=2)
    pull_request = _propose(team, "Add both numbers", RIGHT)
    secrets = {"EASEML_PRIVATE_KEY": key.private_key.get_secret_value()}

    runs = [run_gate(pull_request, secrets) for _ in range(2)]

    assert [run.outputs["verdict"] for run in runs] == ["pass", "pass"]
    assert [run.outputs["remaining"] for run in runs] == ["1", "1"]


def test_without_the_key_the_status_says_what_is_missing(
    key: KeyPair, team: TeamRepository, github: GitHubServer, run_gate: RunGate
) -> None:
    _set_up(team, key, steps=2)
    pull_request = _propose(team, "Add both numbers", RIGHT)

    run = run_gate(pull_request, {})

    assert run.exit_code == 1, run.log
    assert github.statuses(pull_request.head)[0]["state"] == "error"
    assert "Traceback" not in run.log
    assert run.outputs["verdict"] == "error"


def test_a_model_with_its_own_dockerfile_is_run_from_within_the_actions_container(
    key: KeyPair, team: TeamRepository, github: GitHubServer, run_gate: RunGate
) -> None:
    _set_up(team, key, steps=2)
    config = CONFIG.format(steps=2).replace("predict.py", "predict.sh")
    team.push(
        "Run in a container", {".easeml.yml": f"{config}  dockerfile: model/Dockerfile\n".encode()}
    )
    dockerfile = f"FROM {base_name()}\nWORKDIR /here\nCOPY . .\n".encode()
    runs = []
    for answer in ("($1 + $2) % 2", "0"):
        model = f'#!/bin/sh\nawk -F, \'NR > 1 {{ print {answer} }}\' "$1" >"$2"\n'.encode()
        files = {"model/predict.sh": model, "model/Dockerfile": dockerfile}
        pull_request = team.open_pull_request("Another language", files)
        runs.append(
            run_gate(pull_request, {"EASEML_PRIVATE_KEY": key.private_key.get_secret_value()})
        )

    assert [run.outputs["verdict"] for run in runs] == ["pass", "fail"], runs[0].log
    assert "Step 1/" in runs[0].log
    assert runs[1].outputs["remaining"] == "0"


def test_the_self_test_of_this_repository_passes(
    team: TeamRepository, github: GitHubServer, run_gate: RunGate
) -> None:
    team.push("Everything as it stands", read_tracked(*ACTION, "tests/e2e", SELF_TEST))
    model = (ROOT / SELF_TEST_MODEL).read_bytes() + b"# Another commit, another model.\n"
    pull_request = team.open_pull_request("Touch the model", {SELF_TEST_MODEL: model})

    run = run_gate(pull_request, {}, SELF_TEST)

    assert run.exit_code == 0, run.log
    assert "verdict=pass" in run.log
    assert github.statuses(pull_request.head)[0]["state"] == "success"
