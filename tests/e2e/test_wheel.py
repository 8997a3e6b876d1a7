"""The package as it is installed from a wheel, away from any checkout."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds what the wheel installs."""
    built = tmp_path_factory.mktemp("wheel")
    install = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-build-isolation"]
    subprocess.run([*install, "wheel", *options, "-w", built, ROOT], check=True, cwd=built)
    [wheel] = built.glob("*.whl")
    target = built / "installed"
    subprocess.run([*install, "install", "--no-deps", "--target", target, wheel], check=True)
    return target


def run(installed: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=installed.parent,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_is_the_wheel_that_runs(installed: Path) -> None:
    place = run(installed, "-c", "import easeml_action; print(easeml_action.__file__)")
    assert Path(place.strip()) == installed / "easeml_action" / "__init__.py"


def test_it_plans(installed: Path) -> None:
    options = ("--reliability=0.999", "--steps=32", "--adaptivity=none", "--mode=fp-free")
    shown = run(
        installed, "-m", "easeml_action", "plan", "--condition=n > 0.8 +/- 0.05", *options, "--json"
    )
    assert '"rows": 963' in shown


def test_the_demo_finds_the_entrypoint_and_its_model(installed: Path) -> None:
    code = (
        "from easeml_action.demo import runner, story; "
        "print(runner._ENTRYPOINT, (story._PROJECT / 'evaluate_model.py').exists())"
    )
    place = installed / "easeml_action" / "demo" / "entrypoint.py"
    assert run(installed, "-c", code).split() == [str(place), "True"]
    assert place.read_bytes() == (ROOT / "entrypoint.py").read_bytes()
