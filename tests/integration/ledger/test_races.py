"""Twenty runs race for the steps of one test set; an audit reads what they left behind.

The audit shares no code with the ledger: it knows the file's format only.
"""

import hashlib
import hmac
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

CONTENDERS = Path(__file__).with_name("contenders.py")


def audit(repository: Path, run_git: Callable[..., str]) -> list[dict[str, Any]]:
    """Check chain, seals and history from first principles; return the records."""
    versions = [
        run_git(repository, "show", f"{commit}:ledger.jsonl")
        for commit in run_git(
            repository, "rev-list", "--reverse", "refs/heads/easeml-ledger"
        ).split()
    ]
    for earlier, later in pairwise(versions):
        assert later.startswith(earlier + "\n"), "a push took something away"
    assert run_git(repository, "rev-list", "--merges", "refs/heads/easeml-ledger") == ""
    prev, records = "0" * 64, []
    for number, line in enumerate(versions[-1].splitlines()):
        said = json.loads(line)
        seal, digest = said.pop("seal"), said.pop("hash")
        body = line[: line.rindex(',"hash":')].encode()
        assert (said["seq"], said["prev"]) == (number, prev)
        assert digest == hashlib.sha256(body).hexdigest()
        message = b"easeml ledger record\0" + digest.encode()
        assert seal == hmac.new(bytes(range(32)), message, hashlib.sha256).hexdigest()
        prev = digest
        records.append({"kind": said["kind"], **said["record"]})
    return records


@pytest.mark.parametrize("steps", [1, 4])
def test_twenty_runs_never_take_a_step_twice_or_more_steps_than_there_are(
    steps: int, git_server: Any, clone: Callable[..., Path], run_git: Callable[..., str]
) -> None:
    checkout = clone("contended", git_server.create("team/model.git"))
    done = subprocess.run(
        [sys.executable, str(CONTENDERS), str(checkout), str(steps)],
        input=git_server.token,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    records = audit(git_server.root / "team/model.git", run_git)

    kinds = Counter(record["kind"] for record in records)
    assert kinds["genesis"] == kinds["open"] == 1
    assert kinds["ciphertext"] == 19
    assert kinds["reserve"] == kinds["verdict"] == steps

    charged = [record for record in records if record["kind"] == "reserve"]
    assert [record["step"] for record in charged] == list(range(1, steps + 1))
    models = {record["step"]: record["question"]["new"] for record in charged}
    assert len(set(models.values())) == steps
    verdicts = {r["step"]: r["passed"] for r in records if r["kind"] == "verdict"}
    for position, record in enumerate(records):
        if record["kind"] == "reserve":
            before = [r["passed"] for r in records[:position] if r["kind"] == "verdict"]
            assert (record["passes"], record["fails"]) == (before.count(True), before.count(False))

    assert len(outcomes) == 20
    for outcome in outcomes:
        if "spent" in outcome:
            assert outcome["model"] not in models.values()
        else:
            assert models[outcome["step"]] == outcome["model"]
            assert verdicts[outcome["step"]] is outcome["passed"]
