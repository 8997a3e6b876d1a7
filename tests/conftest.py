"""Rules of the suite: nothing is skipped under CI, one worker has the engine, chance has a seed."""

import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

pytest_plugins = ["tests.leaks", "tests.tally"]

ROOT = Path(__file__).parents[1]

# One worker runs all of a folder: what they share takes long to make.
SHARING = ("tests/e2e/", "tests/documents/")


# No test asserts a time, and what fails in a run of the whole suite fails in the next one. (A part
# of the suite may draw other examples: they also depend on the constants of the modules loaded.)
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")


class Scheduling(LoadScopeScheduling):
    """Any worker runs any test, but one worker runs all that share an engine or an installation."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in SHARING if nodeid.startswith(folder)), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling:
    return Scheduling(config, log)


def _fail_if_skipped(report: Report) -> Report:
    """Turn a skip, or an expected failure, into a failure: the test was not run to its end."""
    if report.skipped and os.environ.get("CI"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"This did not run to its end, and CI is set. {reason}"
        vars(report).pop("wasxfail", None)  # pytest counts no failure where it is set
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _fail_if_skipped((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _fail_if_skipped((yield))


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheels")
    build = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "wheel"]
    options = ["--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT)]
    subprocess.run([*build, *options], check=True, cwd=folder)
    return folder
