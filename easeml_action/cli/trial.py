# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""``easeml try``: the action's smoke run on one's own machine."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from easeml_action.cli.app import app
from easeml_action.cli.errors import WrongUse
from easeml_action.cli.files import work_tree_of
from easeml_action.cli.terminal import (
    TerminalProgress,
    show_error,
    show_facts,
    show_json,
    show_note,
)
from easeml_action.errors import GateError
from easeml_action.git import Git, GitFailed, borrow, identity

if TYPE_CHECKING:
    from easeml_action.gate import Gate
    from easeml_action.testset import TestSet

_TRUSTED = "refs/remotes/origin/HEAD"
_NOBODY = identity("easeml try", "easeml@example.com")


class NoSample(GateError):
    """There are no public rows to try a model on."""

    def __init__(self, path: str | None) -> None:
        super().__init__(
            f"There is no public sample {path} to try a model on.",
            "Ask the key holder for one: `easeml init`, `encrypt` and `rotate` write it.",
        )


@app.command("try", epilog="Example: easeml try --worktree")
def try_model(
    *,
    commit: Annotated[str, typer.Argument(help="The commit whose model is tried.")] = "HEAD",
    worktree: Annotated[
        bool, typer.Option("--worktree", help="Try the files as they are, committed or not.")
    ] = False,
    config: Annotated[str, typer.Option(help="Path of the configuration.")] = ".easeml.yml",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Run a model on the public sample as the action would, and say whether it keeps the contract.

    The configuration and the sample are those of origin's default branch as last fetched, or of
    the commit itself where that branch has no gate yet. No key is needed and nothing is charged.
    """
    root = work_tree_of(Path.cwd())
    if root is None:
        raise WrongUse("The working directory is in no git repository.", "Go to the model's.")
    with tempfile.TemporaryDirectory(prefix="easeml-") as folder:
        # Names mean what they mean in the checkout; what is made stays in a repository of our own.
        checkout = Git(root)
        git = borrow(checkout, Path(folder) / "repository")
        try:
            chosen = (
                _snapshot(checkout, git, Path(folder)) if worktree else _commit(checkout, commit)
            )
            gate = _gate(git, _tip_as_last_fetched(checkout), chosen, config)
            answer = _try(git, chosen, gate, Path(folder))
        except GateError as error:
            if not as_json or isinstance(error, WrongUse):
                raise
            show_error(f"easeml: {error.told}")
            show_json({"holds": False, "problem": error.problem, "remedy": error.remedy})
            return 1
    if as_json:
        show_json({"holds": True, **answer})
    else:
        right, rows = answer["right"], answer["rows"]
        facts = {
            "model": "the work tree" if worktree else str(answer["commit"])[:12],
            "gate": f"as in commit {str(answer['gate'])[:12]}",
            "predictions": f"{rows} for {rows} rows",
            "right": f"{right} of {rows} public rows, which is no verdict",
        }
        show_facts("The model keeps the contract", facts)
    return 0


def _try(git: Git, commit: str, gate: "Gate", scratch: Path) -> dict[str, str | int]:
    from easeml_action.evaluation import open_runner
    from easeml_action.model import read_model
    from easeml_action.sandbox import LAYERS
    from easeml_action.settings import cache_folder

    sample = _sample(gate)
    progress = TerminalProgress()
    show_note("Your own model on public rows: layers that this machine lacks may be missing.")
    with open_runner(
        gate, scratch, cache_folder(os.environ), progress, tolerated=frozenset(LAYERS)
    ) as runner:
        prepared = runner.prepare(git, read_model(git, commit, gate.scope))
        predictions = runner.rehearse(prepared, sample.features, sample.features_name, sample.rows)
    right = int(sample.correct(predictions.values).sum())
    return {"commit": commit, "gate": gate.commit, "rows": sample.rows, "right": right}


def _gate(git: Git, trusted: str | None, commit: str, config_path: str) -> "Gate":
    """Read the gate of the trusted commit, else the one that the commit brings."""
    from easeml_action.gate import read_config, read_gate, require_config

    config = None if trusted is None else read_config(git, trusted, config_path)
    if trusted is None or config is None:
        trusted, config = commit, require_config(git, commit, config_path)
    return read_gate(git, trusted, config, config.plan(), config_path)


def _tip_as_last_fetched(checkout: Git) -> str | None:
    try:
        return checkout.text("rev-parse", "--verify", "--quiet", f"{_TRUSTED}^{{commit}}")
    except GitFailed:
        return None


def _sample(gate: "Gate") -> "TestSet":
    sample = gate.public_rows()
    if sample is None:
        raise NoSample(gate.config.sample_path)
    return sample


def _commit(checkout: Git, name: str) -> str:
    try:
        return checkout.text("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")
    except GitFailed:
        raise WrongUse(
            f"{name!r} is no commit of the repository in this directory.",
            "Name a commit, a branch or a tag, or add --worktree.",
        ) from None


def _snapshot(checkout: Git, git: Git, scratch: Path) -> str:
    """Return a commit of the work tree as it is; neither its index nor its objects change."""
    kept = checkout.text("rev-parse", "--path-format=absolute", "--git-path", "index")
    objects = checkout.text("rev-parse", "--path-format=absolute", "--git-path", "objects")
    index = scratch / "index"
    if Path(kept).exists():
        shutil.copyfile(kept, index)
    environment = _NOBODY | {
        "GIT_INDEX_FILE": str(index),
        "GIT_OBJECT_DIRECTORY": str(git.directory / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": objects,
    }
    checkout.run("add", "--all", environment=environment)
    tree = checkout.run("write-tree", environment=environment).decode().strip()
    made = checkout.run("commit-tree", "-m", "The work tree", tree, environment=environment)
    return made.decode().strip()
