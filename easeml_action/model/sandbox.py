"""Runs one untrusted command as a separate process that can reach as little as possible.

As root the command gets a user of its own, drawn for this one run from a range that no account
uses. Otherwise it runs as the same user as the gate: ``Account.separate`` says which.
"""

import json
import os
import random
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from easeml_action.errors import GateError
from easeml_action.model import launcher
from easeml_action.model.capture import Excerpt, drain

# Numbers that systemd sets aside for short-lived users, within what a rootless container maps.
_ACCOUNTS = range(61184, 65520)

_HEAD_BYTES = 64 * 2**10
_TAIL_BYTES = 64 * 2**10
_REPORT_BYTES = 64 * 2**10
# How much longer than its limit a command may take before its launcher counts as lost.
_GRACE = 30.0


class SandboxFailed(GateError):
    """The separate process could not be set up. Never because of what the command did."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            f"The model's own process could not be set up: {cause}.",
            "Run the action in its own container, as root with Docker's default capabilities, "
            "or as an ordinary user.",
        )


class FolderUnreachable(GateError):
    """A folder above the scratch or cache folder is closed to the model's user."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"The user that runs the model cannot enter the folder {str(folder)!a}.",
            "Choose a temporary folder that every user can enter, such as /tmp (TMPDIR).",
        )


@dataclass(frozen=True)
class Account:
    """Whom a command runs as: a user of its own, or (``uid`` None) the gate's own user."""

    uid: int | None

    @property
    def separate(self) -> bool:
        """Say whether the command cannot touch what belongs to the gate."""
        return self.uid is not None

    def give(self, path: Path, mode: int) -> None:
        """Make the account the owner of a file or folder."""
        if self.uid is not None:
            os.chown(path, self.uid, self.uid, follow_symlinks=False)
        path.chmod(mode)

    def give_all(self, folder: Path) -> None:
        """Make the account the owner of a folder and of everything in it."""
        if self.uid is not None:
            _change(["chown", "-R", "-h", f"{self.uid}:{self.uid}"], folder)

    def share(self, path: Path, mode: int) -> None:
        """Open a file or folder of ours to the account's group, and to nobody else."""
        if self.uid is not None:
            os.chown(path, -1, self.uid, follow_symlinks=False)
        path.chmod(mode)


@dataclass(frozen=True)
class Limits:
    """Bounds on one command.

    Parameters
    ----------
    seconds
        Wall-clock time.
    file_bytes
        Size of any one file that it writes.
    open_files
        Descriptors of one process.
    processes
        Processes and threads together; holds only for a separate account.
    memory_bytes
        Address space of one process; None for no bound.
    """

    seconds: float
    file_bytes: int = 4 * 2**30
    open_files: int = 4096
    processes: int = 4096
    memory_bytes: int | None = None


@dataclass(frozen=True)
class Completed:
    """How a command ended.

    Parameters
    ----------
    exit_code
        Negative for the signal that ended it; None where nothing is known of its end.
    timed_out
        Whether it was ended because its time was up.
    log
        The start and the end of what it printed; None where that was thrown away.
    """

    exit_code: int | None
    timed_out: bool
    log: str | None

    @property
    def succeeded(self) -> bool:
        """Say whether it ended by itself, with exit code 0."""
        return self.exit_code == 0 and not self.timed_out


@contextmanager
def open_account() -> Iterator[Account]:
    """Draw a user for one run, that no process and no other run has."""
    if os.geteuid() != 0:
        yield Account(None)
        return
    for uid in random.sample(_ACCOUNTS, len(_ACCOUNTS)):
        # An abstract socket's name is free again when we end, however we end.
        with socket.socket(socket.AF_UNIX) as claim:
            try:
                claim.bind(f"\0easeml-ci-user-{uid}")
            except OSError:
                continue
            if not _has_processes(uid):
                yield Account(uid)
                return
    raise SandboxFailed("no user number is free")


def run_confined(
    command: Sequence[str],
    *,
    directory: Path,
    environment: Mapping[str, str],
    account: Account,
    limits: Limits,
    keep_log: bool,
) -> Completed:
    """Run a command to its end, or to its time limit, and kill whatever it leaves behind.

    Parameters
    ----------
    command
        The program's absolute path and its arguments.
    directory
        Where it starts.
    environment
        All of its environment; nothing of ours is added.
    account
        Whom it runs as.
    limits
        What it may use up.
    keep_log
        Whether to keep what it prints. On secret rows it is thrown away unread.

    Raises
    ------
    SandboxFailed
        The process could not be set up.
    """
    plan: launcher.Plan = {
        "command": list(command),
        "directory": str(directory),
        "environment": dict(environment),
        "account": account.uid,
        "seconds": limits.seconds,
        "limits": _resource_limits(account, limits),
    }
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", launcher.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if keep_log else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={"LC_ALL": "C.UTF-8"},
        cwd="/",
        start_new_session=True,
    )
    log = Excerpt(_HEAD_BYTES, _TAIL_BYTES)
    report = Excerpt(0, _REPORT_BYTES)
    try:
        _send(process, json.dumps(plan).encode())
        pairs = ((process.stdout, log), (process.stderr, report))
        streams = {stream: excerpt for stream, excerpt in pairs if stream is not None}
        drain(streams, limits.seconds + _GRACE)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
    finally:
        _stop(process)
    said = _read_report(report.text())
    if "refused" in said:
        raise SandboxFailed(said["refused"])
    if "exit_code" not in said:
        # The launcher was killed half-way, for want of memory perhaps.
        _end_account(account)
    return Completed(
        exit_code=said.get("exit_code"),
        timed_out=said.get("timed_out", False),
        log=log.text() if keep_log else None,
    )


def make_enterable(folder: Path) -> None:
    """Create a folder that a separate account can pass through, but not list.

    Raises
    ------
    FolderUnreachable
        A folder above it is closed to other users.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return
    folder.chmod(stat.S_IMODE(folder.stat().st_mode) | 0o711)
    for parent in folder.resolve().parents:
        if not parent.stat().st_mode & stat.S_IXOTH:
            raise FolderUnreachable(parent)


def seal(folder: Path) -> None:
    """Take over a folder that an account wrote: all can read it, nobody else can write it."""
    if os.geteuid() == 0:
        _change(["chown", "-R", "-h", f"{os.geteuid()}:{os.getegid()}"], folder)
        _change(["chmod", "-R", "u=rwX,go=rX,a-st"], folder)
    else:
        _change(["chmod", "-R", "a-w"], folder)


def remove(folder: Path) -> None:
    """Remove a folder, whatever a model left in it (closed folders, or a thousand levels)."""
    if not folder.exists():
        return
    if os.geteuid() != 0:
        subprocess.run(
            ["chmod", "-R", "u+rwX", "--", folder], check=False, stderr=subprocess.DEVNULL
        )
    subprocess.run(["rm", "-rf", "--", folder], check=False, stderr=subprocess.DEVNULL)


def _change(command: list[str], folder: Path) -> None:
    """Change owners or modes in depth; these programs neither follow links nor mind the depth."""
    done = subprocess.run([*command, "--", folder], capture_output=True, check=False)
    if done.returncode != 0:
        raise SandboxFailed(f"{command[0]} ended with exit code {done.returncode}")


def _send(process: subprocess.Popen[bytes], plan: bytes) -> None:
    assert process.stdin is not None  # noqa: S101 - it was asked for as a pipe
    try:
        with process.stdin:
            process.stdin.write(plan)
    except BrokenPipeError:
        return  # the launcher's own words follow in its report


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Have the launcher end everything; should it be stuck, end the launcher."""
    try:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def _read_report(report: str) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for line in report.splitlines():
        # Anything else is a warning of the interpreter.
        with suppress(ValueError, TypeError):
            said |= json.loads(line)
    return said


def _end_account(account: Account) -> None:
    deadline = time.monotonic() + _GRACE
    while account.uid is not None and _has_processes(account.uid) and time.monotonic() < deadline:
        subprocess.run(
            ["/bin/sh", "-c", "kill -KILL -1"],
            user=account.uid,
            group=account.uid,
            extra_groups=[],
            check=False,
            env={},
        )


def _resource_limits(account: Account, limits: Limits) -> dict[str, int]:
    chosen = {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": limits.file_bytes,
        "RLIMIT_NOFILE": limits.open_files,
    }
    if account.separate:
        chosen["RLIMIT_NPROC"] = limits.processes
    if limits.memory_bytes is not None:
        chosen["RLIMIT_AS"] = limits.memory_bytes
    return chosen


def _has_processes(uid: int) -> bool:
    """Say whether the user has a process that still runs (one not reaped yet does not)."""
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            if process.name.isdecimal() and process.stat().st_uid == uid:
                state = (process / "stat").read_bytes().rpartition(b")")[2].split()[0]
                if state not in {b"Z", b"X"}:
                    return True
    return False
