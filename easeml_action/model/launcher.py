"""The process between the gate and the model: confines it, limits its time and ends all it started.

Run as a program by an isolated interpreter, with the standard library only. It reads a plan as
JSON from its standard input, hands its standard output to the model, and writes its report as
one JSON line to its standard error. As root it stays root, out of the model's reach, and it is
the reaper of all the model's descendants, so none can escape it by forking twice.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, TypedDict

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38

CANNOT_RUN = 126
NOT_FOUND = 127

_STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_PATIENCE = 10.0


class Plan(TypedDict):
    """What to run, as whom, and within which bounds."""

    command: list[str]
    directory: str
    environment: Mapping[str, str]
    account: int | None
    seconds: float
    limits: Mapping[str, int]


def main() -> None:
    """Carry out the plan and report how the command ended."""
    plan: Plan = json.load(sys.stdin)
    report = os.dup(2)
    try:
        _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        _prctl(PR_SET_CHILD_SUBREAPER, 1)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, *_STOP_SIGNALS})
        deadline = time.monotonic() + plan["seconds"]
        launcher = os.getpid()
        child = os.fork()
    except OSError as error:
        _refuse(report, error)
    if child == 0:
        _become(plan, report, launcher)
    status, timed_out = _wait(child, deadline)
    status = _end_all(child, plan["account"], status)
    code = None if status is None else os.waitstatus_to_exitcode(status)
    said = json.dumps({"exit_code": code, "timed_out": timed_out})
    os.write(report, f"{said}\n".encode())


def _become(plan: Plan, report: int, launcher: int) -> NoReturn:
    """Turn this process into the command: nothing of the gate is left in its reach."""
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(1, 2)
        for name, wanted in plan["limits"].items():
            _limit(getattr(resource, name), wanted)
        # Should memory run out, the model goes first, not the gate.
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000")
        os.chdir(plan["directory"])
        if plan["account"] is not None:
            os.setgroups([])
            os.setresgid(plan["account"], plan["account"], plan["account"])
            os.setresuid(plan["account"], plan["account"], plan["account"])
        os.umask(0o077)
        _prctl(PR_SET_NO_NEW_PRIVS, 1)
        # A change of user clears this, so it comes late; the launcher may be gone by then.
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != launcher:
            os._exit(CANNOT_RUN)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
    except OSError as error:
        _refuse(report, error)
    # The report's descriptor and the rest close themselves when the command starts.
    command = plan["command"]
    try:
        os.execve(command[0], command, plan["environment"])  # noqa: S606 - that is the work here
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        os._exit(NOT_FOUND if isinstance(error, FileNotFoundError) else CANNOT_RUN)


def _refuse(report: int, error: OSError) -> NoReturn:
    """Tell the gate that the fault is the machine's, not the command's."""
    os.write(report, f"{json.dumps({'refused': str(error)})}\n".encode())
    os._exit(CANNOT_RUN)


def _limit(kind: int, wanted: int) -> None:
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(kind, (wanted, wanted))


def _wait(child: int, deadline: float) -> tuple[int | None, bool]:
    """Wait until the child ends, the time is up (True), or the gate wants to stop."""
    while True:
        while True:
            ended, status = os.waitpid(-1, os.WNOHANG)
            if ended == child:
                return status, False
            if ended == 0:
                break
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            return None, True
        received = signal.sigtimedwait({signal.SIGCHLD, *_STOP_SIGNALS}, remaining)
        if received is not None and received.si_signo in _STOP_SIGNALS:
            return None, False


def _end_all(child: int, account: int | None, status: int | None) -> int | None:
    """Kill and reap every descendant; return the child's status if it is known by then."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if account is not None:
            _kill_account(account)
        for process in _descendants(os.getpid()):
            _kill(process)
        try:
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                if found[0] == child:
                    status = found[1]
        except ChildProcessError:
            break
        time.sleep(0.005)
    return status


def _kill_account(account: int) -> None:
    """Kill every process of the account in one call, which no fork can outrun."""
    killer = os.fork()
    if killer == 0:
        try:
            os.setresgid(account, account, account)
            os.setresuid(account, account, account)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    os.waitpid(killer, 0)


def _kill(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def _descendants(ancestor: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (parent := _parent(entry)) is not None:
            children.setdefault(parent, []).append(int(entry.name))
    found = [ancestor]
    for process in found:
        found += children.get(process, [])
    return found[1:]


def _parent(process: Path) -> int | None:
    try:
        fields = (process / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return int(fields[1])


def _prctl(option: int, value: int) -> None:
    libc: Any = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


if __name__ == "__main__":
    main()
