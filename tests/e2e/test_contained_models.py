"""The whole action, where the model brings its own Dockerfile."""

import re
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from easeml_action.config.model import MIN_MEMORY_LIMIT
from easeml_action.demo.github import GitHubServer
from easeml_action.sandbox.engine import LABEL
from tests.integration.action.stage import (
    MARKER,
    PAIRED,
    SAMPLE,
    Stage,
    assert_one_sentence,
    config,
    encrypt,
    table,
    wait_until,
)
from tests.openapi import check

from .containers import base_name

Docker = Callable[..., CompletedProcess[str]]

SCRIPT = "model/predict.sh"
DOCKERFILE = "model/Dockerfile"
GATE = {
    "script": f"./{SCRIPT}",
    "dockerfile": DOCKERFILE,
    "model_paths": ["model/"],
}


@pytest.fixture
def stage(tmp_path: Path, engine: dict[str, str], base: str, docker: Docker) -> Iterator[Stage]:
    """A team with an engine; whatever a run does, it leaves nothing there."""
    with GitHubServer(check=check) as server, tempfile.TemporaryDirectory(dir="/tmp") as cache:
        Path(cache).chmod(0o711)
        stage = Stage.build(tmp_path, server, Path(cache))
        variables = stage.runner.variables | {"DOCKER_HOST": engine["DOCKER_HOST"]}
        stage.set(variables=variables)
        yield stage
        assert left_with(docker) == []


def left_with(docker: Docker) -> list[str]:
    labelled = ("--all", "--quiet", "--filter", f"label={LABEL}")
    return (docker("ps", *labelled).stdout + docker("images", *labelled).stdout).split()


def model(
    right: int, *, after: str = "", dockerfile: str = "WORKDIR /here\nCOPY . .\n"
) -> dict[str, bytes]:
    """Return a model in a language of its own, right on ``right`` of a hundred rows."""
    predict = f"""\
#!/bin/sh
set -e
echo "This is $(id -u) on $(hostname)."
awk -F, 'NR > 1 {{
    right = $1 * 37 % 100 < {right}
    print "{MARKER}-" (right == $1 % 2 ? "odd" : "even")
}}' "$1" >"$EASEML_PREDICTIONS"
secret=$(sed -n 2p "$1" | cut -d, -f1 | awk '{{ print ($1 < 1000000) }}')
{after}
"""
    return {
        SCRIPT: predict.encode(),
        DOCKERFILE: f"FROM {base_name()}\n{dockerfile}".encode(),
    }


def found(stage: Stage, **changes: Any) -> None:
    stage.found(files=model(50), **GATE, **changes)


def test_a_better_model_passes_and_a_worse_one_fails(stage: Stage) -> None:
    found(stage, condition=PAIRED)

    better = stage.pull_request(model(75))
    worse = stage.pull_request(model(5))

    assert (better.verdict, worse.verdict) == ("pass", "fail")
    assert better.log.count("This is 65532 on model.") == 2
    assert "Step 1/" in better.log
    assert stage.charged == 2


def test_another_dockerfile_is_another_model(stage: Stage) -> None:
    found(stage)
    same = model(95, dockerfile="WORKDIR /there\nCOPY . .\n")

    first = stage.pull_request(model(95))
    again = stage.pull_request(same)

    assert (first.verdict, again.verdict) == ("pass", "pass")
    assert stage.charged == 2


def test_a_script_in_python_is_started_with_the_images_own_interpreter(stage: Stage) -> None:
    """The base image has no Python: the image's own is a program that says what it was given."""
    found(stage)
    script = "model/predict.py"
    stage.team.push("Change the gate", {".easeml.yml": config(**GATE | {"script": script})})
    interpreter = (
        'RUN printf \'#!/bin/sh\\necho "as $1"; exec sh "$@"\\n\' >/usr/bin/python3'
        " && chmod 755 /usr/bin/python3\n"
    )
    files = model(95, dockerfile=f"WORKDIR /here\nCOPY . .\n{interpreter}")
    program = files.pop(SCRIPT).partition(b"\n")[2]

    seen = stage.pull_request({**files, script: program})

    assert seen.verdict == "pass"
    assert f"as ./{script}" in seen.log


@pytest.mark.parametrize(
    ("dockerfile", "words"),
    [
        ("RUN echo to no avail; false\n", ["could not be built", "mend the Dockerfile"]),
        ("COPY ../outside /\n", ["could not be built", "mend the Dockerfile"]),
        ("VOLUME /data\n", ["declares the volume", "/data"]),
        ("COPY . .\nWORKDIR /elsewhere\n", ["cannot start", "WORKDIR"]),
        ("WORKDIR /here\nCOPY . .\nRUN rm /usr/bin/head\n", ["cannot start", "head"]),
        ("WORKDIR /here\nCOPY . .\nRUN rm /bin/sh\n", ["could not be started", "/bin/sh"]),
        ("WORKDIR /here\nCOPY . .\nRUN chmod -R go= /here\n", ["WORKDIR"]),
    ],
)
def test_an_image_that_will_not_do_is_explained_and_costs_nothing(
    dockerfile: str, words: list[str], stage: Stage
) -> None:
    found(stage)

    seen = stage.pull_request(model(95, dockerfile=dockerfile))

    assert_one_sentence(seen, *words)
    assert stage.charged == 0


def test_a_commit_without_the_dockerfile_is_told_so_at_no_cost(stage: Stage) -> None:
    found(stage)

    seen = stage.pull_request({DOCKERFILE: None, SCRIPT: model(95)[SCRIPT]})

    assert_one_sentence(seen, "Dockerfile", "commit the file")
    assert stage.charged == 0


def test_a_test_set_without_room_in_the_container_is_told_before_it_costs_anything(
    stage: Stage,
) -> None:
    lines = table().decode().splitlines()
    padding = "x" * 200_000
    wide = "\n".join([f"{lines[0]},padding", *(f"{line},{padding}" for line in lines[1:]), ""])
    stage.found(
        files=model(95), ciphertext=encrypt(wide.encode()), **GATE, memory_limit=MIN_MEMORY_LIMIT
    )
    stage.team.push("Take the sample away", {SAMPLE: None})

    seen = stage.pull_request(model(96))

    assert_one_sentence(seen, "the model's container has", "Raise memory_limit")
    assert stage.charged == 0


def test_without_an_engine_the_run_says_what_it_needs(stage: Stage) -> None:
    found(stage)
    stage.set(variables=stage.runner.variables | {"DOCKER_HOST": "unix:///nowhere.sock"})

    seen = stage.pull_request(model(95))

    assert_one_sentence(seen, "no Docker engine answers", "Linux runners")
    assert stage.charged == 0


@pytest.mark.parametrize(
    "after",
    [
        'if [ "$secret" = 1 ]; then cat "$1" >&2; exit 3; fi',
        'if [ "$secret" = 1 ]; then rm "$2"; ln -s /proc/self/environ "$2"; fi',
        'if [ "$secret" = 1 ]; then head -c 10000000 /dev/zero >"$2"; fi',
        'if [ "$secret" = 1 ]; then echo "::error::$(tail -n 1 "$1")"; kill -9 $$; fi',
    ],
)
def test_whatever_it_does_on_the_secret_rows_is_a_fail_and_nothing_else(
    after: str, stage: Stage
) -> None:
    found(stage)
    plain = stage.pull_request(model(5))

    seen = stage.pull_request(model(95, after=after))

    assert (plain.verdict, seen.verdict) == ("fail", "fail")
    assert shape_of_the_end(seen.log) == shape_of_the_end(plain.log)


def shape_of_the_end(log: str) -> list[str]:
    """Return a log from the secret run on, without what differs between any two: ids and times."""
    lines = log[log.index("Running the model of commit") :].splitlines()
    return [re.sub(r"[0-9a-f]{7,}|[0-9]+(\.[0-9]+)?", "#", line) for line in lines]


def test_a_run_that_is_cancelled_leaves_no_container(stage: Stage, docker: Docker) -> None:
    found(stage)
    opened = stage.open(model(95, after="sleep 600"))

    with stage.job(opened) as job:
        process = job.start()
        running = ("ps", "--quiet", "--filter", f"label={LABEL}")
        wait_until(lambda: bool(docker(*running).stdout), job)
        process.send_signal(signal.SIGTERM)
        seen = stage.finish(job, process, opened.head, opened)

    assert_one_sentence(seen, "cancelled")
    assert left_with(docker) == []
