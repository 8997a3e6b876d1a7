"""The runner program: it runs a repository's workflows on a real engine, as GitHub's runners would.

The repository's origin is a git host and its API a server, both on loopback and both asking for the
token.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from easeml_action.demo.github import GitHubServer
from easeml_action.git import Git
from tests.e2e.containers import base_name
from tests.integration.conftest import GitServer
from tests.leaks import WATCH

ROOT = Path(__file__).parents[2]
ACT = Path(sys.executable).parent / "act"

# What a repository has of the action, be it the action's own or one that carries it along.
ACTION = (
    "action.yml",
    "Dockerfile",
    ".dockerignore",
    "entrypoint.py",
    "requirements",
    "easeml_action",
)
SAYS = "OUTPUTS "


@dataclass(frozen=True)
class Run:
    """What the runner program printed and how it ended."""

    exit_code: int
    log: str

    @property
    def outputs(self) -> dict[str, str]:
        """The action's outputs, as a step after it showed them behind :data:`SAYS`."""
        shown = re.search(rf"\| {SAYS}(\{{.*\}})", self.log)
        assert shown is not None, self.log
        outputs: dict[str, str] = json.loads(shown[1])
        return outputs


@dataclass(frozen=True)
class Runner:
    """Runs the workflows of one repository.

    Parameters
    ----------
    name
        ``owner/name`` on the git host and on the API server.
    folder
        Where the runner keeps what it needs, the workspace among it.
    actions
        What ``uses:`` names, and the folder that holds it: nothing is fetched.
    """

    name: str
    engine: Mapping[str, str]
    git_server: GitServer
    github: GitHubServer
    folder: Path
    actions: Mapping[str, Path]

    def run(
        self,
        event: str,
        payload: Mapping[str, Any],
        commit: str,
        *,
        workflow: str,
        secrets: Mapping[str, str],
    ) -> Run:
        """Run a workflow on an event, in a fresh checkout of a commit."""
        workspace = self._check_out(commit)
        event_file, secret_file = self.folder / "event.json", self.folder / "secrets.yml"
        event_file.write_text(json.dumps(payload))
        WATCH.own(secret_file).write_text(
            yaml.safe_dump({"GITHUB_TOKEN": self.git_server.token, **secrets})
        )
        base = base_name()
        places = [f"--local-repository={uses}={place}" for uses, place in self.actions.items()]
        done = subprocess.run(
            [
                *(ACT, event, "--eventpath", event_file, "--secret-file", secret_file),
                *("--workflows", workflow, "--pull=false", "--rebuild=false", *places),
                *("--platform", f"ubuntu-latest={base}", "--platform", f"ubuntu-24.04={base}"),
                *("--action-offline-mode", "--no-cache-server", "--rm", "--network", "host"),
                *("--container-daemon-socket", self.engine["DOCKER_HOST"]),
                *("--env", f"GITHUB_REPOSITORY={self.name}"),
                *("--env", f"GITHUB_API_URL={self.github.url}"),
            ],
            cwd=workspace,
            env=os.environ | dict(self.engine) | {"HOME": str(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        WATCH.insist(done.stdout, "what the runner shows")
        return Run(done.returncode, done.stdout)

    def _check_out(self, commit: str) -> Path:
        workspace = self.folder / "workspace"
        shutil.rmtree(workspace, ignore_errors=True)
        token = base64.b64encode(f"x-access-token:{self.git_server.token}".encode()).decode()
        for command in (
            ["init", "--quiet", str(workspace)],
            ["remote", "add", "origin", f"{self.git_server.url}/{self.name}.git"],
            ["fetch", "--quiet", "origin", "main", commit],
            ["checkout", "--quiet", "--detach", commit],
        ):
            header = ["-c", f"http.extraheader=Authorization: Basic {token}"]
            place = [] if command[0] == "init" else ["-C", str(workspace)]
            subprocess.run(["git", *header, *place, *command], check=True, capture_output=True)
        return workspace


def image_name(uses: str) -> str:
    """Return the name that the runner program gives to the image of an action."""
    name = re.sub("[^a-z0-9]", "-", f"{uses}-dockeraction".lower())
    return f"act-{name.lstrip('-')}:latest"


def read_tracked(*paths: str) -> dict[str, bytes]:
    """Return files of this checkout as git knows them, and as they are now."""
    listed = Git(ROOT).text("ls-files", "-z", "--", *paths)
    return {name: (ROOT / name).read_bytes() for name in listed.split("\0") if name}
