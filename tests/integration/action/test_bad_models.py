"""What a developer can get wrong: the public smoke run tells, and nothing is charged."""

import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.integration.action.stage import (
    PAIRED,
    SCRIPT,
    Files,
    Stage,
    assert_one_sentence,
    model,
)

_PRINT_A_GIGABYTE = "for _ in range(1024): sys.stdout.buffer.write(b'x' * 2**20)"


def peak_memory(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process and return its largest resident set, in KiB."""
    peak = 0
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)  # a process that has just ended has none
        peak = max(peak, int(found[1])) if found else peak
        time.sleep(0.05)
    return peak


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({SCRIPT: None}, ("The script 'predict.py' is not a file of commit",)),
        (
            {SCRIPT: model(95, before="sys.exit('I am broken')")},
            ("ended with exit code 1 on the public sample", "log of the smoke run"),
        ),
        (
            {SCRIPT: model(95, before="import os; os.kill(os.getpid(), 9)")},
            ("was ended by SIGKILL",),
        ),
        (
            {SCRIPT: model(95, before="import time; time.sleep(99)")},
            ("not done after 3 seconds on the public sample", "Make it faster"),
        ),
        ({SCRIPT: model(95, some="[1:]")}, ("wrote 3 predictions for 4 rows", "one prediction")),
        (
            {SCRIPT: model(95, after="open(sys.argv[2], 'a').write('1\\n')")},
            ("wrote 5 predictions for 4 rows",),
        ),
        (
            {SCRIPT: model(95, after="open(sys.argv[2], 'wb').write(b'\\0\\1\\2')")},
            ("they are binary data",),
        ),
        (
            {SCRIPT: b"#!/bin/sh\nexit 0\n"},
            ("The model wrote no predictions file.", "EASEML_PREDICTIONS"),
        ),
        (
            {SCRIPT: b"#!/no/such/interpreter\n", "requirements.txt": b""},
            ("on the public sample", "mend the script"),
        ),
        (
            {"requirements.txt": b"--no-index\nnothing-of-the-kind==1\n"},
            ("could not be built from requirements.txt", "uv's own words"),
        ),
        ({"pyproject.toml": b"[project\n"}, ("pyproject.toml",)),
    ],
    ids=[
        *("missing", "crashing", "killed", "hanging", "too few", "too many", "binary", "none"),
        *("no interpreter", "requirements", "project"),
    ],
)
def test_a_broken_model_is_an_error_without_charge(
    stage: Stage, files: Files, words: tuple[str, ...]
) -> None:
    stage.found(time_limit=3)

    seen = stage.pull_request(files)

    assert_one_sentence(seen, *words)
    assert "No step was used." in seen.run.summary
    assert stage.charged == 0


def test_a_script_that_nobody_may_start_is_told_with_the_command_that_mends_it(
    stage: Stage,
) -> None:
    stage.found(script="run.sh", files={"run.sh": b"#!/bin/sh\n"})

    seen = stage.pull_request({"run.sh": b"exit 0\n"})  # without #! the bit is not set

    assert_one_sentence(seen, "'run.sh' is not executable", "git update-index --chmod=+x run.sh")
    assert stage.charged == 0


def test_the_words_of_a_broken_model_are_shown_and_command_nothing(stage: Stage) -> None:
    stage.found()
    before = "print('I am broken\\n::error::forged\\n::set-output name=verdict::pass'); sys.exit(2)"

    seen = stage.pull_request({SCRIPT: model(95, before=before)})

    assert_one_sentence(seen, "exit code 2")  # and no other annotation
    lines = seen.log.splitlines()
    [start] = [number for number, line in enumerate(lines) if line.startswith("::stop-commands::")]
    assert lines[start + 1] == "I am broken"
    assert f"::{lines[start].removeprefix('::stop-commands::')}::" in lines[start + 2 :]
    assert seen.run.outputs["verdict"] == "error"


def test_a_model_that_prints_a_gigabyte_is_judged_in_bounded_memory_with_a_bounded_log(
    stage: Stage,
) -> None:
    stage.found()
    pull_request = stage.open({SCRIPT: model(95, before=_PRINT_A_GIGABYTE)})

    with stage.job(pull_request) as job:
        process = job.start()
        peak = peak_memory(process)
        seen = stage.finish(job, process, pull_request.head, pull_request)

    assert seen.verdict == "pass"
    assert len(seen.log) < 200_000
    assert 0 < peak < 500_000


def test_after_errors_every_step_is_still_there(stage: Stage) -> None:
    stage.found()
    stage.pull_request({SCRIPT: model(95, before="sys.exit(1)")})
    stage.pull_request({SCRIPT: None})

    assert stage.pull_request({SCRIPT: model(95)}).run.outputs["step"] == "1"


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({SCRIPT: model(50, before="sys.exit(3)")}, "ended with exit code 3"),
        ({"requirements.txt": b"--no-index\nnothing-of-the-kind==1\n"}, "could not be built"),
    ],
    ids=["crashing", "requirements"],
)
def test_an_old_model_that_does_not_run_any_more_is_not_blamed_on_the_change(
    stage: Stage, broken: Files, words: str
) -> None:
    stage.found(condition=PAIRED, files=broken)
    old = stage.team.tip

    seen = stage.pull_request({SCRIPT: model(95), "requirements.txt": b""})

    said = (f"The old model, of commit {old[:12]}, cannot be run any more", words, "baseline")
    assert_one_sentence(seen, *said)
    assert stage.charged == 0
