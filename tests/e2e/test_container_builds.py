"""Building a model's image: what its Dockerfile gets, what it does not, and how a build ends."""

import io
import secrets
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from easeml_action.github import Workflow
from easeml_action.sandbox import Limits
from easeml_action.sandbox.container import Task, run_contained
from easeml_action.sandbox.image import Image, ImageBuildFailed, ImageHasVolumes, build_image
from tests.tally import Tally

from .containers import (
    BUILD_LIMITS,
    TABLE,
    WON_AND_LOST,
    Recorder,
    base_name,
    build,
    write_context,
)

MIB = 2**20
RUN_LIMITS = Limits(seconds=30, memory_bytes=256 * MIB)


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
    seconds = f"3.{secrets.randbelow(10**6):06}"
    dockerfile = f"RUN sleep {seconds}\n"
    short = Limits(seconds=1, memory_bytes=2**30)

    build(client, tmp_path / "long", dockerfile).remove()
    with pytest.raises(ImageBuildFailed, match="not done after 1 seconds"):
        build(client, tmp_path / "short", dockerfile.replace("3.", "8433."), limits=short)

    end = threading.Event()
    for _ in range(100):
        if not is_sleeping(f"8433.{seconds[2:]}"):
            break
        end.wait(0.2)
    assert not is_sleeping(f"8433.{seconds[2:]}")
    tally.row(
        TABLE, attack="sleep past the time of a build", defence="bound on time", **WON_AND_LOST
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


def test_a_build_sees_nothing_of_the_gate(
    client: Any, tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = secrets.token_hex(16)
    monkeypatch.setenv("SECRET", marker)
    plain = client.build
    found = []
    for defended in (False, True):
        progress = Recorder()
        spy = "ARG SECRET\nRUN env; cat /run/secrets/* || true\n"
        with monkeypatch.context() as patch:
            if not defended:
                told = {"SECRET": marker}
                patch.setattr(client, "build", lambda _told=told, **o: plain(**o, buildargs=_told))
            build(client, tmp_path / f"{defended}", spy, progress=progress).remove()
        found.append(marker in "".join(progress.untrusted))

    assert found == [True, False]
    tally.row(TABLE, attack="read a secret in a build", defence="told nothing", **WON_AND_LOST)


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


def test_a_volume_would_be_room_without_bound_on_the_disk(
    docker: Any, client: Any, tmp_path: Path, tally: Tally
) -> None:
    dockerfile = "RUN mkdir -m 0777 /data\nVOLUME /data /other\n"
    context = write_context(tmp_path / "context", dockerfile)
    accepted = Image(client, docker("build", "--quiet", context).stdout.strip())
    bomb = "df --output=fstype /data | tail -n 1; head -c 300M /dev/zero >/data/bomb && echo WIN"
    assert printed(accepted, bomb).split()[-1:] == ["WIN"]
    accepted.remove()

    before = docker("volume", "ls", "--quiet").stdout
    with pytest.raises(ImageHasVolumes, match=r"volume '/data'.*Take VOLUME out"):
        build(client, tmp_path / "again", dockerfile)

    assert docker("volume", "ls", "--quiet").stdout == before
    tally.row(TABLE, attack="fill the disk through a volume", defence="no volumes", **WON_AND_LOST)


def test_what_a_dockerfile_prints_is_no_command_to_the_runner(
    client: Any, tmp_path: Path, tally: Tally
) -> None:
    command = "::set-output name=verdict::pass"
    dockerfile = f"RUN echo '{command}'; printf '\\n\\033[31m%s\\n' '{command}'\n"
    raw, log = Recorder(), io.StringIO()

    build(client, tmp_path / "raw", dockerfile, progress=raw).remove()
    build(client, tmp_path / "shown", dockerfile, progress=Workflow(log, {})).remove()

    assert command in raw.untrusted[0].splitlines()
    lines = log.getvalue().splitlines()
    [stop] = [n for n, line in enumerate(lines) if line.startswith("::stop-commands::")]
    token = lines[stop].removeprefix("::stop-commands::")
    assert lines[-1] == f"::{token}::"
    assert log.getvalue().count("set-output") >= 2
    assert not [line for line in lines[stop + 1 : -1] if line.lstrip().startswith("::")]
    assert "\033" not in log.getvalue()
    tally.row(
        TABLE,
        attack="print a command of the runner in a build",
        defence="shown as data",
        **WON_AND_LOST,
    )
