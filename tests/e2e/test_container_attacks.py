"""Hostile models in containers of their own: each wins without one defence, and loses with it."""

import os
import secrets
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from easeml_action.cancellation import Cancellation, Interrupted
from easeml_action.sandbox import Completed, Limits, container
from easeml_action.sandbox.container import Task, run_contained
from easeml_action.sandbox.image import Image
from tests.tally import Tally

from .containers import TABLE, WON_AND_LOST, build

MIB = 2**20
LIMITS = Limits(
    seconds=30,
    memory_bytes=128 * MIB,
    processes=40,
    open_files=64,
    file_bytes=100 * MIB,
)
ROOM = 64 * 1024

# Programs with rights that they should not have, a place to write to, and a root user.
DOCKERFILE = """\
RUN mkdir -m 0777 /open \\
 && cp /usr/bin/id /usr/local/bin/setuid-id && chmod 4755 /usr/local/bin/setuid-id \\
 && cp /usr/bin/chown /usr/local/bin/setuid-chown && chmod 4755 /usr/local/bin/setuid-chown
HEALTHCHECK --interval=1s CMD touch /tmp/health
USER root
"""

Settings = dict[str, Any]


def host(**changes: Any) -> Callable[[Settings], None]:
    """Change settings of the container's host side."""
    return lambda settings: settings["HostConfig"].update(changes)


def together(*changes: Callable[[Settings], None]) -> Callable[[Settings], None]:
    def change(settings: Settings) -> None:
        for each in changes:
            each(settings)

    return change


def bind(settings: Settings, source: str, target: str) -> None:
    """Mount something of the host."""
    settings["HostConfig"]["Binds"] = [f"{source}:{target}"]


def user(name: str) -> Callable[[Settings], None]:
    return lambda settings: settings.update(User=name)


def wrapper(old: str, new: str) -> Callable[[Settings], None]:
    """Change the shell script around the model."""

    def change(settings: Settings) -> None:
        script = settings["Entrypoint"][2]
        assert old in script
        settings["Entrypoint"][2] = script.replace(old, new)

    return change


def wrote_win(_: Completed, output: bytes) -> bool:
    return output.strip() == b"WIN"


@dataclass(frozen=True)
class Attack:
    """What a model tries, what stops it, and how that is switched off.

    ``besides`` switches off, in both runs, another defence that would stop it as well.
    """

    name: str
    defence: str
    script: str
    off: Callable[[Settings], None]
    wins: Callable[[Completed, bytes], bool] = wrote_win
    besides: Callable[[Settings], None] = lambda _: None
    limits: Limits = LIMITS


SOCKET = "/var/run/docker.sock"
PERL_CONNECT = "perl -MSocket -e 'socket(S, {family}, {kind}, 0); connect(S, {address}) or exit 1'"


def perl_connect(family: str, address: str, kind: str = "SOCK_STREAM") -> str:
    return PERL_CONNECT.format(family=family, kind=kind, address=address)


ATTACKS = [
    Attack(
        "connect to the host by TCP",
        "network namespace without a network",
        perl_connect("AF_INET", 'sockaddr_in($ENV{TCP_PORT}, inet_aton("127.0.0.1"))')
        + ' && echo WIN >"$2"',
        host(NetworkMode="host"),
    ),
    Attack(
        "send to the host by UDP",
        "network namespace without a network",
        # The second datagram fails where nobody had the first.
        "perl -MSocket -e 'socket(S, AF_INET, SOCK_DGRAM, 0);"
        ' connect(S, sockaddr_in($ENV{UDP_PORT}, inet_aton("127.0.0.1"))) or exit 1;'
        ' send(S, "x", 0); select(undef, undef, undef, 0.3); send(S, "x", 0) or exit 1\''
        ' && echo WIN >"$2"',
        host(NetworkMode="host"),
    ),
    Attack(
        "connect to an abstract Unix socket of the host",
        "network namespace of its own",
        perl_connect("AF_UNIX", 'pack_sockaddr_un("\\0$ENV{ABSTRACT}")') + ' && echo WIN >"$2"',
        host(NetworkMode="host"),
    ),
    Attack(
        "speak to the Docker engine",
        "nothing of the host is mounted",
        perl_connect("AF_UNIX", f'pack_sockaddr_un("{SOCKET}")') + ' && echo WIN >"$2"',
        together(lambda settings: bind(settings, engine_socket(), SOCKET), user("0")),
    ),
    Attack(
        "read a file of the host",
        "nothing of the host is mounted",
        'grep -q "$MARKER" "$SECRET" && echo WIN >"$2"',
        lambda settings: bind(settings, *[_env(settings, "SECRET")] * 2),
    ),
    Attack(
        "see a process of the host",
        "process namespace of its own",
        # In brackets, or it could find itself.
        "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -q \"slee[p] $SLEEP\" && echo WIN >\"$2\"",
        host(PidMode="host"),
    ),
    Attack(
        "read shared memory of the host",
        "IPC namespace of its own",
        '[ -e "/dev/shm/$MARKER" ] && echo WIN >"$2"',
        host(IpcMode="host"),
    ),
    Attack(
        "change the image's files",
        "read-only root",
        'touch /open/x && echo WIN >"$2"',
        host(ReadonlyRootfs=False),
    ),
    Attack(
        "run as the root that the Dockerfile names",
        "a user of our choice",
        '[ "$(id -u)" = 0 ] && echo WIN >"$2"',
        lambda settings: settings.pop("User"),
    ),
    Attack(
        "become root by a setuid program",
        "no new privileges",
        '[ "$(setuid-id -u)" = 0 ] && echo WIN >"$2"',
        host(SecurityOpt=[]),
    ),
    Attack(
        "use a right of root's",
        "no capabilities",
        'touch /tmp/file && setuid-chown 0:0 /tmp/file && echo WIN >"$2"',
        host(CapDrop=[]),
        besides=host(SecurityOpt=[]),
    ),
    Attack(
        "be root in a user namespace of its own",
        "the engine's seccomp filter",
        'unshare --user --map-root-user true && echo WIN >"$2"',
        host(SecurityOpt=["no-new-privileges", "seccomp=unconfined"]),
    ),
    Attack(
        "bomb the memory",
        "bound on memory",
        'perl -e \'$x = "x" x 300_000_000\' && echo WIN >"$2"',
        host(Memory=0, MemorySwap=0),
    ),
    Attack(
        "bomb with forks",
        "bound on processes",
        "(n=0; while [ $n -lt 90 ]; do sleep 60 & n=$((n+1)); done)\n"
        '[ "$(ls -d /proc/[0-9]* | wc -l)" -gt 80 ] && echo WIN >"$2"',
        host(PidsLimit=-1),
    ),
    Attack(
        "fill the scratch folder",
        "bound on the scratch folder",
        'head -c 90M /dev/zero >/tmp/fill && echo WIN >"$2"',
        host(Tmpfs={"/tmp": "rw,mode=1777"}),
    ),
    Attack(
        "fill the shared memory",
        "bound on shared memory",
        'head -c 90M /dev/zero >/dev/shm/fill && echo WIN >"$2"',
        host(ShmSize=120 * MIB),
    ),
    Attack(
        "write a huge sparse file",
        "bound on the size of a file",
        'truncate --size=1T /tmp/sparse && echo WIN >"$2"',
        host(Ulimits=[]),
    ),
    Attack(
        "open many files",
        "bound on open files",
        'perl -e \'for (1..99) { open($f[$_], "/dev/null") or exit 1 }\' && echo WIN >"$2"',
        host(Ulimits=[]),
    ),
    Attack(
        "dump memory into a core file",
        "no core files",
        '[ "$(ulimit -H -c)" != 0 ] && echo WIN >"$2"',
        host(Ulimits=[{"Name": "core", "Soft": -1, "Hard": -1}]),
    ),
    Attack(
        "have a health check run beside it",
        "no health check",
        'sleep 4; [ -e /tmp/health ] && echo WIN >"$2"',
        lambda settings: settings.pop("Healthcheck"),
    ),
    Attack(
        "hand in a symbolic link",
        "only a regular file is taken",
        'echo WIN >/tmp/other && ln -s other "$2"',
        wrapper('[ ! -L "$output" ]', "true"),
    ),
    Attack(
        "hand in a FIFO that keeps the gate waiting",
        "only a regular file is taken",
        'mkfifo "$2"',
        wrapper('[ -f "$output" ] && [ ! -L "$output" ]', "true"),
        wins=lambda completed, _: completed.overrun == "time",
        limits=Limits(seconds=5, memory_bytes=128 * MIB),
    ),
]


def engine_socket() -> str:
    return os.environ["DOCKER_HOST"].removeprefix("unix://")


def _env(settings: Settings, name: str) -> str:
    [value] = [each.partition("=")[2] for each in settings["Env"] if each.startswith(f"{name}=")]
    return str(value)


@pytest.fixture(scope="module")
def marker() -> str:
    return f"marker-{secrets.token_hex(8)}"


@pytest.fixture(scope="module")
def targets(marker: str) -> Iterator[dict[str, str]]:
    """What the attacks are after, all of it on this host; the attackers know where."""
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as abstract,
        tempfile.NamedTemporaryFile("w", prefix=marker) as secret,
        tempfile.NamedTemporaryFile(dir="/dev/shm", prefix=marker) as shared,
        subprocess.Popen(["sleep", seconds := f"86{secrets.randbelow(10**6):06}"]) as sleeper,
    ):
        udp.bind(("127.0.0.1", 0))
        abstract.bind(f"\0{marker}")
        abstract.listen()
        name = Path(shared.name).name
        secret.write(name)
        secret.flush()
        Path(secret.name).chmod(0o644)
        yield {
            "TCP_PORT": str(tcp.getsockname()[1]),
            "UDP_PORT": str(udp.getsockname()[1]),
            "ABSTRACT": marker,
            "SECRET": secret.name,
            "MARKER": name,
            "SLEEP": seconds,
        }
        sleeper.kill()


@pytest.fixture
def hostile(client: Any, tmp_path: Path) -> Iterator[Image]:
    image = build(client, tmp_path / "context", DOCKERFILE)
    yield image
    image.remove()


def attempt(
    image: Image,
    script: str,
    *,
    environment: dict[str, str] | None = None,
    limits: Limits = LIMITS,
    room: int = ROOM,
    given: bytes = b"1\n2\n",
    keep_log: bool = True,
) -> tuple[Completed, bytes]:
    command = ["/bin/sh", "-c", script, "attack"]
    task = Task(command, given, "features.csv", "predictions.txt", room)
    return run_contained(image, task, environment or {}, limits, keep_log=keep_log)


def without(change: Callable[[Settings], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every container made with changed settings."""
    unchanged = container.settings_of

    def changed(*arguments: Any) -> Settings:
        settings = unchanged(*arguments)
        change(settings)
        return settings

    monkeypatch.setattr(container, "settings_of", changed)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_it_wins_without_the_defence_and_loses_with_it(
    attack: Attack,
    hostile: Image,
    targets: dict[str, str],
    tally: Tally,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    won = []
    for change in (together(attack.besides, attack.off), attack.besides):
        with monkeypatch.context() as patch:
            without(change, patch)
            completed, output = attempt(
                hostile, attack.script, environment=targets, limits=attack.limits
            )
        won.append(attack.wins(completed, output))
        print(completed)

    assert won == [True, False]
    tally.row(TABLE, attack=attack.name, defence=attack.defence, **WON_AND_LOST)


def note_in(names: list[str]) -> Callable[..., None]:
    """Stand in for what removes a container: only note it."""
    return lambda name, **_: names.append(name)


def is_running(sleeping: str) -> bool:
    """Say whether some process of this host sleeps for that number of seconds."""
    lines = (path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
    return any(line == f"sleep\0{sleeping}\0".encode() for line in lines)


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("sleep past the time limit", "sleep $SLEEP"),
        ("outlive the run in a session of its own", "setsid sleep $SLEEP & sleep 600"),
        ("stop the gate's end of it", "trap '' TERM INT HUP; kill -STOP 1; sleep $SLEEP"),
    ],
)
def test_nothing_of_it_runs_on(
    name: str,
    script: str,
    hostile: Image,
    client: Any,
    tally: Tally,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = Limits(seconds=3, memory_bytes=128 * MIB)
    ran_on = []
    for ends in (False, True):
        seconds = f"85{secrets.randbelow(10**6):06}"
        left: list[str] = []
        with monkeypatch.context() as patch:
            if not ends:
                patch.setattr(client, "remove_container", note_in(left))
            completed, _ = attempt(hostile, script, environment={"SLEEP": seconds}, limits=limits)
        assert completed.overrun == "time"
        ran_on.append(is_running(seconds))
        for container_name in left:
            client.remove_container(container_name, force=True, v=True)
        assert not is_running(seconds)

    assert ran_on == [True, False]
    tally.row(TABLE, attack=name, defence="killed and removed at the end", **WON_AND_LOST)


def test_what_it_has_started_ends_with_it(hostile: Image) -> None:
    seconds = f"86{secrets.randbelow(10**6):06}"

    completed, _ = attempt(hostile, f"setsid sleep {seconds} & sleep 1")

    assert completed.succeeded
    assert not is_running(seconds)


def test_a_flood_in_place_of_predictions_takes_no_more_room_than_they_may(
    hostile: Image, tally: Tally
) -> None:
    flood = "for end in $(find /proc/1/fd -perm -200); do head -c 5000000 /dev/zero >$end; done"

    taken = [len(attempt(hostile, flood, room=room)[1]) for room in (10**8, ROOM)]

    assert taken == [5_000_000, ROOM]
    tally.row(TABLE, attack="flood the gate's memory", defence="bounded reading", **WON_AND_LOST)


def test_what_it_prints_reaches_no_disk_and_on_secret_rows_nobody(
    hostile: Image, client: Any, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[int] = []
    remove = client.remove_container

    def look_and_remove(name: str, **options: Any) -> None:
        path = client.inspect_container(name)["LogPath"]
        kept.append(Path(path).stat().st_size if path else 0)
        remove(name, **options)

    bomb = "head -c 3000000 /dev/zero | tr '\\0' x"
    monkeypatch.setattr(client, "remove_container", look_and_remove)
    with monkeypatch.context() as patch:
        without(host(LogConfig={"Type": "json-file"}), patch)
        attempt(hostile, bomb, keep_log=False)
    shown, _ = attempt(hostile, bomb, keep_log=True)
    hidden, _ = attempt(hostile, bomb, keep_log=False)

    assert kept[0] > 3_000_000
    assert kept[1:] == [0, 0]
    assert shown.log is not None
    assert "bytes left out" in shown.log
    assert len(shown.log) < 200_000
    assert hidden.log is None
    tally.row(TABLE, attack="fill the disk with a log", defence="no log", **WON_AND_LOST)


def test_one_model_leaves_nothing_for_the_next(
    hostile: Image, tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o777)
    leave = 'touch /tmp/left /dev/shm/left; find /tmp /dev/shm /open -name left >"$2"'
    find = 'find /tmp /dev/shm /open -name left >"$2"'
    found = []
    for defended in (False, True):
        with monkeypatch.context() as patch:
            if not defended:
                without(host(Binds=[f"{tmp_path}:/tmp"], Tmpfs={}), patch)
            _, first = attempt(hostile, leave)
            _, second = attempt(hostile, find)
        assert b"/tmp/left" in first
        found.append(second.decode().split())

    assert found == [["/tmp/left"], []]
    tally.row(TABLE, attack="leave word for the next model", defence="ends with it", **WON_AND_LOST)


def test_a_signal_that_comes_while_it_is_removed_waits_for_that(
    hostile: Image, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client of this test looks at its end for what was left."""
    remove = client.remove_container

    def interrupt_and_remove(name: str, **options: Any) -> None:
        signal.raise_signal(signal.SIGTERM)
        remove(name, **options)

    monkeypatch.setattr(client, "remove_container", interrupt_and_remove)
    with (
        pytest.raises(Interrupted),
        Cancellation() as cancellation,
        cancellation.allowed(),
    ):
        attempt(hostile, "true")
