"""The process between the gate and the model: confines it, bounds it and ends all it started.

Run as a program by an isolated interpreter, with the standard library only. It reads a plan as
JSON from its standard input, hands its standard output to the model, and writes its report as
JSON lines to its standard error. As root it stays root, out of the model's reach, and it is
the reaper of all the model's descendants, so none can escape it by forking twice.
"""

import base64
import ctypes
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, TypedDict

PR_SET_PDEATHSIG = 1
PR_SET_SECCOMP = 22
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2
LANDLOCK_RESTRICT_SELF = 446  # the same number on every architecture

CANNOT_RUN = 126
NOT_FOUND = 127

_STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_PATIENCE = 10.0
_LOOK_EVERY = 0.25  # seconds, and no more than a fifth of the time
_DISK_RESERVE = 256 * 2**20  # bytes that a model must leave free, if they were when it began


class Plan(TypedDict):
    """What to run, behind which layers, and within which bounds."""

    command: list[str]
    directory: str
    environment: Mapping[str, str]
    account: int | None
    layers: Mapping[str, Any]
    tolerated: list[str]
    seconds: float
    memory: int
    disk: int
    files: int
    watched: list[str]


def main() -> None:
    """Carry out the plan and report how the command ended."""
    plan: Plan = json.load(sys.stdin)
    report = os.dup(2)
    try:
        # It came without the mark that would close it when the command starts.
        if "landlock" in plan["layers"]:
            os.set_inheritable(plan["layers"]["landlock"], False)
        _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        _prctl(PR_SET_CHILD_SUBREAPER, 1)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, *_STOP_SIGNALS})
        watch = _Watch(plan)
        launcher = os.getpid()
        child = os.fork()
    except OSError as error:
        _refuse(report, error)
    if child == 0:
        _become(plan, report, launcher)
    status, overrun = _wait(child, watch)
    status = _end_all(child, plan["account"], status)
    code = None if status is None else os.waitstatus_to_exitcode(status)
    _say(report, {"exit_code": code, "overrun": overrun})


def _become(plan: Plan, report: int, launcher: int) -> NoReturn:
    """Turn this process into the command: nothing of the gate is left in its reach."""
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(1, 2)
        # Should memory run out, the model goes first, not the gate.
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000")
        os.chdir(plan["directory"])
        os.umask(0o077)
        in_force = [layer for layer in plan["layers"] if _put_in_force(layer, plan, report)]
        # A change of user clears this, so it comes late; the launcher may be gone by then.
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != launcher:
            os._exit(CANNOT_RUN)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
    except OSError as error:
        _refuse(report, error)
    _say(report, {"in_force": in_force})
    # The report's descriptor and the rest close themselves when the command starts.
    command = plan["command"]
    try:
        os.execve(command[0], command, plan["environment"])  # noqa: S606 - that is the work here
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        os._exit(NOT_FOUND if isinstance(error, FileNotFoundError) else CANNOT_RUN)


def _put_in_force(layer: str, plan: Plan, report: int) -> bool:
    """Put a layer in force and look whether it is; end here where it is not and has to be."""
    given = plan["layers"][layer]
    put, is_in_force = _LAYERS[layer]
    try:
        put(given)
        if is_in_force(given):
            return True
        cause = "it was put in force without effect"
    except OSError as error:
        cause = error.strerror or str(error)
    # As root a model without a user of its own would be root.
    if layer == "user" or layer not in plan["tolerated"]:
        _say(report, {"missing": layer, "cause": cause})
        os._exit(CANNOT_RUN)
    return False


def _take_user(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _is_user(uid: int) -> bool:
    ids = {*os.getresuid(), *os.getresgid()}
    return ids == {uid} and not os.getgroups() and int(_own_status("CapEff"), 16) == 0


def _take_limits(limits: Mapping[str, int]) -> None:
    for name, wanted in limits.items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        bound = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (bound, bound))


def _are_limits(limits: Mapping[str, int]) -> bool:
    return all(
        0 <= bound <= wanted
        for name, wanted in limits.items()
        for bound in resource.getrlimit(getattr(resource, name))
    )


def _take_landlock(ruleset: int) -> None:
    _call("syscall", LANDLOCK_RESTRICT_SELF, ruleset, 0)


def _is_landlocked(_: int) -> bool:
    try:
        os.close(os.open("/", os.O_RDONLY | os.O_DIRECTORY))
    except PermissionError:
        return True
    return False


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def _take_seccomp(program: str) -> None:
    instructions = base64.b64decode(program)
    filled = _Program(len(instructions) // 8, instructions)
    _prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filled))


def _own_status(field: str) -> str:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(f"{field}:"))


# How each layer is put in force, and how to see that it is.
_LAYERS: Mapping[str, tuple[Callable[[Any], None], Callable[[Any], bool]]] = {
    "limits": (_take_limits, _are_limits),
    "user": (_take_user, _is_user),
    "no-new-privileges": (
        lambda _: _prctl(PR_SET_NO_NEW_PRIVS, 1),
        lambda _: _own_status("NoNewPrivs") == "1",
    ),
    "landlock": (_take_landlock, _is_landlocked),
    "seccomp": (_take_seccomp, lambda _: _own_status("Seccomp") == "2"),
}


def _refuse(report: int, error: OSError) -> NoReturn:
    """Tell the gate that the fault is the machine's, not the command's."""
    _say(report, {"refused": str(error)})
    os._exit(CANNOT_RUN)


def _say(report: int, said: Mapping[str, Any]) -> None:
    os.write(report, f"{json.dumps(said)}\n".encode())


class _Watch:
    """Looks now and then whether the command and all its descendants keep within their bounds."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._deadline = time.monotonic() + plan["seconds"]
        self._next_look = 0.0
        self._reserved = [place for place in plan["watched"] if _room(place) > _DISK_RESERVE]

    @property
    def pause(self) -> float:
        """Seconds until there is something to look at."""
        return max(0.0, min(self._deadline, self._next_look) - time.monotonic())

    def overrun(self) -> str | None:
        """Name the bound that is overrun, if one is."""
        start = time.monotonic()
        if start >= self._deadline:
            return "time"
        if start < self._next_look:
            return None
        found = None
        if sum(map(_memory, _descendants(os.getpid()))) > self._plan["memory"]:
            found = "memory"
        elif self._overruns_disk():
            found = "disk"
        now = time.monotonic()
        self._next_look = now + max(_LOOK_EVERY, 4 * (now - start))
        return found

    def _overruns_disk(self) -> bool:
        # Files that are open and deleted, or too deep to be found, show only in what is left.
        if any(_room(place) < _DISK_RESERVE for place in self._reserved):
            return True
        taken = 0
        found = _files(self._plan["watched"], self._plan["account"])
        for files, status in enumerate(found, 1):
            taken += status.st_blocks * 512
            if taken > self._plan["disk"] or files > self._plan["files"]:
                return True
        return False


def _wait(child: int, watch: _Watch) -> tuple[int | None, str | None]:
    """Wait until the child ends, goes over a bound (which is named), or the gate wants to stop."""
    while True:
        while True:
            ended, status = os.waitpid(-1, os.WNOHANG)
            if ended == child:
                return status, None
            if ended == 0:
                break
        if overrun := watch.overrun():
            return None, overrun
        received = signal.sigtimedwait({signal.SIGCHLD, *_STOP_SIGNALS}, watch.pause)
        if received is not None and received.si_signo in _STOP_SIGNALS:
            return None, None


def _memory(process: int) -> int:
    """Return the bytes of memory that are a process's own."""
    try:
        _, resident, shared = map(int, Path(f"/proc/{process}/statm").read_bytes().split()[:3])
    except (OSError, ValueError):
        return 0
    return (resident - shared) * resource.getpagesize()


def _files(folders: list[str], account: int | None) -> Iterator[os.stat_result]:
    remaining = list(folders)
    while remaining:
        with suppress(OSError), os.scandir(remaining.pop()) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                if account in {None, status.st_uid}:
                    yield status
                    if entry.is_dir(follow_symlinks=False):
                        remaining.append(entry.path)


def _room(place: str) -> int:
    try:
        left = os.statvfs(place)
    except OSError:
        return 0
    return left.f_bavail * left.f_frsize


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


def _prctl(option: int, value: int, argument: Any = 0) -> None:
    _call("prctl", option, value, argument, 0, 0)


def _call(function: str, *arguments: Any) -> None:
    libc: Any = ctypes.CDLL(None, use_errno=True)
    if libc[function](*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


if __name__ == "__main__":
    main()
