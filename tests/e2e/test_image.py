"""The image by itself: what it holds, how it starts, how it ends."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from uv import find_uv_bin

ROOT = Path(__file__).parents[2]

Docker = Callable[..., CompletedProcess[str]]


def _in_image(docker: Docker, image: str, program: str, *arguments: str) -> CompletedProcess[str]:
    return docker("run", "--rm", "--network", "none", "--entrypoint", program, image, *arguments)


def test_it_holds_exactly_what_the_requirement_file_pins(docker: Docker, image: str) -> None:
    script = (
        "import importlib.metadata as m, json;"
        "print(json.dumps({d.name: d.version for d in m.distributions()}))"
    )
    done = _in_image(docker, image, "/app/.venv/bin/python", "-c", script)
    installed = {
        re.sub(r"[-_.]+", "-", name).lower(): version
        for name, version in json.loads(done.stdout).items()
    }
    pins = re.findall(
        r"^([a-z0-9-]+)==(\S+)(?: ; (.*?))? \\$",
        (ROOT / "requirements/action.txt").read_text(),
        re.MULTILINE,
    )

    assert installed == {
        name: version
        for name, version, marker in pins
        if ">= '3.12'" not in marker and "win32" not in marker
    }


def test_everything_it_holds_comes_as_a_wheel_for_arm64_too(tmp_path: Path) -> None:
    # Debian's Python 3.11 and glibc 2.36. Nothing is fetched but the lists of what there is.
    platform = ("--python-version", "3.11", "--python-platform", "aarch64-manylinux_2_36")
    wheels = ("--only-binary", ":all:", "--require-hashes", "--no-deps")
    command = (find_uv_bin(), "pip", "install", "--no-config", "--dry-run", "--target", tmp_path)
    requirements = ("--requirement", ROOT / "requirements/action.txt")
    done = subprocess.run(
        [*command, *platform, *wheels, *requirements], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert " + numpy==" in done.stderr


@pytest.mark.parametrize("absent", ["pytest", "typer", "rich", "sklearn", "pip", "hypothesis"])
def test_it_holds_nothing_for_developers(absent: str, docker: Docker, image: str) -> None:
    done = _in_image(docker, image, "/app/.venv/bin/python", "-c", f"import {absent}")

    assert done.returncode == 1
    assert "ModuleNotFoundError" in done.stderr


def test_it_holds_neither_the_tests_nor_the_demo_nor_git_history(
    docker: Docker, image: str
) -> None:
    done = _in_image(docker, image, "find", "/app", "-path", "/app/.venv", "-prune", "-o", "-print")
    paths = done.stdout.splitlines()

    assert "/app/easeml_action/errors.py" in paths
    assert not [path for path in paths if re.search(r"/(\.git|tests|demo|README\.md)(/|$)", path)]


@pytest.mark.parametrize("program", ["git", "gpg", "gpg-agent", "gpgconf"])
def test_it_holds_the_programs_that_a_run_calls(program: str, docker: Docker, image: str) -> None:
    assert _in_image(docker, image, program, "--version").returncode == 0


def test_another_user_can_make_and_start_a_python_environment(docker: Docker, image: str) -> None:
    script = (
        "/app/.venv/bin/uv venv --offline --quiet --python /usr/bin/python3.11 /tmp/model &&"
        "/tmp/model/bin/python -c 'import os; print(os.getuid())'"
    )
    arguments = ("--env", "HOME=/tmp", "--entrypoint", "sh", image, "-c", script)
    done = docker("run", "--rm", "--network", "none", "--user", "61000:61000", *arguments)

    assert done.stdout.strip() == "61000", done.stderr


def test_every_numeric_library_works_offline(docker: Docker, image: str) -> None:
    script = (
        "import scipy.stats, scipy.special, scipy.optimize, numpy;"
        "print(scipy.stats.binom.sf(5, 10, 0.5), numpy.arange(3).sum())"
    )
    done = _in_image(docker, image, "/app/.venv/bin/python", "-c", script)

    assert done.returncode == 0, done.stderr


def test_its_own_modules_are_compiled(docker: Docker, image: str) -> None:
    done = _in_image(docker, image, "sh", "-c", "ls /app/easeml_action/__pycache__")

    assert "errors.cpython-311.pyc" in done.stdout


def test_outside_of_a_workflow_it_says_so_and_fails(docker: Docker, image: str) -> None:
    done = docker("run", "--rm", "--network", "none", image)
    output = done.stdout + done.stderr

    assert done.returncode == 1
    assert "Traceback" not in output
    assert output.startswith("::error::The input `token` is empty.")


def test_its_parts_are_as_large_as_the_document_says(docker: Docker, image: str) -> None:
    said = {
        where: float(size)
        for where, size in re.findall(
            r"^\| [^|]+ \| `([^|]+)` \| (\d+) \|",
            (ROOT / "docs/image.md").read_text(),
            re.MULTILINE,
        )
    }
    assert len(said) > 5
    script = """
import json, pathlib, sys
def size(patterns):
    files = {}
    for pattern in patterns.split():
        for found in pathlib.Path("/").glob(pattern.lstrip("/")):
            for path in (found, *found.rglob("*")):
                if path.is_file() and not path.is_symlink():
                    files[path.stat().st_ino] = path.stat().st_size
    return sum(files.values()) / 1e6
print(json.dumps({where: size(where) for where in json.loads(sys.argv[1])}))
"""
    arguments = ("-c", script, json.dumps(list(said)))
    done = _in_image(docker, image, "/app/.venv/bin/python", *arguments)
    measured = json.loads(done.stdout)
    print(measured)

    assert measured == {where: pytest.approx(size, rel=0.1, abs=1) for where, size in said.items()}


def test_it_stays_small(docker: Docker, image: str) -> None:
    done = docker("image", "inspect", "--format", "{{.Size}}", image)
    size = int(done.stdout)
    print(f"The image takes {size / 1e6:.0f} MB.")

    assert size < 500e6
