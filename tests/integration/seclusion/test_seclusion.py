"""A running gate, and who tries to look into it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket

import pytest

from easeml_action.model.interpreter import find_interpreter

ROOT = Path(__file__).parents[3]
KEY = "the private key of this test"

# Numbers that runs do not draw from; as an ordinary user a test has its own alone.
IS_ROOT = os.geteuid() == 0
GATE_USER, OTHER_USER = (61183, 61182) if IS_ROOT else (os.geteuid(), None)
WATCHERS = [user for user in (GATE_USER, OTHER_USER) if user is not None]

LOOK = """\
import sys
try:
    with open(sys.argv[1], "rb") as file:
        file.seek(int(sys.argv[2], 16))
        file.read(1)
except PermissionError:
    print("refused")
else:
    print("read")
"""
SLEEP = "import sys; print('here', flush=True); sys.stdin.read()"


def start(user: int, *command: str | Path, **environment: str) -> subprocess.Popen[bytes]:
    """Start Python as an ordinary user."""
    path = os.pathsep.join(each for each in sys.path if each)
    return subprocess.Popen(
        [find_interpreter(for_others=IS_ROOT).path, *command],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path, **environment},
        cwd="/",
        user=user if IS_ROOT else None,
        group=user if IS_ROOT else None,
        extra_groups=[] if IS_ROOT else None,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@contextmanager
def started(user: int, *command: str | Path, **environment: str) -> Iterator[int]:
    """Lend the id of a process that is killed after the block."""
    process = start(user, *command, **environment)
    with process:
        try:
            yield process.pid
        finally:
            process.send_signal(signal.SIGKILL)
            assert process.stdout is not None
            said = process.stdout.read().decode()
    assert KEY not in said.replace(f"::add-mask::{KEY}", "")


def look(user: int, process: int, name: str) -> str:
    """Say whether a user can read a file of a process in /proc."""
    start_of_memory = Path(f"/proc/{process}/maps").read_text().split("-")[0] if IS_ROOT else "0"
    where = start_of_memory if name == "mem" else "0"
    done, _ = start(user, "-I", "-c", LOOK, f"/proc/{process}/{name}", where).communicate()
    return done.decode().strip()


@pytest.fixture
def gate(place: Path) -> Iterator[int]:
    """A gate at work, as an ordinary user: it waits for an answer of GitHub's API."""
    event = place / "event.json"
    repository = {"full_name": "octo/model", "default_branch": "main"}
    tip = "a" * 40
    push = {"ref": "refs/heads/main", "before": tip, "after": tip, "repository": repository}
    event.write_text(json.dumps(push))
    event.chmod(0o644)
    with socket() as api:
        api.bind(("127.0.0.1", 0))
        api.listen()
        api.settimeout(60)
        with started(
            GATE_USER,
            ROOT / "entrypoint.py",
            GITHUB_API_URL=f"http://127.0.0.1:{api.getsockname()[1]}",
            GITHUB_EVENT_NAME="push",
            GITHUB_EVENT_PATH=str(event),
            GITHUB_REPOSITORY="octo/model",
            GITHUB_RUN_ID="1",
            GITHUB_SERVER_URL="https://github.com",
            GITHUB_WORKSPACE="/",
            HOME="/",
            **{"INPUT_PRIVATE-KEY": KEY, "INPUT_TOKEN": "ghs_token"},
        ) as process:
            connection, _ = api.accept()
            with connection:
                yield process


def test_a_running_gate_cannot_be_looked_into_and_leaves_no_core_dump(gate: int) -> None:
    files = ("environ", "mem", "maps", "auxv")
    seen = {(user, name): look(user, gate, name) for user in WATCHERS for name in files}
    limits = Path(f"/proc/{gate}/limits").read_text().splitlines()
    [cores] = [line.split()[4:6] for line in limits if line.startswith("Max core file size")]

    assert set(seen.values()) == {"refused"}, seen
    assert cores == ["0", "0"]


def test_another_process_can_be_looked_into_by_its_own_user() -> None:
    with started(GATE_USER, "-I", "-c", SLEEP, SECRET=KEY) as process:
        assert {look(GATE_USER, process, name) for name in ("environ", "maps")} == {"read"}
