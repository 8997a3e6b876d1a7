"""A GitHub runner as far as an action can tell: the environment, the event file, the checkout."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from easeml_action.git import Git

# A wheel carries the container's own entrypoint beside this module.
_PLACES = (Path(__file__).with_name("entrypoint.py"), Path(__file__).parents[2] / "entrypoint.py")
ENTRYPOINT = next(place for place in _PLACES if place.exists())
_DELIMITED = re.compile(
    r"(?P<name>[^\n=]+)<<(?P<end>[^\n]+)\n(?P<value>.*?)\n(?P=end)\n", re.DOTALL
)
_PLAIN = re.compile(r"(?P<name>[^\n=<]+)=(?P<value>[^\n]*)\n")


@dataclass(frozen=True)
class Run:
    """What one run of the action left behind."""

    exit_code: int
    log: str
    outputs: Mapping[str, str]
    summary: str


@dataclass(frozen=True)
class Job:
    """A workflow step that is ready to run.

    Parameters
    ----------
    home
        The runner's own folder: the event file, the log, and the files for outputs and summary.
    workspace
        The checkout.
    environment
        What the runner tells the action.
    """

    home: Path
    workspace: Path
    environment: Mapping[str, str]

    def start(self) -> subprocess.Popen[bytes]:
        """Start the action as a process of its own."""
        with (self.home / "log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, str(ENTRYPOINT)],
                cwd=self.workspace,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def log(self) -> str:
        """What the action has said so far."""
        return (self.home / "log").read_text(errors="replace")

    def finish(self, process: subprocess.Popen[bytes]) -> Run:
        """Wait for the action's end and gather what it left behind."""
        return Run(
            exit_code=process.wait(),
            log=self.log,
            outputs=read_outputs((self.home / "output").read_text()),
            summary=(self.home / "summary.md").read_text(),
        )


@dataclass(frozen=True)
class Runner:
    """Runs the real action on one repository, as a workflow step would.

    Parameters
    ----------
    repository
        ``owner/name`` on the API server.
    origin
        The git URL that the checkout is made from, with the token where it asks for one.
    api_url
        The base of GitHub's API.
    inputs
        The step's ``with:``, by the names of action.yml; secrets hide themselves.
    cache
        A folder that lives as long as the runner's tool cache would.
    depth
        ``fetch-depth`` of the checkout; 0 takes the whole history.
    variables
        More of the runner's variables, such as GITHUB_ACTOR.
    """

    repository: str
    origin: str
    api_url: str
    inputs: Mapping[str, SecretStr]
    cache: Path
    depth: int = 1
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(self, event: str, payload: Mapping[str, Any], ref: str) -> Run:
        """Check out ``ref`` into a fresh workspace and run the action on the event."""
        with self.job(event, payload, ref) as job:
            return job.finish(job.start())

    @contextmanager
    def job(self, event: str, payload: Mapping[str, Any], ref: str) -> Iterator[Job]:
        """Check out ``ref`` into a fresh workspace, which is removed at the end."""
        with tempfile.TemporaryDirectory(prefix="easeml-runner-") as folder:
            home = Path(folder)
            workspace = self._check_out(home, ref)
            (home / "event.json").write_text(json.dumps(payload))
            for name in ("output", "summary.md", "log"):
                (home / name).touch()
            (home / "temp").mkdir()
            environment = _surroundings(self.cache) | {
                "GITHUB_ACTIONS": "true",
                "GITHUB_API_URL": self.api_url,
                "GITHUB_EVENT_NAME": event,
                "GITHUB_EVENT_PATH": str(home / "event.json"),
                "GITHUB_OUTPUT": str(home / "output"),
                "GITHUB_REF": ref,
                "GITHUB_REPOSITORY": self.repository,
                "GITHUB_RUN_ID": "1",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_SHA": Git(workspace).text("rev-parse", "HEAD"),
                "GITHUB_STEP_SUMMARY": str(home / "summary.md"),
                "GITHUB_WORKSPACE": str(workspace),
                "RUNNER_TEMP": str(home / "temp"),
            }
            for name, value in self.inputs.items():
                environment[f"INPUT_{name.upper()}"] = value.get_secret_value()
            if os.geteuid() != 0:
                # A container starts as root; here the model has nobody else to run as.
                environment["INPUT_ALLOW-UNSANDBOXED"] = "user"
            yield Job(home, workspace, environment | dict(self.variables))

    def _check_out(self, home: Path, ref: str) -> Path:
        workspace = home / "workspace"
        workspace.mkdir()
        git = Git(workspace, self.inputs.get("token"))
        depth = [f"--depth={self.depth}"] if self.depth else []
        git.run("init", "-q")
        git.run("remote", "add", "origin", self.origin)
        git.run("fetch", "-q", *depth, "origin", f"+{ref}:refs/remotes/origin/checkout")
        git.run("checkout", "-q", "--detach", "refs/remotes/origin/checkout")
        return workspace


def read_outputs(text: str) -> dict[str, str]:
    """Read a GITHUB_OUTPUT file: ``name=value`` lines and ``name<<END`` blocks."""
    outputs = {found["name"]: found["value"] for found in _DELIMITED.finditer(text)}
    rest = _DELIMITED.sub("", text)
    return outputs | {found["name"]: found["value"] for found in _PLAIN.finditer(rest)}


def _surroundings(cache: Path) -> dict[str, str]:
    kept = ("PATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "NO_PROXY")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "HOME": str(cache),
        "XDG_CACHE_HOME": str(cache),
        "PYTHONUNBUFFERED": "1",
    }
