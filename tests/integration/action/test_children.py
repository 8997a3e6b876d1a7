"""What the programs that a run starts are handed: never a key, a passphrase or a password."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from easeml_action.testset import encrypt_to
from tests.integration.action.stage import (
    PAIRED,
    SCRIPT,
    TEST_SET,
    Stage,
    key_of,
    model,
    table,
)
from tests.integration.conftest import GitServer
from tests.leaks import WATCH
from tests.smtp import SmtpServer

PASSPHRASE = WATCH.make_up("a passphrase")
PASSWORD = WATCH.make_up("the password of the mail server")
RUNTIME_TOKEN = WATCH.make_up("the runner's own token")

# Python runs this before the gate's own first line; the hook sees each program before it starts.
HOOK = """\
import json, os, sys
NAMES = {"subprocess.Popen": 3, "os.posix_spawn": 2, "os.exec": 2, "os.spawn": 3, "os.system": None}

def record(event, given):
    if event in NAMES:
        place = NAMES[event]
        environ = None if place is None else given[place]
        said = {
            "event": event,
            "argv": [os.fsdecode(each) for each in given[1]] if place else [os.fsdecode(given[0])],
            "inherits": environ is None,
            "environ": {
                os.fsdecode(name): os.fsdecode(value)
                for name, value in (os.environ if environ is None else environ).items()
            },
        }
        with open(RECORD, "a") as file:
            file.write(json.dumps(said) + "\\n")

sys.addaudithook(record)
"""

# The model says what it was handed, and what it can see of everybody's command line.
TELLS = """\
import os, pathlib
if not secret:
    print(dict(os.environ))
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            print((process / "cmdline").read_bytes(), (process / "environ").read_bytes())
        except OSError:
            pass
"""


@dataclass(frozen=True)
class Recorded:
    """A stage whose runs write down every program that the gate starts."""

    stage: Stage
    record: Path

    @property
    def children(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.record.read_text().splitlines()]


@pytest.fixture
def recorded(hosted: Stage, tmp_path: Path) -> Recorded:
    record, hook = WATCH.own(tmp_path / "children.jsonl"), tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(f"RECORD = {str(record)!r}\n{HOOK}")
    hosted.set(
        variables={
            **hosted.runner.variables,
            "PYTHONPATH": str(hook),
            "ACTIONS_RUNTIME_TOKEN": RUNTIME_TOKEN,
        }
    )
    return Recorded(hosted, record)


@pytest.fixture
def mail() -> Iterator[SmtpServer]:
    with SmtpServer(user="ci", password=PASSWORD) as running:
        yield running


def test_no_program_that_a_run_starts_is_handed_a_secret(
    recorded: Recorded, git_server: GitServer, mail: SmtpServer
) -> None:
    """All at once: Git LFS, a key with a passphrase, a ledger to push, mail and the issue."""
    stage, holder = recorded.stage, key_of("careful", PASSPHRASE)
    ciphertext = encrypt_to(holder.public_key, table())
    sha256 = hashlib.sha256(ciphertext).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\n"
    stage.found(
        condition=PAIRED,
        max_disagreement=0.6,
        adaptivity="none -> key.holder@example.com",
        steps=1,
        files={TEST_SET: f"{pointer}size {len(ciphertext)}\n".encode()},
    )
    stage.set_inputs(
        private_key=holder.private_key.get_secret_value(),
        passphrase=PASSPHRASE,
        smtp_url=f"smtp://ci:{PASSWORD}@127.0.0.1:{mail.port}",
    )
    opened = stage.open({SCRIPT: model(95, before=TELLS), "requirements.txt": b""})
    with stage.job(opened) as job:
        large = job.workspace / ".git/lfs/objects" / sha256[:2] / sha256[2:4] / sha256
        large.parent.mkdir(parents=True)
        large.write_bytes(ciphertext)
        seen = stage.finish(job, job.start(), opened.head, opened)

    assert seen.verdict == "recorded", seen.log
    assert (len(mail.messages), len(stage.server.issues), stage.charged) == (1, 1, 1)
    assert "EASEML_FEATURES" in seen.log  # the model has spoken
    programs = {Path(child["argv"][0]).name for child in recorded.children}
    assert {"git", "gpg", "gpg-agent"} <= programs
    verbs = {child["argv"][1] for child in recorded.children if child["argv"][0] == "git"}
    assert {"fetch", "push"} <= verbs
    for child in recorded.children:
        WATCH.insist(json.dumps(child["argv"]), f"the arguments of {child['argv'][0]}")
        environ = dict(child["environ"])
        if child["argv"][0] == "git":
            tokens = {name for name, value in environ.items() if "Authorization: " in value}
            assert not tokens or child["argv"][1] in {"fetch", "push", "ls-remote"}
            for name in tokens:  # the one place where the token may be, as a header for git
                assert name.startswith("GIT_CONFIG_VALUE_")
                assert git_server.token not in environ.pop(name)
        assert not child["inherits"], child["argv"]
        WATCH.insist(json.dumps(environ), f"the environment of {child['argv'][0]}")


def test_what_a_child_would_inherit_holds_no_secret_either(recorded: Recorded) -> None:
    stage = recorded.stage
    hook = Path(stage.runner.variables["PYTHONPATH"]) / "sitecustomize.py"
    ending = "\nimport atexit, subprocess\natexit.register(subprocess.run, ['/bin/true'])\n"
    hook.write_text(hook.read_text() + ending)
    stage.found()

    stage.pull_request({SCRIPT: model(95)})

    inherited = [child for child in recorded.children if child["inherits"]]
    assert [child["argv"] for child in inherited] == [["/bin/true"]] * len(inherited)
    assert inherited
    for child in inherited:
        assert "GITHUB_REPOSITORY" in child["environ"]
        WATCH.insist(json.dumps(child["environ"]), "what a child of the gate would inherit")
