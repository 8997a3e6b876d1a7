"""Runs one untrusted command in a container that can reach as little as possible.

The container has no network, no capability and nothing of the host: its root is read-only, and
what it writes is memory that ends with it. Input and output are streams, because a path of ours
is not one of the engine's: the gate may itself be in a container.
"""

import secrets
import signal
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import docker
import requests

from easeml_action.cancellation import undisturbed
from easeml_action.errors import GateError
from easeml_action.sandbox.capture import Excerpt
from easeml_action.sandbox.confined import Completed
from easeml_action.sandbox.engine import ANSWER_SECONDS, failures_named, leftover_after
from easeml_action.sandbox.image import Image
from easeml_action.sandbox.limits import Limits, Overrun
from easeml_action.sandbox.streams import STDERR, STDOUT, exchange

# The only folder that can be written, besides /dev/shm, which is of the same kind.
SCRATCH: Final = "/tmp"  # noqa: S108 - the container's own, in memory

# A user without a name and without rights: it reads what the image lets everybody read.
_USER: Final = "65532:65532"

_HEAD_BYTES = 64 * 2**10
_TAIL_BYTES = 64 * 2**10

# What a killed gate leaves behind may stay for that long beyond the command's own time.
_GRACE = 600.0

# A tenth of the processors stays with the gate and the engine, which must be able to end it.
_PROCESSOR_SHARE = 0.9

# What the command prints goes where its errors go; the file that it was told to write is printed.
_WRAPPER: Final = """\
input=$1 output=$2 room=$3
shift 3
cat >"$input" || exit
"$@" "$input" "$output" </dev/null >&2
code=$?
if [ -f "$output" ] && [ ! -L "$output" ]; then head -c "$room" "$output"; fi
exit $code
"""


class ContainerNotStarted(GateError):
    """The engine cannot start the command in this image."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            f"The model's container could not be started: {cause[:300]!a}.",
            "The image needs a POSIX shell as /bin/sh, and a WORKDIR that every user may enter.",
        )


@dataclass(frozen=True)
class Task:
    """What a command gets and hands in.

    Parameters
    ----------
    command
        The program and its first arguments, from the image's working folder. The paths of its
        input and output follow them.
    given
        The input's content.
    input, output
        The names of both files in the scratch folder.
    room
        How many bytes of its output are taken, at most.
    """

    command: Sequence[str]
    given: bytes
    input: str
    output: str
    room: int

    @property
    def input_path(self) -> str:
        """Where the command finds its input."""
        return f"{SCRATCH}/{self.input}"

    @property
    def output_path(self) -> str:
        """Where the command is to write its output."""
        return f"{SCRATCH}/{self.output}"


def run_contained(
    image: Image, task: Task, environment: Mapping[str, str], limits: Limits, *, keep_log: bool
) -> tuple[Completed, bytes]:
    """Run a command to its end, or to a limit, and remove all that there was of it.

    Parameters
    ----------
    image
        Where it runs.
    task
        What it runs, and on what.
    environment
        What it finds in its environment beside what the image declares.
    limits
        What it may use up.
    keep_log
        Whether to keep what it prints. On secret rows not even the engine keeps it.

    Returns
    -------
    Completed, bytes
        How it ended, and what it wrote; nothing where that is no regular file.

    Raises
    ------
    ContainerNotStarted
        The image cannot start any command.
    EngineFailed
        The engine failed.
    """
    output, log = Excerpt(task.room, 0), Excerpt(_HEAD_BYTES, _TAIL_BYTES)
    sinks = {STDOUT: output} | ({STDERR: log} if keep_log else {})
    client = image.client
    with failures_named():
        settings = settings_of(image, task, environment, limits, client.info()["NCPU"])
        with _created(client, settings) as name:
            with _attached(client, name, keep_log=keep_log) as connection:
                try:
                    client.start(name)
                except docker.errors.APIError as error:
                    raise ContainerNotStarted(str(error.explanation)) from None
                in_time = exchange(connection, task.given, sinks, limits.seconds)
            exit_code, overrun = _end_of(client, name) if in_time else (None, "time")
    kept = log.text() if keep_log else None
    return Completed(exit_code, overrun, kept), output.head


@contextmanager
def _created(client: Any, settings: dict[str, Any]) -> Iterator[str]:
    # Named by us, so that it can be removed even where the answer to its creation is lost.
    name = f"easeml-{secrets.token_hex(8)}"
    try:
        client.create_container_from_config(settings, name)
        yield name
    finally:
        with undisturbed(), suppress(docker.errors.NotFound):
            client.remove_container(name, v=True, force=True)


def room_in(limits: Limits) -> int:
    """Return how many bytes a container's files may have: they are memory, and count as its own."""
    return min(limits.memory // 2, limits.disk_bytes)


def settings_of(
    image: Image, task: Task, environment: Mapping[str, str], limits: Limits, processors: int
) -> dict[str, Any]:
    """Return all that holds a container, in the engine's own terms.

    What is not named here is the engine's default: its seccomp filter and its AppArmor profile,
    the paths of /proc and /sys that it masks, and namespaces of the container's own.
    """
    bounds = {"core": 0, "fsize": limits.file_bytes, "nofile": limits.open_files}
    room = room_in(limits)
    return {
        "Image": image.id,
        "Entrypoint": ["/bin/sh", "-c", _WRAPPER, "sh"],
        "Cmd": [task.input_path, task.output_path, str(task.room), *task.command],
        "Hostname": "model",
        "User": _USER,
        "Env": [f"{name}={value}" for name, value in environment.items()],
        "OpenStdin": True,
        "StdinOnce": True,
        "Healthcheck": {"Test": ["NONE"]},
        "Labels": leftover_after(limits.seconds + _GRACE),
        "HostConfig": {
            "NetworkMode": "none",
            "IpcMode": "private",
            "CgroupnsMode": "private",
            "ReadonlyRootfs": True,
            "Tmpfs": {SCRATCH: f"rw,exec,nosuid,nodev,mode=1777,size={room}"},
            "ShmSize": room,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "Memory": limits.memory,
            "MemorySwap": limits.memory,
            # Should the machine's memory run out, the model goes first, not the gate.
            "OomScoreAdj": 1000,
            "PidsLimit": limits.processes,
            "NanoCpus": int(processors * _PROCESSOR_SHARE * 1e9),
            "Ulimits": [{"Name": name, "Soft": n, "Hard": n} for name, n in bounds.items()],
            "LogConfig": {"Type": "none", "Config": {}},
        },
    }


@contextmanager
def _attached(client: Any, name: str, *, keep_log: bool) -> Iterator[socket.socket]:
    """Lend the connection to the container's streams, before it starts."""
    streams = {"stream": 1, "stdin": 1, "stdout": 1, "stderr": int(keep_log)}
    # The library lends it as a file; only the socket behind that can be closed on one side.
    with closing(client.attach_socket(name, streams)) as file, file._sock as connection:
        yield connection


def _end_of(client: Any, name: str) -> tuple[int | None, Overrun | None]:
    """Return the exit code, and the bound that was gone over."""
    # The streams end a moment before the container does.
    with suppress(requests.RequestException):
        client.wait(name, timeout=ANSWER_SECONDS)
    state = client.inspect_container(name)["State"]
    if state["Running"]:
        return None, "time"
    code = state["ExitCode"]
    if code and state["OOMKilled"]:
        return None, "memory"
    # A shell's way to say that a signal ended the command.
    return (128 - code if 128 < code < 128 + signal.NSIG else code), None
