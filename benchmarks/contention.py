"""How many runs a minute get through when they all want the ledger at the same instant.

Each run is a process of its own: it opens the test set, reserves a step for a model of its own and
records the verdict, on one bare repository. No model is run in between, so that nothing but the
ledger is in the way.
"""

import multiprocessing
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Final

from benchmarks.table import show
from easeml_action.git import Git
from easeml_action.ledger import Branch, Contract, Ledger, Question, Verdict

CROWDS: Final = (5, 20, 50)  # runs

_SEALED: Final = "-----BEGIN PGP MESSAGE-----\n\nhQEMA+abc=\n-----END PGP MESSAGE-----\n"


@dataclass(frozen=True)
class Contention:
    """One crowd of runs.

    Parameters
    ----------
    runs
        How many begin at the same instant.
    seconds
        Until the last of them is done.
    """

    runs: int
    seconds: float

    @property
    def runs_per_minute(self) -> float:
        """How many get through in a minute."""
        return 60 * self.runs / self.seconds


def measure(runs: int) -> Contention:
    """Let runs contend for one ledger."""
    with tempfile.TemporaryDirectory() as name:
        origin, checkout = Path(name) / "origin.git", Path(name) / "checkout"
        for directory, options in ((origin, ["--bare"]), (checkout, [])):
            directory.mkdir()
            Git(directory).run("init", "--quiet", *options)
        Git(checkout).run("remote", "add", "origin", origin.as_uri())
        context = multiprocessing.get_context("fork")
        start = context.Barrier(runs + 1)
        crowd = [
            context.Process(target=_take_part, args=(number, runs, checkout, start))
            for number in range(runs)
        ]
        for process in crowd:
            process.start()
        start.wait()
        began = time.perf_counter()
        for process in crowd:
            process.join()
        seconds = time.perf_counter() - began
        if any(process.exitcode for process in crowd):
            raise RuntimeError("a run did not get through")
    return Contention(runs, seconds)


def _take_part(number: int, runs: int, checkout: Path, start: Barrier) -> None:
    ledger = Ledger(Branch(Git(checkout)), bytes(32))
    question = Question("rows-a", "n > 0.8 +/- 0.05", "fp-free", f"model-{number}")
    start.wait()
    ledger.open_test_set("rows-a", "a" * 64, 1_000, Contract(0.999, runs, "full"))
    reserved = ledger.reserve(question, commit="c" * 40)
    if isinstance(reserved, Verdict):
        raise TypeError("another run answered a question of ours")
    ledger.record(reserved, False, _SEALED)


def report() -> None:
    """Print the table."""
    show(
        "The ledger under contention: every run opens, reserves and records, all at once",
        ["runs at once", "time", "runs per minute", "writes per second"],
        [
            [
                f"{each.runs:,}",
                f"{each.seconds:.1f} s",
                f"{each.runs_per_minute:,.0f}",
                f"{2 * each.runs / each.seconds:.1f}",
            ]
            for each in map(measure, CROWDS)
        ],
        words=0,
    )
