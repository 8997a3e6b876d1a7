import base64
import hashlib
import os
import subprocess
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from easeml_action.git import Git
from easeml_action.model import ModelRunner, PreparedModel, Scope, read_model
from easeml_action.sandbox import Limits

SCRIPT = "evaluate_model.py"


class Repository:
    """A real git repository whose commits are made from given files."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.git = Git(directory)
        self._clock = 1_700_000_000
        directory.mkdir()
        self.run("init", "--quiet", "--initial-branch=main")

    def run(self, *arguments: str, stdin: bytes = b"") -> str:
        identity = ("-c", "user.name=Dev", "-c", "user.email=dev@example.com")
        date = f"{self._clock} +0000"
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.directory,
            env={
                "PATH": os.environ["PATH"],
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_CONFIG_SYSTEM": os.devnull,
                "GIT_AUTHOR_DATE": date,
                "GIT_COMMITTER_DATE": date,
                "GIT_ALLOW_PROTOCOL": "file",
            },
            input=stdin,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()

    def commit(
        self,
        files: Mapping[str, str | bytes],
        *,
        executable: tuple[str, ...] = (),
        links: Mapping[str, str] | None = None,
    ) -> str:
        """Write files into the work tree, commit them, and return the commit's id."""
        self._clock += 60
        for path, content in files.items():
            place = self.directory / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)
            place.chmod(0o755 if path in executable else 0o644)
        for path, target in (links or {}).items():
            (self.directory / path).symlink_to(target)
        self.run("add", "--all", "--force")
        self.run("commit", "--quiet", "--allow-empty", "--message", "change")
        return self.run("rev-parse", "HEAD")

    def tree(self, *entries: tuple[str, str, str]) -> str:
        """Write a tree object from (mode, id, name), however ill-formed, and return its id."""
        content = b"".join(
            f"{mode} {name}\0".encode() + bytes.fromhex(oid) for mode, oid, name in entries
        )
        return self.run(
            *("hash-object", "-t", "tree", "-w", "--stdin", "--literally"), stdin=content
        )

    def blob(self, content: bytes) -> str:
        return self.run("hash-object", "-w", "--stdin", stdin=content)

    def commit_tree(self, tree: str) -> str:
        return self.run("commit-tree", tree, "-m", "made by hand")


@dataclass
class Recorder:
    """Keeps what was shown, in order, as (kind, text)."""

    shown: list[tuple[str, str]] = field(default_factory=list)

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        self.shown.append(("group", title))
        yield

    def say(self, line: str) -> None:
        self.shown.append(("said", line))

    def show_untrusted(self, text: str) -> None:
        self.shown.append(("untrusted", text))

    def all(self, kind: str) -> list[str]:
        return [text for shown, text in self.shown if shown == kind]


@pytest.fixture
def repository(place: Path) -> Repository:
    return Repository(place / "repository")


@pytest.fixture
def progress() -> Recorder:
    return Recorder()


@pytest.fixture
def runner(place: Path, progress: Recorder) -> ModelRunner:
    return ModelRunner(place / "scratch", place / "cache", progress, Limits(seconds=60))


@pytest.fixture
def prepare(repository: Repository, runner: ModelRunner) -> Callable[[str], PreparedModel]:
    """Commit a script, alone, and prepare it."""

    def prepare(script: str) -> PreparedModel:
        commit = repository.commit({SCRIPT: script})
        return runner.prepare(repository.git, read_model(repository.git, commit, Scope(SCRIPT)))

    return prepare


@pytest.fixture
def shop(place: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, str], None]:
    """A package index on disk, the only one that builds can use; call it to add a package."""
    wheels = place / "wheels"
    wheels.mkdir()
    wheels.chmod(0o755)
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    monkeypatch.setenv("UV_OFFLINE", "1")

    def add(name: str, version: str, source: str) -> None:
        info = f"{name}-{version}.dist-info"
        files = {
            f"{name}.py": source,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{path},sha256={_hash(text)},\n" for path, text in files.items())
        files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
        wheel = wheels / f"{name}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)
        wheel.chmod(0o644)

    return add


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
