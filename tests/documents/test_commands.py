"""Every command in the documents is run as it stands, in order, by somebody who has nothing yet."""

import filecmp
import os
import random
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pexpect
import pytest
from pydantic import SecretStr

from easeml_action.testset import KeyPair
from tests.documents.commands import ROOT, Block, blocks, fenced
from tests.leaks import WATCH

PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "examples/*.md", "tests/*.md")
    for path in ROOT.glob(pattern)
)
TUTORIAL = blocks("docs/tutorial.md")
# What a reader of a page has done before: made a model, and for some pages a gate and a verdict.
MODEL = [*TUTORIAL[:3], Block("git add .\ngit commit --quiet -m 'A model'\ngit push --quiet\n")]
BEFORE = {
    "README.md": MODEL,
    "docs/setup.md": MODEL,
    "docs/reveal.md": TUTORIAL,
    "docs/rotation.md": TUTORIAL,
    "docs/tutorial.md": [],
}
# What a reader answers, by how the question ends: what is suggested in brackets, unless it is here.
ANSWERS = {
    r"assphrase[^\n]*: ": "",
    r"\nCondition: ": "n - o > 0 +/- 0.1",
    r"shall the test set serve\? \[\d+\]: ": "5",
    r"\]: ": "",
}
SECONDS = 600  # a bound for what hangs, and no claim


class Reader:
    """Somebody with a terminal, and with a home folder that has only new rows in it."""

    def __init__(self, home: Path, environ: dict[str, str]) -> None:
        self.home = home
        self.model = home / "model"
        self.environ = environ

    def start_anew(self) -> None:
        """Forget everything but what was installed."""
        for path in self.home.iterdir():
            if path.is_dir() and path.name != "easeml":
                shutil.rmtree(path)
            elif path.is_file():
                path.unlink()
        (self.home / ".gitconfig").write_text("[user]\nname = R\nemail = reader@example.com\n")
        chance = random.Random(2)
        rows = [(chance.random(), chance.random()) for _ in range(2000)]
        lines = [f"{a:.6f},{b:.6f},{'yes' if a + b > 1 else 'no'}" for a, b in rows]
        (self.home / "new.csv").write_text("\n".join(["a,b,label", *lines]) + "\n")

    def type(self, typed: Sequence[Block]) -> str:
        """Type blocks of commands into one shell, and answer what is asked; return what it shows.

        The shell ends at the first command that does not end as the document says.
        """
        script = self.home / "typed.sh"
        script.write_text("set -eo pipefail\n" + "".join(map(as_typed, typed)))
        shell = pexpect.spawn(
            shutil.which("bash") or "bash",
            [str(script)],
            cwd=str(self.home),
            env=self.environ,
            encoding="utf-8",
            timeout=SECONDS,
            echo=False,
        )
        shown = ""
        while (asked := shell.expect([*ANSWERS, pexpect.EOF])) < len(ANSWERS):
            shown += shell.before + shell.after
            shell.sendline(list(ANSWERS.values())[asked])
        shown += shell.before
        shell.close()
        assert shell.exitstatus == 0, shown
        return shown


def as_typed(block: Block) -> str:
    """Return the lines for a shell that ends where a block does not end as it should."""
    title = f"echo {shlex.quote('$ ' + block.text.splitlines()[0])}\n"
    if not block.exit_code:
        return title + block.text
    return f"{title}ended=0\n(\n{block.text}) || ended=$?\n((ended == {block.exit_code}))\n"


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheels")
    build = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "wheel"]
    options = ["--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT)]
    subprocess.run([*build, *options], check=True, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def login(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Reader:
    """Return a reader in whose home is what the first of the pages has installed."""
    programs = tmp_path_factory.mktemp("programs")
    (programs / "python3").symlink_to(Path(sys.executable).resolve())
    shutil.copy(Path(__file__).parent / "gh", programs)
    own = str(Path(sys.executable).parent)
    path = [each for each in os.environ["PATH"].split(os.pathsep) if each != own]
    kept = ("PIP_", "SSL_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")  # how packages are reached
    environ = {name: each for name, each in os.environ.items() if name.upper().startswith(kept)}
    home = tmp_path_factory.mktemp("home")
    environ |= {
        "HOME": str(home),
        "PATH": os.pathsep.join([str(programs), *path]),
        "TERM": "dumb",
        "COLUMNS": "120",
        "PIP_FIND_LINKS": str(wheels),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    return Reader(home, environ)


@pytest.fixture
def reader(login: Reader) -> Reader:
    login.start_anew()
    return login


@pytest.mark.parametrize("page", BEFORE)
def test_the_commands_of_a_page_do_what_it_says(page: str, reader: Reader) -> None:
    shown = reader.type([block for block in [*BEFORE[page], *blocks(page)] if block.is_run])

    secret = WATCH.own(reader.home / ".easeml" / "model.private.asc").read_text()
    public = (reader.model / ".easeml" / "public.asc").read_text()
    WATCH.key(KeyPair(SecretStr(secret), public, ""), "a reader's private key")
    WATCH.own(reader.home / ".gh-secrets" / "EASEML_PRIVATE_KEY")
    WATCH.insist(shown, f"the terminal of a reader of {page}")
    WATCH.insist_on_folder(reader.home)
    if page == "docs/tutorial.md":
        assert shown.count("✅ Pass") == 2  # the second time from the ledger
        assert "1 of 5 (4 left)" in shown


def test_what_a_reader_installs_is_this_checkout(reader: Reader) -> None:
    reader.type(TUTORIAL[:1])

    [installed] = reader.home.glob("easeml/lib/python*/site-packages/easeml_action")
    for path in (ROOT / "easeml_action").rglob("*.py"):
        assert filecmp.cmp(path, installed / path.relative_to(ROOT / "easeml_action"), False), path


@pytest.mark.parametrize("page", PAGES)
def test_commands_are_run_or_the_page_says_why_not(page: str) -> None:
    languages = {block.language for block in fenced(page)}
    assert languages.isdisjoint({"bash", "shell", "console", "shell-session", "zsh"})
    found = blocks(page)
    assert all(len(block.why.split()) > 3 for block in found if block.mark)
    if any(block.is_run for block in found):
        assert page in BEFORE
