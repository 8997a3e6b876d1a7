"""A GitHub runner as far as an action can tell: the environment, the event file, the checkout."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from easeml_action.errors import GateError

_ENTRYPOINT = Path(__file__).parents[2] / "entrypoint.py"
_DELIMITED = re.compile(
    r"(?P<name>[^\n=]+)<<(?P<end>[^\n]+)\n(?P<value>.*?)\n(?P=end)\n", re.DOTALL
)
_PLAIN = re.compile(r"(?P<name>[^\n=<]+)=(?P<value>[^\n]*)\n")


class CheckoutFailed(GateError):
    """Git could not make the workspace."""


@dataclass(frozen=True)
class Run:
    """What one run of the action left behind.

    Parameters
    ----------
    seconds
        Wall-clock time of the action alone, without the checkout.
    """

    exit_code: int
    log: str
    outputs: Mapping[str, str]
    summary: str
    seconds: float


@dataclass(frozen=True)
class Runner:
    """Runs the real action on one repository, as a workflow step would.

    Parameters
    ----------
    repository
        ``owner/name`` on the API server.
    origin
        The git URL or path that the checkout is made from.
    api_url
        The base of GitHub's API.
    inputs
        The step's ``with:``, by the names of action.yml; secrets hide themselves.
    cache
        A folder that lives as long as the runner's tool cache would.
    depth
        ``fetch-depth`` of the checkout; 0 takes the whole history.
    """

    repository: str
    origin: str
    api_url: str
    inputs: Mapping[str, SecretStr]
    cache: Path
    depth: int = 1

    def run(self, event: str, payload: Mapping[str, Any], ref: str) -> Run:
        """Check out ``ref`` into a fresh workspace and run the action on the event."""
        with tempfile.TemporaryDirectory(prefix="easeml-runner-") as folder:
            home = Path(folder)
            workspace = self._check_out(home, ref)
            event_path = home / "event.json"
            event_path.write_text(json.dumps(payload))
            output, summary = home / "output", home / "summary.md"
            output.touch()
            summary.touch()
            environ = _surroundings(self.cache) | {
                "GITHUB_ACTIONS": "true",
                "GITHUB_API_URL": self.api_url,
                "GITHUB_EVENT_NAME": event,
                "GITHUB_EVENT_PATH": str(event_path),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_REF": ref,
                "GITHUB_REPOSITORY": self.repository,
                "GITHUB_REPOSITORY_ID": "1296269",
                "GITHUB_RUN_ID": "1",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_SHA": _head(workspace),
                "GITHUB_STEP_SUMMARY": str(summary),
                "GITHUB_WORKSPACE": str(workspace),
                "RUNNER_TEMP": str(home / "temp"),
            }
            (home / "temp").mkdir()
            for name, value in self.inputs.items():
                environ[f"INPUT_{name.upper()}"] = value.get_secret_value()
            start = time.perf_counter()
            done = subprocess.run(
                [sys.executable, str(_ENTRYPOINT)],
                cwd=workspace,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
            seconds = time.perf_counter() - start
            return Run(
                exit_code=done.returncode,
                log=done.stdout.decode(errors="replace"),
                outputs=read_outputs(output.read_text()),
                summary=summary.read_text(),
                seconds=seconds,
            )

    def _check_out(self, home: Path, ref: str) -> Path:
        workspace = home / "workspace"
        workspace.mkdir()
        depth = [f"--depth={self.depth}"] if self.depth else []
        for command in (
            ["init", "-q"],
            ["remote", "add", "origin", self.origin],
            ["fetch", "-q", *depth, "origin", f"+{ref}:refs/remotes/origin/checkout"],
            ["checkout", "-q", "--detach", "refs/remotes/origin/checkout"],
        ):
            done = subprocess.run(
                ["git", *command], cwd=workspace, capture_output=True, text=True, check=False
            )
            if done.returncode != 0:
                raise CheckoutFailed(
                    f"git {command[0]} failed: {done.stderr.strip()}", "Check the ref."
                )
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


def _head(workspace: Path) -> str:
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=workspace, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
