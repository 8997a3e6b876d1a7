"""Building a model's image: what its Dockerfile gets, what it does not, and how a build ends."""

import gc
import io
import json
import re
import secrets
import select
import socket
import subprocess
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from easeml_action.github import Workflow
from easeml_action.sandbox import Limits
from easeml_action.sandbox.container import Task, run_contained
from easeml_action.sandbox.engine import LABEL, NoEngine, open_engine
from easeml_action.sandbox.image import Image, ImageBuildFailed, ImageHasVolumes, build_image
from tests.tally import Tally

from .containers import BUILD_LIMITS, TABLE, Recorder, base_name, build, write_context

MIB = 2**20
RUN_LIMITS = Limits(seconds=30, memory_bytes=256 * MIB)
WON_AND_LOST = {"without": "won", "with": "lost"}


def printed(image: Image, script: str) -> str:
    """Return what a script in a container of the image printed."""
    task = Task(["/bin/sh", "-c", script], b"", "features.csv", "predictions.txt", 1)
    log = run_contained(image, task, {}, RUN_LIMITS, keep_log=True)[0].log
    assert log is not None
    return log


def test_the_context_is_the_checkout_whatever_dockerignore_says(
    client: Any, tmp_path: Path
) -> None:
    long = "n" * 120
    files = {".dockerignore": "*", "predict.sh": "#!/bin/sh\n", long: "long", "é b": "odd"}
    context = write_context(tmp_path / "context", "WORKDIR /model\nCOPY . .\n", files)
    (context / "deep/er").mkdir(parents=True)
    (context / "deep/er/weights.bin").write_bytes(bytes(range(256)) * 5)
    (context / "link").symlink_to("deep/er")

    built = build_image(client, context, "Dockerfile", BUILD_LIMITS, Recorder())
    shown = printed(
        built, "find . -type f | sort; stat -c '%a %u %n' *; readlink link; cksum deep/er/*"
    )
    built.remove()

    # Where .dockerignore names them, the engine itself leaves out these two, and nothing else.
    names = {*files, "deep/er/weights.bin"} - {".dockerignore"}
    assert [line for line in shown.splitlines() if line.startswith("./")] == [
        f"./{name}" for name in sorted(names)
    ]
    assert "755 0 predict.sh" in shown
    assert "\ndeep/er\n" in shown
    checked = subprocess.run(
        ["cksum"], input=bytes(range(256)) * 5, capture_output=True, check=True
    )
    assert checked.stdout.decode().split() == shown.splitlines()[-1].split()[:2]


def test_a_dockerfile_may_lie_in_a_folder(client: Any, tmp_path: Path) -> None:
    context = write_context(tmp_path / "context", "", {"predict.sh": "#!/bin/sh\n"})
    (context / "docker").mkdir()
    (context / "docker/Dockerfile").write_text(f"FROM {base_name()}\nCOPY predict.sh /here\n")

    built = build_image(client, context, "docker/Dockerfile", BUILD_LIMITS, Recorder())

    assert printed(built, "ls /here") == "/here\n"
    built.remove()


@pytest.mark.parametrize(
    ("dockerfile", "said"),
    [
        ("RUN echo so far so good; exit 3\n", "so far so good"),
        ("COPY absent /\n", "absent"),
        ("NONSENSE\n", "NONSENSE"),
        ("RUN --mount=type=cache,target=/x true\n", "BuildKit"),
    ],
)
def test_a_build_that_fails_says_so_and_shows_its_log(
    dockerfile: str, said: str, client: Any, tmp_path: Path
) -> None:
    progress = Recorder()

    with pytest.raises(ImageBuildFailed, match="mend the Dockerfile"):
        build(client, tmp_path / "context", dockerfile, progress=progress)

    assert said in progress.untrusted[0]


def test_a_build_that_sleeps_ends_with_its_time(client: Any, tmp_path: Path, tally: Tally) -> None:
    seconds = f"84{secrets.randbelow(10**6):06}"
    limits = Limits(seconds=5, memory_bytes=2**30)

    with pytest.raises(ImageBuildFailed, match="not done after 5 seconds"):
        build(client, tmp_path / "context", f"RUN sleep {seconds}\n", limits=limits)

    end = threading.Event()
    for _ in range(100):
        if not is_sleeping(seconds):
            break
        end.wait(0.2)
    assert not is_sleeping(seconds)
    tally.row(
        TABLE,
        attack="sleep past the time of a build",
        defence="bound on a build's time",
        **{"without": "", "with": "lost"},
    )


def is_sleeping(seconds: str) -> bool:
    lines = (path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
    return any(line == f"sleep\0{seconds}\0".encode() for line in lines)


def test_a_build_cannot_bomb_the_memory(client: Any, tmp_path: Path, tally: Tally) -> None:
    bomb = "RUN perl -e '$x = \"x\" x 300_000_000'\n"
    small = Limits(seconds=120, memory_bytes=128 * MIB)

    build(client, tmp_path / "large", bomb).remove()
    with pytest.raises(ImageBuildFailed):
        build(client, tmp_path / "small", bomb, limits=small)

    tally.row(TABLE, attack="bomb the memory in a build", defence="bound on memory", **WON_AND_LOST)


@pytest.mark.parametrize("place", ["ENV", "ARG", "file"])
def test_a_build_sees_nothing_of_the_gate(
    place: str, client: Any, tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = secrets.token_hex(16)
    monkeypatch.setenv("EASEML_TEST_SECRET", marker)
    (tmp_path / "secret").write_text(marker)
    spy = "ARG EASEML_TEST_SECRET\nRUN env; cat /run/secrets/* || true; find / -xdev -name secret\n"
    progress = Recorder()

    build(client, tmp_path / "context", spy, progress=progress).remove()

    assert marker not in "".join(progress.untrusted)
    assert f"{tmp_path}" not in "".join(progress.untrusted)


def test_a_build_takes_nothing_from_an_earlier_one(
    client: Any, tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one model's build has put into a layer, another's would trust."""
    dockerfile = "RUN head -c 8 /dev/urandom | od -An -tx1 >/drawn\n"
    plain = client.build
    drawn: dict[str, set[str]] = {"cached": set(), "as it is": set()}
    for way, shown in drawn.items():
        if way == "cached":
            monkeypatch.setattr(client, "build", lambda **o: plain(**o | {"nocache": False}))
        else:
            monkeypatch.undo()
        built = [build(client, tmp_path / f"{way}-{n}", dockerfile) for n in range(2)]
        shown.update(printed(each, "cat /drawn") for each in built)
        for each in built:
            each.remove()

    assert {way: len(shown) for way, shown in drawn.items()} == {"cached": 1, "as it is": 2}
    tally.row(
        TABLE,
        attack="poison the build of another model",
        defence="nothing kept between builds",
        **WON_AND_LOST,
    )


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

    def __enter__(self) -> "Tap":
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._server.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._pass_on, args=(caller,)))
            self._threads[-1].start()

    def _pass_on(self, caller: socket.socket) -> None:
        """Pass on what both sides say, until one of them has gone."""
        with caller, socket.socket(socket.AF_UNIX) as engine:
            engine.connect(self._engine)
            while True:
                for source in select.select([caller, engine], [], [])[0]:
                    chunk = source.recv(2**16)
                    if not chunk:
                        return
                    if source is caller:
                        self.seen += chunk
                    (engine if source is caller else caller).sendall(chunk)


def test_a_volume_would_be_room_without_bound_on_the_disk(
    docker: Any, client: Any, tmp_path: Path, tally: Tally
) -> None:
    dockerfile = "RUN mkdir -m 0777 /data\nVOLUME /data /other\n"
    context = write_context(tmp_path / "context", dockerfile)
    accepted = Image(client, docker("build", "--quiet", context).stdout.strip())
    bomb = "df --output=fstype /data | tail -n 1; head -c 300M /dev/zero >/data/bomb && echo WIN"
    assert printed(accepted, bomb).split()[-1:] == ["WIN"]
    accepted.remove()

    with pytest.raises(ImageHasVolumes, match=r"volume '/data'.*Take VOLUME out"):
        build(client, tmp_path / "again", dockerfile)

    assert docker("volume", "ls", "--quiet").stdout == ""
    tally.row(TABLE, attack="fill the disk through a volume", defence="no volumes", **WON_AND_LOST)


def test_what_a_dockerfile_prints_is_no_command_to_the_runner(
    client: Any, tmp_path: Path, tally: Tally
) -> None:
    command = "::set-output name=verdict::pass"
    log = io.StringIO()
    dockerfile = f"RUN echo '{command}'; printf '\\n\\033[31m%s\\n' '{command}'\n"

    build(client, tmp_path / "context", dockerfile, progress=Workflow(log, {})).remove()

    lines = log.getvalue().splitlines()
    [stop] = [n for n, line in enumerate(lines) if line.startswith("::stop-commands::")]
    token = lines[stop].removeprefix("::stop-commands::")
    assert lines[-1] == f"::{token}::"
    assert len(re.findall("set-output", log.getvalue())) >= 2
    assert not [line for line in lines[stop + 1 : -1] if line.lstrip().startswith("::")]
    assert "\033" not in log.getvalue()
    tally.row(
        TABLE,
        attack="print a command of the runner in a build",
        defence="shown as data",
        **{"without": "", "with": "lost"},
    )


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("unix:///nowhere/docker.sock", "no Docker engine answers"),
        ("tcp://127.0.0.1:2375", "rows stay"),
        ("ssh://somebody@example.com", "rows stay"),
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
