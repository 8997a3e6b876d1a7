"""How long a plan and a verdict take, and to know a test set's rows again."""

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.rows import CASES
from benchmarks.table import show
from easeml_action.condition import parse
from easeml_action.statistics import Adaptivity, Budget, Outcomes, judge, plan
from easeml_action.testset import TestSet, find_again, trace

ROWS = 1_000_000
LN_ALPHA = -30.0
REPEATS = 3
KEY = bytes(range(32))
VERDICTS = ("n > 0.8 +/- 0.01", "n - o > 0.01 +/- 0.005", "n - 1.1*o > -0.09 +/- 0.02")


def seconds(call: Callable[[], object]) -> float:
    """Return the shortest of several times that a call takes."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def plan_seconds() -> list[float]:
    """Time every plan of the comparison of rows, under ``full``."""
    return [seconds(partial(_plan_case, *case)) for case in CASES]


def _plan_case(
    condition: str, max_disagreement: float | None, reliability: float, steps: int
) -> None:
    budget = Budget("full", steps, reliability)
    plan(parse(condition).clauses, budget, "fp-free", max_disagreement)


def figure_seconds() -> float:
    """Time the whole of the paper's Figure 2: 64 plans for 32 steps."""

    def draw() -> None:
        for condition in ("n > 0.8", "n - o > 0.1"):
            for tolerance in ("0.1", "0.05", "0.025", "0.01"):
                clauses = parse(f"{condition} +/- {tolerance}").clauses
                for reliability in (0.99, 0.999, 0.9999, 0.99999):
                    adaptivity: Adaptivity
                    for adaptivity in ("none", "full"):
                        plan(clauses, Budget(adaptivity, 32, reliability), "fp-free")

    return seconds(draw)


def verdict_seconds() -> dict[str, float]:
    """Time a verdict on a million rows by each of the three tests."""
    random = np.random.default_rng(3)
    new = random.random(ROWS) < 0.85
    change = random.random(ROWS) < 0.06
    outcomes = Outcomes(new, new ^ change, change)
    return {
        condition: seconds(partial(judge, parse(condition).clauses, outcomes, LN_ALPHA, "fp-free"))
        for condition in VERDICTS
    }


def row_seconds() -> dict[str, float]:
    """Time what is done with a million rows when a test set is first used."""
    cells = np.random.default_rng(4).integers(0, 10**6, (ROWS, 8))
    table = "a,b,c,d,e,f,g,y\n" + "\n".join(",".join(map(str, row)) for row in cells.tolist())
    tests = TestSet.parse(table.encode(), format="csv", label="y")
    kept = trace(tests, KEY)
    return {
        "name": seconds(partial(tests.identity, KEY)),
        "trace": seconds(partial(trace, tests, KEY)),
        "compare with a million others": seconds(lambda: list(find_again(tests, KEY, [kept]))),
        "deal one of five periods": seconds(partial(tests.share, KEY, 1, 5)),
    }


def report() -> None:
    """Print the times."""
    plans = plan_seconds()
    rows = [
        [f"a plan, median of {len(plans)}", f"{1000 * statistics.median(plans):.1f} ms", "50 ms"],
        ["a plan, the slowest", f"{1000 * max(plans):.1f} ms", "50 ms"],
        ["Figure 2 of the paper, 64 plans", f"{1000 * figure_seconds():.0f} ms", "1,000 ms"],
    ]
    for condition, taken in verdict_seconds().items():
        name = f"a verdict on {ROWS:,} rows: {condition}"
        rows.append([name, f"{1000 * taken:.0f} ms", "1,000 ms"])
    for task, taken in row_seconds().items():
        rows.append([f"{ROWS:,} rows: {task}", f"{1000 * taken:.0f} ms", "5,000 ms"])
    show("Speed", ["what", "time", "aim"], rows)
