"""Runs one untrusted command as a separate process that can reach as little as possible.

Here the layers are prepared; the launcher puts them in force in the process that the command
becomes, and verifies each.
"""

import base64
import json
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from easeml_action.sandbox import launcher
from easeml_action.sandbox.account import Account
from easeml_action.sandbox.capture import Excerpt, drain
from easeml_action.sandbox.errors import LayerMissing, SandboxFailed
from easeml_action.sandbox.folders import SHARED_MEMORY, sweep_shared_memory
from easeml_action.sandbox.landlock import LandlockUnavailable, landlock_ruleset
from easeml_action.sandbox.layers import LAYERS, Layer
from easeml_action.sandbox.limits import Limits, Overrun
from easeml_action.sandbox.reach import Reach
from easeml_action.sandbox.seccomp import SeccompUnavailable, seccomp_program

_HEAD_BYTES = 64 * 2**10
_TAIL_BYTES = 64 * 2**10
_REPORT_BYTES = 64 * 2**10
# How much longer than its limit a command may take before its launcher counts as lost.
_GRACE = 30.0


@dataclass(frozen=True)
class Completed:
    """How a command ended.

    Parameters
    ----------
    exit_code
        Negative for the signal that ended it; None where nothing is known of its end.
    overrun
        The bound that it went over and was ended for, if any.
    log
        The start and the end of what it printed; None where that was thrown away.
    layers
        The layers that held it, each verified before it began.
    """

    exit_code: int | None
    overrun: Overrun | None
    log: str | None
    layers: tuple[Layer, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Say whether it ended by itself, with exit code 0."""
        return self.exit_code == 0 and self.overrun is None


def run_confined(
    command: Sequence[str],
    *,
    directory: Path,
    environment: Mapping[str, str],
    account: Account,
    limits: Limits,
    reach: Reach,
    keep_log: bool,
    tolerated: Collection[Layer] = (),
) -> Completed:
    """Run a command to its end, or to a limit, and kill whatever it leaves behind.

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
    reach
        What it may read, write and speak to.
    keep_log
        Whether to keep what it prints. On secret rows it is thrown away unread.
    tolerated
        The layers without which the user accepts to run it.

    Raises
    ------
    LayerMissing
        A layer cannot be put in force, and is not among those tolerated.
    SandboxFailed
        The process could not be set up for another reason.
    """
    log = Excerpt(_HEAD_BYTES, _TAIL_BYTES)
    report = Excerpt(0, _REPORT_BYTES)
    if account.separate:
        # Only there: without a user of its own, others' shared memory would be open to it.
        reach = Reach(reach.reads, (*reach.writes, SHARED_MEMORY), reach.network)
    with _prepared(account, limits, reach, tolerated) as (layers, descriptors):
        plan: launcher.Plan = {
            "command": list(command),
            "directory": str(directory),
            "environment": dict(environment),
            "account": account.uid,
            "layers": layers,
            "tolerated": list(tolerated),
            "seconds": limits.seconds,
            "memory": limits.memory,
            "disk": limits.disk_bytes,
            "files": limits.files,
            "watched": [str(place) for place in reach.writes],
        }
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", launcher.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if keep_log else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={"LC_ALL": "C.UTF-8"},
            cwd="/",
            start_new_session=True,
            pass_fds=descriptors,
        )
        try:
            _send(process, json.dumps(plan).encode())
            pairs = ((process.stdout, log), (process.stderr, report))
            streams = {stream: excerpt for stream, excerpt in pairs if stream is not None}
            drain(streams, limits.seconds + _GRACE)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE)
        finally:
            _stop(process)
            sweep_shared_memory(account)
    said = _read_report(report.text())
    if "missing" in said:
        raise LayerMissing(said["missing"], said["cause"])
    if "refused" in said:
        raise SandboxFailed(said["refused"])
    if "exit_code" not in said:
        # The launcher was killed half-way, for want of memory perhaps.
        account.end()
        sweep_shared_memory(account)
    return Completed(
        exit_code=said.get("exit_code"),
        overrun=said.get("overrun"),
        log=log.text() if keep_log else None,
        layers=tuple(said.get("in_force", ())),
    )


@contextmanager
def _prepared(
    account: Account, limits: Limits, reach: Reach, tolerated: Collection[Layer]
) -> Iterator[tuple[dict[str, Any], tuple[int, ...]]]:
    """Lend what the launcher needs for each layer, and the descriptors among it."""
    layers: dict[Layer, Any] = {}
    missing: dict[Layer, str] = {}
    descriptors: list[int] = []
    with ExitStack() as stack:
        layers["limits"] = limits.of_a_process(account)
        layers["no-new-privileges"] = True
        if account.uid is None:
            missing["user"] = "the gate does not run as root"
        else:
            layers["user"] = account.uid
        try:
            layers["landlock"] = stack.enter_context(landlock_ruleset(reach))
            descriptors.append(layers["landlock"])
        except LandlockUnavailable as unavailable:
            missing["landlock"] = str(unavailable)
        try:
            program = seccomp_program(network=reach.network)
            layers["seccomp"] = base64.b64encode(program).decode()
        except SeccompUnavailable as unavailable:
            missing["seccomp"] = str(unavailable)
        for layer, cause in missing.items():
            if layer not in tolerated:
                raise LayerMissing(layer, cause)
        yield {layer: layers[layer] for layer in LAYERS if layer in layers}, tuple(descriptors)


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
