"""A bare repository as origin, checkouts of it, and ledgers on them."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from easeml_action.git import Git
from easeml_action.ledger import Branch, Ledger
from easeml_action.patience import Patience

KEY = bytes(range(32))
# Long enough for a slow machine, short enough for a remote that never answers.
BRIEF = {"tries": 5, "seconds": 60.0, "first_pause": 0.01, "longest_pause": 0.05}


def _git(directory: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Someone", "-c", "user.email=someone@example.com"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=directory, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def run_git() -> Callable[..., str]:
    """Run git in a directory as a person would."""
    return _git


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """An empty bare repository."""
    _git(tmp_path, "init", "--quiet", "--bare", "-b", "main", "origin.git")
    return tmp_path / "origin.git"


@pytest.fixture
def clone(tmp_path: Path, origin: Path) -> Callable[[str], Path]:
    """Make a checkout with a commit of its own, which has ``origin`` as its remote."""

    def make(name: str, url: str = str(origin)) -> Path:
        directory = tmp_path / name
        _git(tmp_path, "init", "--quiet", "-b", "main", name)
        _git(directory, "remote", "add", "origin", url)
        (directory / "model.py").write_text("print('model')\n")
        _git(directory, "add", "model.py")
        _git(directory, "commit", "--quiet", "-m", "Add a model")
        return directory

    return make


@pytest.fixture
def checkout(clone: Callable[[str], Path]) -> Path:
    return clone("checkout")


@pytest.fixture
def new_ledger(checkout: Path) -> Callable[..., Ledger]:
    """Make a ledger as a new run has it: it has read nothing yet."""

    def make(directory: Path = checkout, key: bytes | None = KEY, **options: Any) -> Ledger:
        return Ledger(Branch(Git(directory)), key, **{"patience": Patience(**BRIEF), **options})

    return make


@pytest.fixture
def rewrite(origin: Path, tmp_path: Path) -> Callable[[Callable[[Path], None]], None]:
    """Change the ledger's branch by hand, as somebody with the right to push can."""

    def change(edit: Callable[[Path], None]) -> None:
        work = tmp_path / "by-hand"
        _git(tmp_path, "clone", "--quiet", "-b", "easeml-ledger", str(origin), str(work))
        edit(work)
        _git(work, "add", "-A")
        _git(work, "commit", "--quiet", "-m", "By hand")
        _git(work, "push", "--quiet", "origin", "easeml-ledger")

    return change
