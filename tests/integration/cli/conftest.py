"""The program ``easeml`` in a directory and a home of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        """Return the printed result; the command must have succeeded."""
        assert self.code == 0, self.stderr
        return json.loads(self.stdout)


@dataclass(frozen=True)
class Easeml:
    """Runs ``python -m easeml_action`` in a working directory."""

    home: Path
    directory: Path

    def __call__(self, *arguments: str | Path, **environment: str) -> Ran:
        """Run a command with the environment of a user, plus what is given."""
        done = subprocess.run(
            [sys.executable, "-m", "easeml_action", *map(str, arguments)],
            cwd=self.directory,
            env=_environment(self.home) | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    def git(self, *arguments: str) -> str:
        """Run git in the working directory, as a user would."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.directory,
            env=_environment(self.home),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()


def _environment(home: Path) -> Mapping[str, str]:
    identity = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", "Owner"), ("EMAIL", "owner@example.com"))
    }
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return kept | identity | {"HOME": str(home), "COLUMNS": "120"}


@pytest.fixture
def easeml(tmp_path: Path) -> Easeml:
    home, directory = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    directory.mkdir()
    return Easeml(home, directory)
