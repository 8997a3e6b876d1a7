"""Where hostile models meet the action: a whole run for each, and a look at what it achieved."""

import ctypes
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from easeml_action.demo.github import GitHubServer
from easeml_action.demo.runner import ENTRYPOINT, Job, Run
from tests.integration.action.stage import (
    ALONE,
    MARKER,
    ROWS,
    SCRIPT,
    Stage,
    model,
    throw_away,
)

HERE = Path(__file__).parent
MODELS = HERE / "models"
LOWERED = HERE / "lowered.py"

MEMORY_LIMIT = 256  # MiB
TIME_LIMIT = 2  # seconds, where time is what is attacked
PASSPHRASE = "open sesame"
_PATIENCE = 180.0

# What is started as the action in a job.
Command = Callable[[Job], Sequence[str | Path]]


@dataclass(frozen=True)
class Outcome:
    """What one run of the action under attack left behind.

    Parameters
    ----------
    run
        What the action said; None where it had to be killed.
    verdict
        Its output of that name.
    memory
        Bytes that the gate took at the most, where it ran as our own child.
    arena
        Where it took place.
    home
        The runner's folder, as it was at the end.
    """

    run: Run | None
    verdict: str
    memory: int
    arena: "Arena"
    home: Path

    @property
    def log(self) -> str:
        """The log of the run."""
        return "" if self.run is None else self.run.log

    @property
    def model_won(self) -> bool:
        """The model says so, or was so well informed that it passed."""
        return self.arena.targets["won"] in self.log or self.verdict == "pass"

    def holds(self, name: str, text: str) -> bool:
        """Say whether a file of the runner's folder holds a text."""
        place = self.home / name
        return place.exists() and text in place.read_text(errors="replace")


@dataclass(frozen=True)
class Attack:
    """One thing that a hostile model tries.

    Parameters
    ----------
    name
        Its script in ``models/``.
    defence
        What it meets, in words.
    lowered
        The defences without which it succeeds, by their names in ``lowered.py``.
    won
        Whether it achieved what it wanted.
    config
        What the configuration says.
    files
        What the pull request changes beside the model.
    prepare
        What is done to the developer's work tree before the pull request is made.
    tamper
        What an earlier step has done to the runner's workspace.
    rival
        Whether the old model, too, is this one: they try to reach each other.
    patience
        Seconds after which an undefended run counts as stuck, once the model runs on secret rows.
    """

    name: str
    defence: str
    lowered: tuple[str, ...]
    won: Callable[[Outcome], bool] = lambda outcome: outcome.model_won
    config: Mapping[str, object] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    prepare: Callable[["Arena"], None] = lambda arena: None
    tamper: Callable[[Job], None] = lambda job: None
    rival: bool = False
    patience: float = _PATIENCE

    @property
    def title(self) -> str:
        """What it tries, in its script's own words."""
        return self.source.split('"""')[1].rstrip(".")

    @property
    def source(self) -> str:
        """Its script."""
        return (MODELS / f"{self.name}.py").read_text()


class Arena:
    """A stage with everything on it that a hostile model may be after.

    Parameters
    ----------
    stage
        The team, the server and the runner.
    folder
        A folder of our own that every user can enter.
    """

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage = stage
        self.folder = folder
        self.heard: list[bytes] = []
        self.treasure = f"treasure-{secrets.token_hex(8)}"
        self.closed = folder / "closed"
        self.closed.mkdir(mode=0o700)
        (self.closed / "treasure").write_text(self.treasure)
        (self.closed / "answers").write_text(
            "".join(f"{MARKER}-{'odd' if n % 2 else 'even'}\n" for n in range(ROWS))
        )
        (self.closed / "repository").mkdir()
        (folder / "open").mkdir(mode=0o777)
        (folder / "open").chmod(0o1777)
        self.targets: dict[str, Any] = {
            "won": f"won-{secrets.token_hex(8)}",
            "treasure": self.treasure,
            "answers": str(self.closed / "answers"),
            "runner": str(folder / "easeml-runner-*"),
            "temporary": [stage.runner.variables["TMPDIR"]],
            "survivor": f"survivor-{secrets.token_hex(8)}",
            "cron": f"/etc/cron.d/easeml-{secrets.token_hex(8)}",
            "note": str(folder / "open" / "note"),
            "mount": str(folder / "open"),
            "key": secrets.randbelow(2**30) + 1,
            "abstract": f"easeml-{secrets.token_hex(8)}",
            "memory": MEMORY_LIMIT * 2**20,
            "seconds": TIME_LIMIT,
        }

    def fight(self, attack: Attack, command: Command, *, bare: bool) -> bool:
        """Run the action on a pull request with the hostile model; say whether that won.

        Parameters
        ----------
        command
            Returns what is started as the action.
        bare
            Whether defences are down, so that the run is not held to what every run must keep.
        """
        stage = self.stage
        first = self._files(attack, "old") if attack.rival else {SCRIPT: model(50)}
        stage.found(50, files=first, **{"condition": ALONE, **attack.config})
        attack.prepare(self)
        pull_request = stage.open({**self._files(attack, "new"), **attack.files})
        with (
            self._job(stage, pull_request) as job,
            (self.closed / "treasure").open() as treasure,
            (job.home / "log").open("wb") as log,
        ):
            attack.tamper(job)
            process = subprocess.Popen(
                command(job),
                cwd=job.workspace,
                env=job.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(treasure.fileno(),),
            )
            memory = self._wait(process, job, attack.patience if bare else _PATIENCE)
            if memory is None:
                process.kill()
                process.wait()
                outcome = Outcome(None, "", 0, self, job.home)
            elif bare:
                run = job.finish(process)
                outcome = Outcome(run, run.outputs.get("verdict", ""), memory, self, job.home)
            else:
                seen = stage.finish(job, process, pull_request.head, pull_request)
                # Else it would have lost for a reason that is not the defence.
                assert re.search(r"Models are held by: .*landlock, seccomp\.", seen.log)
                outcome = Outcome(
                    seen.run, seen.run.outputs.get("verdict", ""), memory, self, job.home
                )
            won = attack.won(outcome)
        if bare:
            throw_away(Path(stage.runner.variables["TMPDIR"]))
        return won

    def survives(self) -> bool:
        """Say whether a process that a model started lives on."""
        return bool(list(_processes(self.targets["survivor"])))

    @property
    def cron(self) -> Path:
        """The table of cron that a model may leave."""
        return Path(self.targets["cron"])

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen wherever a model may send a word to; and clear up after it."""
        with ExitStack() as stack:
            tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            udp.bind(("127.0.0.1", 0))
            abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
            abstract.bind("\0" + self.targets["abstract"])
            docker = stack.enter_context(socket.socket(socket.AF_UNIX))
            docker.bind(str(self.folder / "docker.sock"))
            (self.folder / "docker.sock").chmod(0o666)
            self.targets["tcp"], self.targets["udp"] = (
                each.getsockname()[1] for each in (tcp, udp)
            )
            self.targets["docker"] = [str(self.folder / "docker.sock"), "/var/run/docker.sock"]
            for stream in (tcp, abstract, docker):
                stream.listen()
                stack.callback(stream.shutdown, socket.SHUT_RDWR)
                threading.Thread(target=self._accept, args=(stream,), daemon=True).start()
            threading.Thread(target=self._receive, args=(udp,), daemon=True).start()
            stack.callback(udp.sendto, b"", udp.getsockname())
            stack.callback(self._clear_up)
            yield

    def _files(self, attack: Attack, role: str) -> dict[str, bytes]:
        return {
            SCRIPT: b"#!/usr/bin/env python3\n" + (HERE / "hostile.py").read_bytes(),
            "attack.py": attack.source.encode(),
            "targets.json": json.dumps(self.targets | {"role": role}).encode(),
            "README.md": f"A model of the {role} kind.\n".encode(),
        }

    @contextmanager
    def _job(self, stage: Stage, pull_request: Any) -> Iterator[Job]:
        """Lend a job whose folder lies where this arena's models look for it."""
        before, tempfile.tempdir = tempfile.tempdir, str(self.folder)
        try:
            with stage.job(pull_request) as job:
                (job.home / "env").touch()
                more = {"GITHUB_ENV": str(job.home / "env"), "ATTACK_FOLDER": str(self.folder)}
                yield replace(job, environment={**job.environment, **more})
        finally:
            tempfile.tempdir = before

    def _wait(self, process: subprocess.Popen[bytes], job: Job, patience: float) -> int | None:
        """Wait for a run's end; return the memory it took, or None where it is stuck."""
        end = time.monotonic() + _PATIENCE
        waits_for_model = False
        while time.monotonic() < end:
            child, status, usage = os.wait4(process.pid, os.WNOHANG)
            if child:
                process.returncode = os.waitstatus_to_exitcode(status)
                return usage.ru_maxrss * 1024
            if not waits_for_model and "Running the model" in job.log:
                waits_for_model, end = True, time.monotonic() + patience
            time.sleep(0.02)
        return None

    def _accept(self, stream: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = stream.accept()
                with connection:
                    self.heard.append(connection.recv(4096))

    def _receive(self, datagrams: socket.socket) -> None:
        with suppress(OSError):
            while True:
                self.heard.append(datagrams.recv(4096))

    def _clear_up(self) -> None:
        for process in _processes(self.targets["survivor"]):
            with suppress(ProcessLookupError):
                os.kill(process, 9)
        self.cron.unlink(missing_ok=True)
        libc = ctypes.CDLL(None)
        libc.umount2(self.targets["mount"].encode(), 2)
        memory = libc.shmget(self.targets["key"], 0, 0)
        if memory != -1:
            libc.shmctl(memory, 0, None)
        for left in Path("/dev/shm").glob("easeml-note"):
            left.unlink()


def direct(_: Job) -> Sequence[str | Path]:
    """Start the action as it is on a machine."""
    return (sys.executable, ENTRYPOINT)


def undefended(attack: Attack) -> Command:
    """Start the action without the defences that an attack meets."""
    return lambda _: (sys.executable, LOWERED, *attack.lowered)


def commands_heard(log: str) -> set[str]:
    """Return the workflow commands that a runner would carry out, as it reads a log."""
    heard: set[str] = set()
    deaf_until = None
    for line in re.split(r"\r\n|\r|\n", log):
        old = re.search(r"##\[([a-z-]+)", line)
        new = re.match(r"\s*::([A-Za-z0-9-]+)([^:]*)::(.*)", line)
        if deaf_until is not None:
            if new and new[1] == deaf_until:
                deaf_until = None
            continue
        if new and new[1] == "stop-commands":
            deaf_until = new[3]
        elif new:
            heard.add(new[1])
        elif old:
            heard.add(old[1])
    return heard


def _processes(name: str) -> Iterator[int]:
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            if process.name.isdecimal() and name in (process / "cmdline").read_text():
                yield int(process.name)


@contextmanager
def open_arena(folder: Path, server: GitHubServer, cache: Path) -> Iterator[Arena]:
    """Lend an arena, all of which is gone afterwards."""
    place = Path(tempfile.mkdtemp(prefix="easeml-arena-", dir="/tmp"))
    place.chmod(0o755)
    stage = Stage.build(folder, server, cache)
    stage.set_inputs(passphrase=PASSPHRASE)
    arena = Arena(stage, place)
    try:
        with arena.listening():
            yield arena
    finally:
        shutil.rmtree(place)
