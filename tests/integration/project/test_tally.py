"""The suite's last lines: what every test has added to them, in one process or in several."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

TESTS = """
import pytest

@pytest.mark.parametrize("number", range(3))
def test_it(number, tally):
    tally.add("runs", 500)
    tally.add("steps lost", 0)

def test_inside(tally):
    tally.row("attacks", attack="fork", direct="held", container="")

def test_outside(tally):
    tally.row("attacks", attack="fork", direct="", container="held too")
    tally.row("attacks", attack="escape", direct="held", container="held")
"""


def _last_lines(directory: Path, tests: str, *arguments: str) -> list[str]:
    (directory / "test_it.py").write_text(tests)
    options = ("-p", "tests.tally", "-q", "-n", "0")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--rootdir", directory, *options, *arguments, "."],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("workers", ["0", "2"])
def test_figures_add_up_and_rows_are_joined_over_all_tests(workers: str, tmp_path: Path) -> None:
    *_, title, head, first, second, _, figures, end = _last_lines(tmp_path, TESTS, "-n", workers)

    assert " attacks " in title
    assert [line.split() for line in (head, first)] == [
        ["attack", "direct", "container"],
        ["escape", "held", "held"],
    ]
    assert second == "fork    held    held too"
    assert figures == "runs 1,500, steps lost 0"
    assert end.startswith("5 passed")


def test_a_figure_that_nobody_knows_fails_its_test(tmp_path: Path) -> None:
    misspelt = "def test_it(tally): tally.add('steps lots', 1)\n"

    assert _last_lines(tmp_path, misspelt)[-1].startswith("1 failed")


def test_where_nothing_is_counted_nothing_is_said(tmp_path: Path) -> None:
    lines = _last_lines(tmp_path, "def test_it(): pass\n")

    assert not [line for line in lines if "in all" in line]
