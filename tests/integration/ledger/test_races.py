"""Fifty runs at once race for the steps of one test set, and an auditor reads what they left."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.audit import Told
from tests.integration.conftest import GitServer

CONTENDERS = Path(__file__).with_name("contenders.py")
RUNS = 50


@pytest.fixture
def race(git_server: GitServer, clone: Callable[..., Path]) -> Callable[..., list[dict[str, Any]]]:
    """Let processes contend for the steps of a test set; return what each of them says."""
    checkout = clone("contended", git_server.create("team/model.git"))

    def run(models: int, floor: float | None = None, **terms: object) -> list[dict[str, Any]]:
        given = {
            "checkout": str(checkout),
            "token": git_server.token,
            "runs": RUNS,
            "models": models,
            "contract": {"reliability": 0.999, **terms},
            "ln_alpha_floor": floor,
        }
        done = subprocess.run(
            [sys.executable, str(CONTENDERS)],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


@pytest.mark.parametrize(
    ("models", "terms", "most"),
    [
        pytest.param(RUNS, {"adaptivity": "full", "steps": 1}, 1, id="all for the only step"),
        pytest.param(10, {"adaptivity": "full", "steps": 4}, 4, id="five for each of ten models"),
        pytest.param(5, {"adaptivity": "full", "steps": 20}, 5, id="enough for all"),
        pytest.param(8, {"adaptivity": "firstChange", "steps": 20}, 8, id="until one passes"),
        pytest.param(
            8,
            {"adaptivity": "metered", "steps": 20, "pass_rate": 0.3, "floor": -10.5},
            8,
            id="until the level is too small",
        ),
    ],
)
def test_no_step_is_lost_or_charged_twice_and_none_is_taken_beyond_the_budget(
    models: int,
    terms: dict[str, Any],
    most: int,
    *,
    race: Callable[..., list[dict[str, Any]]],
    git_server: GitServer,
    audited: Callable[..., Any],
    tally: Any,
) -> None:
    said = race(models, **terms)
    tally.add("runs", len(said))

    told = [
        Told("rows-a", each["model"], each["step"], each["passed"])
        for each in said
        if "spent" not in each
    ]
    found = audited(git_server.root / "team/model.git", bytes(range(32)), told=told)
    kinds = Counter(record["kind"] for record in found.records)
    assert kinds["genesis"] == kinds["open"] == 1
    assert kinds["reserve"] == kinds["verdict"] <= most
    if terms["adaptivity"] == "full":
        assert kinds["reserve"] == most
    charged = {record["question"]["new"] for record in found.of("reserve")}
    assert {each.model for each in told} == charged
    assert len(said) == RUNS
    assert all("used up" in each["spent"] for each in said if each["model"] not in charged)
