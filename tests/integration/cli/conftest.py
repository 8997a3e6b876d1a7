"""The program ``easeml`` in a directory and a home of its own."""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from pydantic import SecretStr

from easeml_action.cli import main
from easeml_action.demo.github import GitHubServer
from easeml_action.testset import KeyPair, open_vault
from tests.integration.conftest import GitServer
from tests.leaks import WATCH
from tests.openapi import check


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
    """Runs ``easeml`` in a working directory, with the home and the environment of a user.

    The program runs inside the test's process, which has SciPy loaded; that it runs in one of its
    own is a test of its own.
    """

    home: Path
    directory: Path

    def __call__(self, *arguments: str | Path, **environment: str) -> Ran:
        """Run a command; what is given goes into its environment."""
        stdout, stderr = io.StringIO(), io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            mock.patch.dict(os.environ, self.environment | environment, clear=True),
            Path(os.devnull).open() as nothing,
            contextlib.redirect_stdout(stdout),
            contextlib.redirect_stderr(stderr),
        ):
            patch.chdir(self.directory)
            patch.setattr(sys, "stdin", nothing)
            patch.setattr(sys, "argv", ["easeml", *map(str, arguments)])
            code = main()
        return Ran(code, stdout.getvalue(), stderr.getvalue())

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a user who has set nothing for easeml."""
        identity = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", "Owner"), ("EMAIL", "owner@example.com"))
        }
        return identity | {"PATH": os.environ["PATH"], "HOME": str(self.home), "COLUMNS": "120"}

    def within(self, name: str) -> "Easeml":
        """Return the same user in a folder of the working directory."""
        (self.directory / name).mkdir()
        return Easeml(self.home, self.directory / name)

    def type(self, command: str) -> None:
        """Type a command that was shown, into a shell."""
        subprocess.run(command, shell=True, cwd=self.directory, env=self.environment, check=True)

    def git(self, *arguments: str) -> str:
        """Run git in the working directory, as a user would."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()


CONFIG = """\
ml:
  script: ./evaluate_model.py
  condition: n > 0.5 +/- 0.2
  reliability: 0.9
  mode: fp-free
  adaptivity: full
  steps: 2
  test_set: data_test/test.csv.gpg
  label: label
"""

MODEL = """\
#!/usr/bin/env python3
import csv, sys

with open(sys.argv[1]) as features, open(sys.argv[2], "w") as predictions:
    for row in csv.DictReader(features):
        print({answer}, file=predictions)
"""


def table(rows: int, first: int = 0) -> str:
    """A test set in which the label is the parity of a column."""
    lines = [f"{number},{number % 7},{number % 2}" for number in range(first, first + rows)]
    return "\n".join(["number,noise,label", *lines]) + "\n"


@dataclass(frozen=True)
class Project:
    """A repository with a gate on its default branch, and its key holder's files."""

    easeml: Easeml
    private_key: Path
    data: Path

    def __call__(self, *arguments: str | Path) -> Ran:
        """Run a command of the key holder."""
        return self.easeml(*arguments, EASEML_PRIVATE_KEY=self.private_key.read_text())

    def commit(self, message: str, files: Mapping[str, str]) -> str:
        """Commit files on a branch of their own that starts at main; return the commit."""
        git = self.easeml.git
        git("checkout", "-q", "-B", message.replace(" ", "-"), "main")
        self.write(files)
        git("add", *files)
        git("commit", "-q", "-m", message)
        return git("rev-parse", "HEAD")

    def model(self, name: str, answer: str) -> str:
        """Commit a model that answers a row with a Python expression; return the commit."""
        return self.commit(name, {"evaluate_model.py": MODEL.format(answer=answer)})

    def write(self, files: Mapping[str, str]) -> None:
        """Write files that can be run."""
        for name, content in files.items():
            path = self.easeml.directory / name
            path.write_text(content)
            path.chmod(0o755)

    def secret_rows(self) -> Path:
        """Decrypt the test set to a plain table outside of the repository."""
        ciphertext = (self.easeml.directory / "data_test/test.csv.gpg").read_bytes()
        path = self.easeml.home / "secret.csv"
        with open_vault(SecretStr(self.private_key.read_text()), None) as vault:
            path.write_bytes(vault.decrypt(ciphertext))
        return path

    def rows(self, rows: int, first: int = 0) -> Path:
        """Write a plain table outside of the repository."""
        path = self.easeml.home / f"rows-{first}-{rows}.csv"
        path.write_text(table(rows, first))
        return path


@pytest.fixture
def project(easeml: Easeml, tmp_path: Path) -> Project:
    """A gate, pushed to the default branch of a bare origin, with 200 secret rows."""
    git = easeml.git
    git("init", "-q", "-b", "main")
    git("init", "-q", "--bare", "-b", "main", str(tmp_path / "origin.git"))
    git("remote", "add", "origin", (tmp_path / "origin.git").as_uri())
    made = Project(easeml, easeml.home / "key.asc", easeml.home / "rows-0-210.csv")
    made.rows(210)
    (easeml.directory / ".easeml.yml").write_text(CONFIG)
    made.write({"evaluate_model.py": MODEL.format(answer="0")})
    assert easeml("keygen", "--private-key", made.private_key).code == 0
    armored = WATCH.own(made.private_key).read_text()
    public = (easeml.directory / ".easeml" / "public.asc").read_text()
    WATCH.key(KeyPair(SecretStr(armored), public, ""), "the key of the command line's project")
    assert easeml("encrypt", made.data).code == 0
    git("add", ".")
    git("commit", "-q", "-m", "Add the gate")
    git("push", "-q", "origin", "main")
    return made


@pytest.fixture
def easeml(tmp_path: Path) -> Easeml:
    home, directory = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    directory.mkdir()
    return Easeml(home, directory)


@pytest.fixture
def github(git_server: GitServer) -> Iterator[GitHubServer]:
    with GitHubServer(token=git_server.token, check=check) as server:
        yield server


@pytest.fixture
def hosted(project: Project, git_server: GitServer) -> Project:
    """The project, with an origin that asks for a token."""
    address = git_server.create("octo/model.git")
    project.easeml.git("push", "-q", str(git_server.root / "octo/model.git"), "main")
    project.easeml.git("remote", "set-url", "origin", address)
    (project.easeml.home / ".gitconfig").write_text(
        "[user]\n\tname = Owner\n\temail = owner@example.com\n"
    )
    return project
