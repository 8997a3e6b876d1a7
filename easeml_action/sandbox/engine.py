"""The Docker engine of this machine: found, opened with nothing of the user's own settings.

Only what is asked here reaches the engine. Its client library would also read the user's
``~/.docker/config.json`` and send along what it finds there, passwords of registries included.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import docker
import requests
import urllib3

from easeml_action.sandbox.errors import EngineFailed, EngineTooWeak, NoEngine

DEFAULT_HOST: Final = "unix:///var/run/docker.sock"

# On everything that we leave with the engine: the second, since 1970, after which it is a leftover.
LABEL: Final = "easeml-action.until"

# How long the engine may take for an answer that hangs on nobody else.
ANSWER_SECONDS: Final = 120.0

# What must hold a container, as the engine speaks of it.
_REQUIRED: Final = {
    "MemoryLimit": "bounds on memory",
    "PidsLimit": "bounds on processes",
    "CpuCfsQuota": "bounds on processors",
}


@contextmanager
def open_engine() -> Iterator[Any]:
    """Lend a client of this machine's engine, and clear away what dead runs left with it.

    Raises
    ------
    NoEngine
        None answers, or it is another machine's.
    EngineTooWeak
        It cannot hold a container.
    EngineFailed
        It does not do what it is asked.
    """
    host = os.environ.get("DOCKER_HOST") or DEFAULT_HOST
    if not host.startswith("unix://"):
        raise NoEngine(
            f"DOCKER_HOST ({host[:100]!a}) is no unix:// socket of this machine, which the test "
            "set's rows must not leave"
        )
    with _no_settings():
        try:
            client = docker.APIClient(host, version="auto", timeout=ANSWER_SECONDS)
        except (docker.errors.DockerException, requests.RequestException):
            raise NoEngine(f"no Docker engine answers at {host[:100]!a}") from None
        try:
            with failures_named():
                require_strength(client.info())
                _sweep(client)
            yield client
        finally:
            client.close()


@contextmanager
def failures_named() -> Iterator[None]:
    """Turn what the client library raises into the one kind of error that a user sees.

    Raises
    ------
    EngineFailed
        The engine refused, or is gone.
    """
    try:
        yield
    except docker.errors.APIError as error:
        raise EngineFailed(str(error.explanation or "it gave no reason")) from None
    except (
        docker.errors.DockerException,
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        OSError,
    ) as error:
        raise EngineFailed(f"the connection broke ({type(error).__name__})") from None


def leftover_after(seconds: float) -> dict[str, str]:
    """Label what is left with the engine, so that it is removed after that time at the latest."""
    return {LABEL: str(int(time.time() + seconds))}


@contextmanager
def _no_settings() -> Iterator[None]:
    """Show the client library an empty configuration; it looks again at each build."""
    before = os.environ.get("DOCKER_CONFIG")
    with tempfile.TemporaryDirectory(prefix="docker-") as folder:
        (Path(folder) / "config.json").write_text("{}")
        os.environ["DOCKER_CONFIG"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["DOCKER_CONFIG"]
            else:
                os.environ["DOCKER_CONFIG"] = before


def require_strength(info: dict[str, Any]) -> None:
    """Insist on an engine that can hold an untrusted container, by what it says of itself.

    Raises
    ------
    EngineTooWeak
        It cannot.
    """
    for name, meaning in _REQUIRED.items():
        if not info.get(name):
            raise EngineTooWeak(meaning)
    # In the engine's words: "name=seccomp,profile=builtin", or "default" in older ones.
    seccomp = [option for option in info.get("SecurityOptions") or () if "name=seccomp" in option]
    if not seccomp or "unconfined" in seccomp[0]:
        raise EngineTooWeak("seccomp filter by default")


def _sweep(client: Any) -> None:
    """Remove what runs left behind that were killed before they could."""
    now = int(time.time())
    for container in client.containers(all=True, filters={"label": LABEL}):
        if _is_leftover(container, now):
            with suppress(docker.errors.APIError):  # another run may sweep, too
                client.remove_container(container["Id"], force=True, v=True)
    for image in client.images(filters={"label": LABEL}):
        if _is_leftover(image, now):
            with suppress(docker.errors.APIError):
                client.remove_image(image["Id"])


def _is_leftover(item: dict[str, Any], now: int) -> bool:
    until = str(item["Labels"][LABEL])
    return until.isascii() and until.isdecimal() and int(until[:20]) < now
