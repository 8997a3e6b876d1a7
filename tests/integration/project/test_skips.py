"""The suite's own rule: where CI is set, nothing is skipped in silence."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

SKIPS = {
    "a mark": "import pytest\n\n@pytest.mark.skip\ndef test_it(): pass\n",
    "a call": "import pytest\n\ndef test_it(): pytest.skip('no engine here')\n",
    "a fixture": (
        "import pytest\n\n@pytest.fixture\ndef it(): pytest.skip()\n\ndef test_it(it): pass\n"
    ),
    "a module": "import pytest\n\npytest.importorskip('not_installed_anywhere')\n",
    "an expected failure": "import pytest\n\n@pytest.mark.xfail\ndef test_it(): assert False\n",
}


def _run(directory: Path, test: str, *arguments: str, ci: str | None) -> tuple[int, str]:
    shutil.copy(ROOT / "tests" / "conftest.py", directory)
    (directory / "test_it.py").write_text(test)
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    environment["PYTHONPATH"] = str(ROOT)
    if ci is not None:
        environment["CI"] = ci
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--rootdir", directory, *arguments, "."],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("kind", SKIPS)
def test_a_skip_is_a_failure_under_ci(kind: str, tmp_path: Path) -> None:
    status, output = _run(tmp_path, SKIPS[kind], ci="true")

    assert status != 0
    assert "This did not run to its end, and CI is set." in output


def test_a_skip_is_a_failure_under_ci_in_a_worker_too(tmp_path: Path) -> None:
    status, output = _run(tmp_path, SKIPS["a call"], "-n", "1", ci="true")

    assert status != 0
    assert "no engine here" in output


@pytest.mark.parametrize("kind", ["a mark", "a call", "a fixture", "an expected failure"])
def test_a_skip_is_a_skip_elsewhere(kind: str, tmp_path: Path) -> None:
    assert _run(tmp_path, SKIPS[kind], ci=None)[0] == 0


def test_a_test_that_passes_passes_under_ci(tmp_path: Path) -> None:
    assert _run(tmp_path, "def test_it(): pass\n", ci="true")[0] == 0
