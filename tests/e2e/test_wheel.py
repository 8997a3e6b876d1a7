"""The package as it is built and installed, away from any checkout."""

import hashlib
import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata

from easeml_action import __version__
from tests.checkouts import committed_copy

ROOT = Path(__file__).parents[2]


def build(checkout: Path, folder: Path) -> Path:
    folder.mkdir()
    environ = os.environ | {"PYTHON": sys.executable}
    subprocess.run([checkout / "scripts/build-package", folder], env=environ, check=True)
    return folder


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return committed_copy(tmp_path_factory.mktemp("package") / "checkout")


@pytest.fixture(scope="module")
def dist(checkout: Path) -> Path:
    """Return a folder with the sdist and the wheel."""
    return build(checkout, checkout.parent / "dist")


@pytest.fixture(scope="module")
def installed(dist: Path) -> Path:
    """Return a fresh environment with the wheel, beside the packages that it needs."""
    environment = dist.parent / "installed"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    [wheel] = dist.glob("*.whl")
    python = environment / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "--quiet"]
    subprocess.run([*pip, "install", "--no-index", "--no-deps", wheel], check=True)
    # What it depends on is taken from here; the wheel's own folder comes first.
    [packages] = environment.glob("lib/*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment


def run(installed: Path, *arguments: str, program: str = "python") -> str:
    done = subprocess.run(
        [installed / "bin" / program, *arguments],
        cwd=installed.parent,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def place_of(installed: Path) -> Path:
    [package] = installed.glob("lib/*/site-packages/easeml_action")
    return package


def test_the_same_commit_builds_the_same_bytes(checkout: Path, dist: Path) -> None:
    again = build(checkout, checkout.parent / "again")

    first, second = (
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
        for folder in (dist, again)
    )
    name = f"easeml_action-{__version__}"
    assert first.keys() == {f"{name}.tar.gz", f"{name}-py3-none-any.whl"}
    assert first == second


def test_the_metadata_is_valid_and_says_what_the_project_says(dist: Path) -> None:
    name = f"easeml_action-{__version__}"
    with zipfile.ZipFile(dist / f"{name}-py3-none-any.whl") as wheel:
        of_wheel = wheel.read(f"{name}.dist-info/METADATA")
    with tarfile.open(dist / f"{name}.tar.gz") as sdist:
        file = sdist.extractfile(f"{name}/PKG-INFO")
        assert file is not None
        of_sdist = file.read()

    assert of_wheel == of_sdist
    metadata = Metadata.from_email(of_wheel, validate=True)
    assert (metadata.name, str(metadata.version)) == ("easeml-action", __version__)
    assert metadata.license_expression == "MIT"
    assert metadata.description_content_type == "text/markdown"
    assert metadata.description == (ROOT / "README.md").read_text()


def test_the_wheel_holds_the_package_alone(dist: Path) -> None:
    [path] = dist.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        folders = {name.split("/")[0] for name in wheel.namelist()}

    assert folders == {"easeml_action", f"easeml_action-{__version__}.dist-info"}


def test_it_is_the_wheel_that_runs(installed: Path) -> None:
    place = run(installed, "-c", "import easeml_action; print(easeml_action.__file__)")
    assert Path(place.strip()) == place_of(installed) / "__init__.py"


def test_its_program_says_the_version(installed: Path) -> None:
    assert run(installed, "--version", program="easeml") == f"easeml {__version__}\n"


def test_it_plans(installed: Path) -> None:
    options = ("--reliability=0.999", "--steps=32", "--adaptivity=none", "--mode=fp-free")
    shown = run(
        installed, "-m", "easeml_action", "plan", "--condition=n > 0.8 +/- 0.05", *options, "--json"
    )
    assert '"rows": 963' in shown


def test_the_demo_finds_the_entrypoint_and_its_model(installed: Path) -> None:
    code = (
        "from easeml_action.demo import runner, story; "
        "print(runner.ENTRYPOINT, (story._PROJECT / 'evaluate_model.py').exists())"
    )
    place = place_of(installed) / "demo" / "entrypoint.py"
    assert run(installed, "-c", code).split() == [str(place), "True"]
    assert place.read_bytes() == (ROOT / "entrypoint.py").read_bytes()
