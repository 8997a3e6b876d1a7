"""A team, its gate and GitHub around it: everything that a run of the action meets, made quickly.

Every label holds :data:`MARKER`, so that a leak of one can be searched for (see ``tests.leaks``).
"""

import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr

from easeml_action.demo.github import DEFAULT_REPOSITORY, DEFAULT_TOKEN, GitHubServer
from easeml_action.demo.repository import PullRequest, TeamRepository
from easeml_action.demo.runner import Job, Run, Runner
from easeml_action.git import Git, GitFailed
from easeml_action.ledger.branch import LEDGER_FILE
from easeml_action.sandbox import remove
from easeml_action.testset import KeyPair, encrypt_to, generate_key, open_vault
from tests.leaks import WATCH, without_masks

MARKER = "zebra"
WATCH.label(MARKER)
ROWS = 240
SAMPLE_ROWS = 4
FIRST_SAMPLE_ROW = 1_000_000

TEST_SET = "data/test.csv.gpg"
SAMPLE = "data/test.sample.csv"
SCRIPT = "predict.py"

# Few rows decide these, so that a test takes a second or two.
ALONE = "n > 0.6 +/- 0.1"
PAIRED = "n - o > 0 +/- 0.15 /\\ d < 0.5 +/- 0.2"
# For a model: time in which a test can do something to its run.
SLOW_ON_SECRET_ROWS = "if secret: __import__('time').sleep(3)"

Files = Mapping[str, bytes | None]

# Keys are watched where they are made.
_SECRET_INPUTS = {"passphrase", "token", "ledger-token", "smtp-url"}
_IDENTITY = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "A developer"), ("EMAIL", "developer@example.com"))
}
_MODEL = """\
#!/usr/bin/env python3
import csv, sys
with open(sys.argv[1], newline="") as features:
    numbers = [int(row["number"]) for row in csv.DictReader(features)]
secret = numbers[0] < {first_sample_row}
{before}
with open(sys.argv[2], "w") as predictions:
    for number in numbers{some}:
        right = number * 37 % 100 < {right}
        print("{marker}-" + ("odd" if right == (number % 2 == 1) else "even"), file=predictions)
{after}
"""


def config(**changes: object) -> bytes:
    """Return a configuration; a change to None takes a key out."""
    settings = {
        "script": f"./{SCRIPT}",
        "condition": ALONE,
        "reliability": 0.9,
        "mode": "fp-free",
        "adaptivity": "full",
        "steps": 3,
        "test_set": TEST_SET,
        "label": "label",
        **changes,
    }
    given = {key: value for key, value in settings.items() if value is not None}
    return yaml.safe_dump({"ml": given}, sort_keys=False).encode()


def model(right: int, *, before: str = "", after: str = "", some: str = "") -> bytes:
    """Return a model that is right on ``right`` of a hundred rows.

    ``before`` and ``after`` are lines that it runs before and after it predicts; they may ask
    whether the rows are ``secret``. ``some`` is a slice of the rows that it predicts.
    """
    return _MODEL.format(
        first_sample_row=FIRST_SAMPLE_ROW,
        before=before,
        after=after,
        right=right,
        some=some,
        marker=MARKER,
    ).encode()


def table(rows: int = ROWS, first: int = 0) -> bytes:
    """Return rows whose label is the parity of their number."""
    lines = [
        f"{number},{number % 7},{MARKER}-{'odd' if number % 2 else 'even'}"
        for number in range(first, first + rows)
    ]
    return "\n".join(["number,noise,label", *lines, ""]).encode()


@cache
def key_of(name: str, passphrase: str | None = None) -> KeyPair:
    """Return a person's key pair, made at the first call."""
    secret = None if passphrase is None else SecretStr(passphrase)
    pair = generate_key(name, f"{name}@example.com", secret)
    WATCH.key(pair, f"the private key of {name}")
    return pair


@cache
def ledger_key() -> bytes:
    """Return what seals the ledger of every stage."""
    with open_vault(key_of("holder").private_key, None) as vault:
        return vault.derive("ledger")


@cache
def encrypted(rows: int = ROWS, first: int = 0, to: str = "holder") -> bytes:
    """Return a test set, encrypted to a person."""
    return encrypt(table(rows, first), to)


def encrypt(data: bytes, to: str = "holder") -> bytes:
    """Encrypt anything to a person."""
    return encrypt_to(key_of(to).public_key, data)


def gate_files(ciphertext: bytes | None = None, **changes: object) -> dict[str, bytes | None]:
    """Return what a key holder commits."""
    return {
        ".easeml.yml": config(**changes),
        TEST_SET: encrypted() if ciphertext is None else ciphertext,
        SAMPLE: table(SAMPLE_ROWS, FIRST_SAMPLE_ROW),
    }


@dataclass(frozen=True)
class Seen:
    """What GitHub shows after one run.

    Parameters
    ----------
    commit
        The commit under test.
    run
        What the action left behind.
    statuses
        The commit's statuses, the oldest first: state and description.
    pull_request
        The pull request, where the run was about one.
    """

    commit: str
    run: Run
    statuses: tuple[tuple[str, str], ...]
    pull_request: PullRequest | None = None

    @property
    def verdict(self) -> str:
        """The output of that name."""
        return self.run.outputs["verdict"]

    @property
    def status(self) -> tuple[str, str]:
        """The status that counts."""
        return self.statuses[-1]

    @property
    def log(self) -> str:
        """The log as a reader gets it: the runner takes the masks out."""
        return without_masks(self.run.log)

    @property
    def public(self) -> str:
        """Everything that the run has shown."""
        return f"{self.log}\n{self.run.outputs}\n{self.run.summary}\n{self.statuses}"


@dataclass
class Stage:
    """A repository with a gate, pull requests to it, and the runs that judge them.

    Whatever a run does, it leaves the workspace and the temporary folder as they were, and shows
    no label, no key and no traceback: every run here is held to that.
    """

    team: TeamRepository
    server: GitHubServer
    runner: Runner

    @classmethod
    def build(cls, folder: Path, server: GitHubServer, cache: Path) -> "Stage":
        """Make an empty repository and a runner for it."""
        team = TeamRepository(folder / "team", DEFAULT_REPOSITORY)
        inputs = {"token": SecretStr(DEFAULT_TOKEN), "private-key": key_of("holder").private_key}
        runner = Runner(DEFAULT_REPOSITORY, team.origin.as_uri(), server.url, inputs, cache)
        return cls(team, server, runner).beside()

    def beside(self) -> "Stage":
        """Return the same stage with another runner, for a run at the same time."""
        temporary = Path(tempfile.mkdtemp(dir=self.runner.cache))
        temporary.chmod(0o711)
        variables = {**self.runner.variables, "TMPDIR": str(temporary)}
        return Stage(self.team, self.server, replace(self.runner, variables=variables))

    def twin(self, folder: Path, server: GitHubServer) -> "Stage":
        """Return a stage that goes on from here with an origin and a GitHub of its own."""
        server.go_on_from(self.server)
        team = copy(self.team)
        team.origin = folder / "origin.git"
        shutil.copytree(self.team.origin, team.origin)
        runner = replace(self.runner, origin=team.origin.as_uri(), api_url=server.url)
        return Stage(team, server, runner).beside()

    @property
    def git(self) -> Git:
        """The developer's own clone."""
        return Git(self.team.work)

    def set(self, **changes: Any) -> None:
        """Change the runner."""
        self.runner = replace(self.runner, **changes)

    def set_inputs(self, **inputs: str | None) -> None:
        """Change the step's inputs (with underscores); None takes one out."""
        given: dict[str, SecretStr] = dict(self.runner.inputs)
        for name, value in inputs.items():
            key = name.replace("_", "-")
            if value is None:
                given.pop(key, None)
            else:
                given[key] = SecretStr(value)
            if value is not None and key in _SECRET_INPUTS:
                WATCH.secret(value, f"the input {key}")
        self.set(inputs=given)

    def found(self, right: int = 50, *, files: Files | None = None, **changes: object) -> None:
        """Push a first model, and then the gate, to the default branch."""
        self.team.push("A first model", {SCRIPT: model(right), "README.md": b"A model.\n"})
        self.team.push("Add the gate", {**gate_files(**changes), **(files or {})})

    def open(self, files: Files) -> PullRequest:
        """Open a pull request, whose merge commit GitHub makes at once."""
        opened = self.team.open_pull_request("Change the model", files)
        self._merge(opened)
        return opened

    def pull_request(self, files: Files) -> Seen:
        """Open a pull request and judge it."""
        return self.judge(self.open(files))

    def judge(self, pull_request: PullRequest, event: str = "pull_request") -> Seen:
        """Run the action for a pull request, on a checkout of its merge commit."""
        with self.job(pull_request, event) as job:
            return self.finish(job, job.start(), pull_request.head, pull_request)

    @contextmanager
    def job(self, pull_request: PullRequest, event: str = "pull_request") -> Iterator[Job]:
        """Lend a job for a pull request that is ready to be started."""
        payload = self.team.pull_request_event(pull_request)
        ref = f"refs/pull/{pull_request.number}/merge"
        with self.runner.job(event, payload, ref) as job:
            yield job

    def push(self, files: Files) -> Seen:
        """Push to the default branch and run the action."""
        return self.act("push", self.team.push("Change main", files))

    def merge(self, pull_request: PullRequest | None) -> Seen:
        """Merge a pull request as one commit and run the action for the push."""
        assert pull_request is not None
        return self.act("push", self.team.squash(pull_request))

    def act(self, event: str, payload: Mapping[str, Any], ref: str = "refs/heads/main") -> Seen:
        """Run the action for any event, on a checkout of ``ref``."""
        commit = Git(self.team.origin).text("rev-parse", f"{ref}^{{commit}}")
        with self.runner.job(event, payload, ref) as job:
            return self.finish(job, job.start(), commit)

    def finish(
        self,
        job: Job,
        process: subprocess.Popen[bytes],
        commit: str,
        pull_request: PullRequest | None = None,
    ) -> Seen:
        """Wait for a run's end and gather what GitHub shows of the commit after it."""
        before = _snapshot(job.workspace)
        run = job.finish(process)
        listed = reversed(self.server.statuses(commit))
        statuses = tuple((each["state"], _unmarked(each["description"])) for each in listed)
        seen = Seen(commit, run, statuses, pull_request)
        assert _snapshot(job.workspace) == before
        temporary = Path(job.environment["TMPDIR"])
        if run.exit_code < 0:
            throw_away(temporary)
        assert list(temporary.iterdir()) == []
        assert "Traceback" not in run.log
        self._insist_on_secrecy(job, seen)
        return seen

    def _insist_on_secrecy(self, job: Job, seen: Seen) -> None:
        """Search what this run has shown, and what is left on its runner."""
        WATCH.insist(seen.public, "what GitHub shows", public=True)
        WATCH.insist(str(self.server.requests), "a request to the API", public=True)
        WATCH.insist(self.ledger_bytes, "the ledger", public=True)
        WATCH.own(job.home / "log")  # it has the masks, and is searched above without them
        WATCH.insist_on_folder(job.home)
        WATCH.insist_on_folder(self.runner.cache)

    def commit(self, branch: str, files: Files, *, start: str = "main") -> str:
        """Commit files to a branch of their own and push it; return the commit."""
        self.git.run("checkout", "-q", "-B", branch, start)
        for path, content in files.items():
            target = self.team.work / path
            if content is None:
                target.unlink()
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(0o755 if content.startswith(b"#!") else 0o644)
        self.git.run("add", "--all")
        self.git.run("commit", "-q", "--allow-empty", "-m", "Change", environment=_IDENTITY)
        self.git.run("push", "-q", "-f", "origin", branch)
        commit = self.git.text("rev-parse", "HEAD")
        self.git.run("checkout", "-q", "main")
        return commit

    @property
    def ledger(self) -> list[dict[str, Any]]:
        """The ledger's lines; none where there is no ledger."""
        return [json.loads(line) for line in self.ledger_bytes.splitlines()]

    @property
    def ledger_bytes(self) -> bytes:
        """The ledger's file."""
        try:
            return self.ledger_file(LEDGER_FILE)
        except GitFailed:
            return b""

    def ledger_file(self, path: str) -> bytes:
        """A file on the ledger's branch."""
        return Git(self.team.origin).run("show", f"refs/heads/easeml-ledger:{path}")

    def records(self, kind: str) -> list[dict[str, Any]]:
        """Return the ledger's records of one kind."""
        return [each["record"] for each in self.ledger if each["kind"] == kind]

    @property
    def charged(self) -> int:
        """How many steps are taken."""
        return len(self.records("reserve"))

    def rewrite_ledger(self, edit: Callable[[bytes], bytes]) -> None:
        """Change the ledger by hand, as somebody with the right to push can."""

        def rewrite(folder: Path) -> None:
            path = folder / LEDGER_FILE
            path.write_bytes(edit(path.read_bytes()))

        self.change_ledger(rewrite)

    def change_ledger(self, edit: Callable[[Path], None]) -> None:
        """Change the files of the ledger's branch by hand."""
        git = self.git
        git.run("fetch", "-q", "origin", "+refs/heads/easeml-ledger:refs/heads/by-hand")
        git.run("checkout", "-q", "by-hand")
        edit(self.team.work)
        git.run("commit", "-q", "-a", "-m", "By hand", environment=_IDENTITY)
        git.run("push", "-q", "origin", "by-hand:easeml-ledger")
        git.run("checkout", "-q", "main")

    def _merge(self, pull_request: PullRequest) -> None:
        tree = self.git.text("rev-parse", f"{pull_request.head}^{{tree}}")
        parents = ("-p", "main", "-p", pull_request.head)
        made = self.git.run(*("commit-tree", tree, *parents, "-m", "Merge"), environment=_IDENTITY)
        ref = f"refs/pull/{pull_request.number}/merge"
        self.git.run("push", "-q", "origin", f"{made.decode().strip()}:{ref}")


def _unmarked(description: str) -> str:
    """Take the mark of the ledger off a status's text: it is another one in every test."""
    return re.sub(r" \[[^@\]]+@\d+:[0-9a-f]{8}\.[0-9a-f]{8}\]$", "", description)


@contextmanager
def environment_cache() -> Iterator[Path]:
    """Lend a folder where built environments are kept, so that the bare one is built once.

    Every user must be able to enter it, and pytest's own folders are closed to all but us.
    """
    folder = Path(tempfile.mkdtemp(prefix="easeml-action-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    WATCH.insist_on_folder(folder)
    remove(folder)


def throw_away(temporary: Path) -> None:
    """Do what the end of a container does, after a run that was killed in it.

    The home of gpg lies in memory; ours is known by the key, which no other process of tests has.
    """
    subprocess.run(["rm", "-rf", "--", *temporary.iterdir()], check=True)
    ours = bytes.fromhex(key_of("holder").fingerprint)
    for ring in Path("/dev/shm").glob("easeml-*/pubring.kbx"):
        with suppress(OSError):
            if ours in ring.read_bytes():
                home = str(ring.parent)
                subprocess.run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"], check=True)
                subprocess.run(["rm", "-rf", "--", home], check=True)


def _snapshot(workspace: Path) -> dict[str, bytes]:
    """Return every file of a checkout, and what git keeps of its state."""
    files = [path for path in workspace.rglob("*") if path.is_file()]
    state = {".git/HEAD", ".git/index", ".git/config"}
    names = {str(path.relative_to(workspace)): path for path in files}
    return {
        name: path.read_bytes()
        for name, path in names.items()
        if not name.startswith(".git/") or name in state
    }


def wait_until(done: Callable[[], bool], job: Job) -> None:
    """Wait for something that a run does; the run's own log says why it did not."""
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end, job.log
        time.sleep(0.05)


def assert_one_sentence(seen: Seen, *words: str) -> None:
    """Insist on one clear error: no traceback, all words in the log, the problem in the status."""
    assert seen.run.exit_code == 1, seen.log
    assert "Traceback" not in seen.run.log
    assert "a fault of its own" not in seen.log
    [error] = [line for line in seen.log.splitlines() if line.startswith("::error")]
    for word in words:
        assert word in error, error
    assert len(re.findall(r"\.(?: |$|%0A)", error)) >= 2, error  # what is wrong, and what to do
    assert re.search(r"%0AMore: https://\S+/docs/errors\.md#[a-z-]+$", error), error
    assert seen.verdict == "error"
    assert seen.status[0] == "error"
