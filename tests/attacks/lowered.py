"""The action with some of its defences taken down: ``lowered.py NAME...``, then as the entrypoint.

Shows that an attack would succeed if nobody had thought of it. Every name stands for one defence.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from easeml_action import action
from easeml_action.git import Git
from easeml_action.github import markdown, workflow
from easeml_action.model import checkout, predictions, process
from easeml_action.sandbox import confined, launcher

WORD = "endgroup"


def without_layer(name: str) -> Callable[[], None]:
    """Return what takes a layer of the sandbox away."""

    def lower() -> None:
        confined.LAYERS = tuple(layer for layer in confined.LAYERS if layer != name)

    return lower


def in_launcher(old: str, new: str) -> Callable[[], None]:
    """Return what has the launcher do something else."""

    def lower() -> None:
        source = Path(launcher.__file__).read_text()
        assert old in source
        copy = Path(tempfile.mkdtemp(dir=os.environ["ATTACK_FOLDER"]), "launcher.py")
        copy.write_text(source.replace(old, new))
        launcher.__file__ = str(copy)

    return lower


def environment() -> None:
    """Give the model the environment that we were started with."""
    run_confined, ours = process.run_confined, dict(os.environ)

    def run(command: list[str], *, environment: Mapping[str, str], **options: Any) -> Any:
        return run_confined(command, environment=ours | dict(environment), **options)

    process.run_confined = run


def descriptors() -> None:
    """Give the model every descriptor that we inherited."""

    class Popen(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, pass_fds: Any = (), **options: Any) -> None:
            for number in pass_fds:
                os.set_inheritable(number, True)
            super().__init__(*arguments, **options, close_fds=False)

    confined.subprocess = type("subprocess", (), vars(subprocess) | {"Popen": Popen})


def log_bounds() -> None:
    """Keep everything that a model prints."""
    confined._HEAD_BYTES = workflow.MAX_UNTRUSTED_CHARACTERS = 2**30


def escaping() -> None:
    """Show what a model prints as it is."""
    workflow.Workflow.show_untrusted = lambda self, text: self._write(text)


def word() -> None:
    """Stop workflow commands with a word that can be guessed."""
    workflow.Workflow.show_untrusted = lambda self, text: self._write(
        f"::stop-commands::{WORD}\n{text}\n::{WORD}::"
    )


def sweep() -> None:
    """Leave shared memory as the model left it."""
    confined.sweep_shared_memory = lambda account: None


def reader() -> None:
    """Read predictions as one reads a file."""
    predictions._read = lambda folder, name, rows, owner: Path(folder, name).read_bytes()


def decoder() -> None:
    """Take predictions for text."""

    def parse(content: bytes, rows: int) -> predictions.Predictions:
        return predictions._parse_plain(content.decode().splitlines(), rows)

    predictions._parse = parse


def names() -> None:
    """Put the names of files into Markdown and errors as they are."""
    markdown._MARKDOWN.finalize = str
    checkout.LinkLeavesCheckout.__init__ = lambda self, path: checkout.GateError.__init__(
        self, f"The symbolic link {path} points out of the repository.", ""
    )


def blobs() -> None:
    """Check models out with git's own attributes and filters."""

    def write_to(self: checkout.ModelFiles, git: Git, directory: Path) -> None:
        directory.mkdir()
        files = git.run("archive", "--format=tar", self.commit)
        subprocess.run(["tar", "-x"], input=files, cwd=directory, check=True)

    checkout.ModelFiles.write_to = write_to


def submodules() -> None:
    """Check submodules out."""
    write_to = checkout.ModelFiles.write_to

    def write_all(self: checkout.ModelFiles, git: Git, directory: Path) -> None:
        write_to(self, git, directory)
        for path in self.submodules:
            key = f"submodule.{path}.url"
            found = git.text("config", "--file", str(directory / ".gitmodules"), key)
            git.run("clone", "--quiet", found, str(directory / path))
        subprocess.run(["chmod", "-R", "a+rX", directory], check=True)

    checkout.ModelFiles.write_to = write_all


DEFENCES: dict[str, Callable[[], None]] = {
    "user": without_layer("user"),
    "limits": without_layer("limits"),
    "no-new-privileges": without_layer("no-new-privileges"),
    "landlock": without_layer("landlock"),
    "seccomp": without_layer("seccomp"),
    "watch": in_launcher("if overrun := watch.overrun():", "if overrun := None:"),
    "reaper": in_launcher('status = _end_all(child, plan["account"], status)', "pass"),
    "environment": environment,
    "descriptors": descriptors,
    "log bounds": log_bounds,
    "escaping": escaping,
    "word": word,
    "sweep": sweep,
    "reader": reader,
    "decoder": decoder,
    "names": names,
    "blobs": blobs,
    "submodules": submodules,
}


if __name__ == "__main__":
    for name in sys.argv[1:]:
        DEFENCES[name]()
    sys.exit(action.main())
