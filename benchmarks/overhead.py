"""What the action costs beside the model, next to a floor that nothing could go below.

The floor is ``gpg --decrypt`` of the same file plus starting Python with numpy and scipy. One case
is measured in a process of its own, so that the peak memory of its children is that of the case:
``python -m benchmarks.overhead ROWS``.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from pydantic import SecretStr

from benchmarks.table import show
from easeml_action.demo.github import DEFAULT_REPOSITORY, DEFAULT_TOKEN, GitHubServer
from easeml_action.demo.repository import TeamRepository
from easeml_action.demo.runner import Runner
from easeml_action.testset import KeyPair, encrypt_to, generate_key

CASES = (10_000, 1_000_000)  # rows
COLUMNS = 10

# A model that costs next to nothing: the digit 3 for every line of the features but the header.
_SCRIPT = b"""#!/bin/sh
yes 3 | head -n $(($(wc -l < "$1") - 1)) > "$2"
"""
_CONFIG = b"""\
ml:
  script: ./predict.sh
  condition: n > 0.05 +/- 0.04
  reliability: 0.99
  mode: fp-free
  adaptivity: full
  steps: 2
  test_set: test.csv.gpg
  label: label
"""


@dataclass(frozen=True)
class Overhead:
    """One case.

    Parameters
    ----------
    rows
        Of the test set.
    megabytes
        Of the test set in the clear.
    first, later
        Wall-clock seconds of the whole action: on a test set that the ledger has not seen, whose
        rows are then named by their digests, and on one that it knows.
    model, decrypt, python
        Wall-clock seconds of the model run by itself, of ``gpg --decrypt``, and of starting Python
        with numpy and scipy. All seconds are the smallest of several runs.
    peak
        Megabytes: the largest resident set of any process of the action.
    """

    rows: int
    megabytes: float
    first: float
    later: float
    model: float
    decrypt: float
    python: float
    peak: float

    def ratio(self, action: float) -> float:
        """Return the action without the model, over the floor."""
        return (action - self.model) / (self.decrypt + self.python)


def measure(rows: int) -> Overhead:
    """Measure one case in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.overhead", str(rows)],
        stdout=subprocess.PIPE,
        check=True,
    )
    return Overhead(**json.loads(done.stdout))


def _measure_here(rows: int, repeats: int = 3) -> Overhead:
    plain = _table(rows)
    keys = generate_key("Key holder", "key-holder@example.com", None)
    ciphertext = encrypt_to(keys.public_key, plain)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        model = _best_of(repeats, lambda: _run_model(folder, plain))
        python = _best_of(repeats, lambda: _run([sys.executable, "-c", "import numpy, scipy"]))
        with _gpg_home(keys) as home:
            decrypt = _best_of(repeats, lambda: _decrypt(home, ciphertext))
        runs = [_run_action(folder / str(i), keys, ciphertext) for i in range(repeats)]
    first, later = (min(seconds) for seconds in zip(*runs, strict=True))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return Overhead(rows, len(plain) / 1e6, first, later, model, decrypt, python, peak)


def _table(rows: int) -> bytes:
    random = np.random.default_rng(5)
    cells = random.integers(0, 1000, size=(rows, COLUMNS))
    cells[:, -1] = random.integers(0, 10, size=rows)
    names = [f"feature{i}" for i in range(COLUMNS - 1)] + ["label"]
    lines = [",".join(names), *(",".join(map(str, row)) for row in cells.tolist())]
    return ("\n".join(lines) + "\n").encode()


def _run_action(folder: Path, keys: KeyPair, ciphertext: bytes) -> tuple[float, float]:
    """Judge two pull requests, the first on a test set new to the ledger; return the seconds."""
    with GitHubServer() as server:
        folder.mkdir()
        team = TeamRepository(folder / "team", DEFAULT_REPOSITORY)
        team.push(
            "Begin",
            {".easeml.yml": _CONFIG, "test.csv.gpg": ciphertext, "predict.sh": _SCRIPT},
        )
        runner = Runner(
            DEFAULT_REPOSITORY,
            team.origin.as_uri(),
            server.url,
            {"token": SecretStr(DEFAULT_TOKEN), "private-key": keys.private_key},
            folder / "cache",
        )
        return _judge(team, runner, b"1"), _judge(team, runner, b"2")


def _judge(team: TeamRepository, runner: Runner, weights: bytes) -> float:
    change = team.open_pull_request("Change the model", {"weights": weights})
    event = team.pull_request_event(change)
    with runner.job("pull_request", event, f"refs/pull/{change.number}/head") as job:
        start = time.perf_counter()
        run = job.finish(job.start())
        seconds = time.perf_counter() - start
    if run.outputs.get("verdict") != "pass":
        raise RuntimeError(f"the action did not pass:\n{run.log}")
    return seconds


def _run_model(folder: Path, plain: bytes) -> float:
    features, script = folder / "features.csv", folder / "predict.sh"
    features.write_bytes(plain)
    script.write_bytes(_SCRIPT)
    return _run(["sh", str(script), str(features), str(folder / "predictions")])


@contextmanager
def _gpg_home(keys: KeyPair) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="gpg-") as home:
        _run(["gpg", "--homedir", home, "--batch", "--import"], stdin=_text(keys.private_key))
        yield home
        _run(["gpgconf", "--homedir", home, "--kill", "all"])


def _decrypt(home: str, ciphertext: bytes) -> float:
    return _run(["gpg", "--homedir", home, "--batch", "--decrypt"], stdin=ciphertext)


def _run(command: list[str], stdin: bytes = b"") -> float:
    start = time.perf_counter()
    subprocess.run(command, input=stdin, capture_output=True, check=True, env=dict(os.environ))
    return time.perf_counter() - start


def _best_of(repeats: int, take: Callable[[], float]) -> float:
    return min(take() for _ in range(repeats))


def _text(secret: SecretStr) -> bytes:
    return secret.get_secret_value().encode()


def report() -> None:
    """Print the table."""
    measured = [measure(rows) for rows in CASES]
    show(
        "The action without the model, next to gpg --decrypt and a start of Python with scipy",
        [
            "rows",
            "test set",
            "first run",
            "later run",
            "model",
            "decrypt",
            "python",
            "ratio, first",
            "ratio, later",
            "peak memory",
        ],
        [
            [
                f"{each.rows:,}",
                f"{each.megabytes:.1f} MB",
                f"{each.first:.2f} s",
                f"{each.later:.2f} s",
                f"{each.model:.2f} s",
                f"{each.decrypt:.2f} s",
                f"{each.python:.2f} s",
                f"{each.ratio(each.first):.1f}",
                f"{each.ratio(each.later):.1f}",
                f"{each.peak:,.0f} MB",
            ]
            for each in measured
        ],
        "Aim: a ratio of at most 2 at a million rows.",
        words=0,
    )


if __name__ == "__main__":
    print(json.dumps(asdict(_measure_here(int(sys.argv[1])))))
