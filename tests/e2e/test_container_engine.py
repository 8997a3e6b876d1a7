"""The engine as the gate opens it: what it is told of the user, and what becomes of its faults."""

import gc
import json
import secrets
import select
import socket
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from easeml_action.sandbox import Limits
from easeml_action.sandbox import engine as engine_module
from easeml_action.sandbox.container import Task, run_contained
from easeml_action.sandbox.engine import LABEL, open_engine
from easeml_action.sandbox.errors import EngineFailed, EngineTooWeak, NoEngine
from tests.tally import Tally

from .containers import TABLE, WON_AND_LOST, build, write_context


def test_no_password_of_a_registry_is_sent(
    engine: dict[str, str],
    base: str,
    tmp_path: Path,
    tally: Tally,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = tmp_path / "home"
    (home / ".docker").mkdir(parents=True)
    marker = secrets.token_hex(8)
    settings = {
        "auths": {"registry.example.com": {"username": "u", "password": marker}},
        "HttpHeaders": {"X-Marker": marker},
        "proxies": {"default": {"httpProxy": f"http://{marker}@proxy.example.com"}},
    }
    (home / ".docker/config.json").write_text(json.dumps(settings))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    sent = []
    for defended in (False, True):
        with monkeypatch.context() as patch, Tap(engine["DOCKER_HOST"], tmp_path) as tap:
            patch.setenv("DOCKER_HOST", tap.host)
            if not defended:
                patch.setattr("easeml_action.sandbox.engine._no_settings", nullcontext)
            with open_engine() as client:
                build(client, tmp_path / f"context-{defended}", "").remove()
        sent.append(b"X-Registry-Config" in tap.seen or marker.encode() in tap.seen)

    assert sent == [True, False]
    tally.row(
        TABLE,
        attack="have the gate log in at a registry",
        defence="nothing of the user's settings",
        **WON_AND_LOST,
    )


class Tap:
    """A socket in front of the engine's that keeps what is said to it."""

    def __init__(self, host: str, folder: Path) -> None:
        self._engine = host.removeprefix("unix://")
        self._server = socket.socket(socket.AF_UNIX)
        self._threads = [threading.Thread(target=self._accept)]
        path = folder / f"{secrets.token_hex(4)}.sock"
        self._server.bind(str(path))
        self._server.listen()
        self.host = f"unix://{path}"
        self.seen = bytearray()
        self._is_cut = threading.Event()

    def __enter__(self) -> "Tap":
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._server.close()

    def cut_once_it_has_seen(self, words: bytes) -> None:
        """Break every connection, and all new ones, after something was said."""
        while words not in self.seen:
            self._is_cut.wait(0.05)
        self._is_cut.wait(1)
        self._is_cut.set()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._server.accept()
            except OSError:
                return
            if self._is_cut.is_set():
                caller.close()
                continue
            self._threads.append(threading.Thread(target=self._pass_on, args=(caller,)))
            self._threads[-1].start()

    def _pass_on(self, caller: socket.socket) -> None:
        """Pass on what both sides say, until one of them has gone."""
        with caller, socket.socket(socket.AF_UNIX) as engine:
            engine.connect(self._engine)
            while not self._is_cut.is_set():
                for source in select.select([caller, engine], [], [], 0.1)[0]:
                    chunk = source.recv(2**16)
                    if not chunk:
                        return
                    if source is caller:
                        self.seen += chunk
                    (engine if source is caller else caller).sendall(chunk)


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("unix:///nowhere/docker.sock", "no Docker engine answers"),
        ("tcp://127.0.0.1:2375", "rows must not leave"),
        ("ssh://somebody@example.com", "rows must not leave"),
    ],
)
# The client library leaves a socket that could not connect to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_without_an_engine_of_this_machine_it_says_so(
    host: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(NoEngine, match=said), open_engine():
        raise AssertionError("there is an engine")
    gc.collect()


def test_what_a_killed_run_left_is_removed_by_the_next(
    docker: Any, engine: dict[str, str], base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", engine["DOCKER_HOST"])
    kept = []
    for until in ("100", "99999999999"):
        label = f"{LABEL}={until}"
        options = ("--label", label, "--network", "none", "--detach", base, "sleep", "1000")
        kept.append(docker("run", *options).stdout.strip())
        context = write_context(tmp_path / until, f"LABEL n={until}\n")
        kept.append(docker("build", "--quiet", "--label", label, context).stdout.strip())

    with open_engine():
        pass
    there = [bool(docker("inspect", each).returncode == 0) for each in kept]
    docker("rm", "--force", kept[2])
    docker("rmi", kept[3])

    assert there == [False, False, True, True]


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"MemoryLimit": False}, "bounds on memory"),
        ({"PidsLimit": False}, "bounds on processes"),
        ({"CpuCfsQuota": None}, "bounds on processors"),
        ({"SecurityOptions": []}, "seccomp"),
        ({"SecurityOptions": None}, "seccomp"),
        ({"SecurityOptions": ["name=seccomp,profile=unconfined"]}, "seccomp"),
    ],
)
def test_an_engine_that_cannot_hold_a_model_is_refused(
    change: dict[str, Any], missing: str, client: Any
) -> None:
    engine_module.require_strength(client.info())
    with pytest.raises(EngineTooWeak, match=missing):
        engine_module.require_strength(client.info() | change)


def test_an_engine_that_goes_away_in_a_run_is_the_engines_fault(
    engine: dict[str, str], base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model did nothing wrong: its run is no verdict."""
    with Tap(engine["DOCKER_HOST"], tmp_path) as tap:
        monkeypatch.setenv("DOCKER_HOST", tap.host)
        with open_engine() as client:
            image = build(client, tmp_path / "context", "")
            task = Task(["/bin/sh", "-c", "sleep 600"], b"", "features.csv", "predictions.txt", 1)
            timer = threading.Timer(0, tap.cut_once_it_has_seen, [b"/start"])
            timer.start()
            with pytest.raises(EngineFailed, match="the connection broke"):
                run_contained(image, task, {}, Limits(60), keep_log=False)
            timer.join()

    monkeypatch.setenv("DOCKER_HOST", engine["DOCKER_HOST"])
    with open_engine() as client:
        [left] = client.containers(all=True, filters={"label": LABEL})
        client.remove_container(left["Id"], force=True, v=True)
        client.remove_image(image.id)
