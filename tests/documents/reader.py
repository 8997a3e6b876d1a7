"""Somebody who reads the documents: a terminal, a home of their own, and what they have typed."""

import os
import random
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pexpect
from pydantic import SecretStr

from easeml_action.testset import KeyPair
from tests.documents.commands import Block, blocks
from tests.leaks import WATCH

TUTORIAL = blocks("docs/tutorial.md")
# What the tutorial has before its gate: the installation, a model and a test set.
MODEL = [*TUTORIAL[:3], Block("git add .\ngit commit --quiet -m 'A model'\ngit push --quiet\n")]
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

    def type(self, typed: Sequence[Block], answers: Mapping[str, str] = ANSWERS) -> str:
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
        while (asked := shell.expect([*answers, pexpect.EOF])) < len(answers):
            shown += shell.before + shell.after
            shell.sendline(list(answers.values())[asked])
        shown += shell.before
        shell.close()
        assert shell.exitstatus == 0, shown
        return shown

    def watch(self, shown: str, where: str) -> None:
        """Insist that the private key is where it was put on purpose, and nowhere else."""
        secret = WATCH.own(self.home / ".easeml" / "model.private.asc").read_text()
        public = (self.model / ".easeml" / "public.asc").read_text()
        WATCH.key(KeyPair(SecretStr(secret), public, ""), "a reader's private key")
        for place in (".gh-secrets", ".gh-environments/easeml"):
            WATCH.own(self.home / place / "EASEML_PRIVATE_KEY")
        WATCH.insist(shown, where)
        WATCH.insist_on_folder(self.home)


def as_typed(block: Block) -> str:
    """Return the lines for a shell that ends where a block does not end as it should."""
    title = f"echo {shlex.quote('$ ' + block.text.splitlines()[0])}\n"
    if not block.exit_code:
        return title + block.text
    return f"{title}ended=0\n(\n{block.text}) || ended=$?\n((ended == {block.exit_code}))\n"


def log_in(home: Path, programs: Path, wheels: Path) -> Reader:
    """Return somebody with Python, git, gpg and gh, to whom this checkout's wheel is published.

    Parameters
    ----------
    home, programs
        Empty folders.
    wheels
        Where the package is installed from.
    """
    (programs / "python3").symlink_to(Path(sys.executable).resolve())
    shutil.copy(Path(__file__).parent / "gh", programs)
    own = str(Path(sys.executable).parent)
    path = [each for each in os.environ["PATH"].split(os.pathsep) if each != own]
    kept = ("PIP_", "SSL_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")  # how packages are reached
    environ = {name: each for name, each in os.environ.items() if name.upper().startswith(kept)}
    return Reader(
        home,
        environ
        | {
            "HOME": str(home),
            "PATH": os.pathsep.join([str(programs), *path]),
            "TERM": "dumb",
            "COLUMNS": "120",
            "PIP_FIND_LINKS": str(wheels),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        },
    )
