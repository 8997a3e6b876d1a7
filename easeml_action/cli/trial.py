# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""``easeml try``: the action's smoke run on one's own machine."""

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from easeml_action.cli.app import app
from easeml_action.cli.errors import WrongUse
from easeml_action.cli.files import work_tree_of
from easeml_action.cli.rehearsal import default_branch
from easeml_action.cli.terminal import (
    TerminalProgress,
    harmless,
    show_error,
    show_facts,
    show_json,
    show_note,
    show_paragraph,
)
from easeml_action.errors import GateError
from easeml_action.git import Git, GitFailed, borrow, identity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from easeml_action.gate import Gate
    from easeml_action.testset import TestSet

_ORIGIN = "refs/remotes/origin"
_MODULE_MISSING = re.compile(r"^ModuleNotFoundError: ", re.MULTILINE)
# of the sample, in an error about predictions
_LABELS_SHOWN, _LABELS_WIDTH = 10, 200
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
    the commit itself where that branch has no gate yet or is not known. No key is needed and
    nothing is charged.
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
            answer, foreign = _try(git, chosen, gate, Path(folder))
        except GateError as error:
            if not as_json or isinstance(error, WrongUse):
                raise
            show_error(f"easeml: {error.told}")
            show_json({"holds": False, "problem": error.problem, "remedy": error.remedy})
            return 1
    if as_json:
        show_json({"holds": True, **answer})
        if foreign:
            show_note(foreign)
    else:
        right, rows = answer["right"], answer["rows"]
        facts = {
            "model": "the work tree" if worktree else str(answer["commit"])[:12],
            "gate": f"as in commit {str(answer['gate'])[:12]}",
            "predictions": f"{rows} for {rows} rows",
            "right": f"{right} of {rows} public rows, which is no verdict",
        }
        show_facts("The model keeps the contract", facts)
        if foreign:
            show_paragraph(foreign)
    return 0


def _try(
    git: Git, commit: str, gate: "Gate", scratch: Path
) -> tuple[dict[str, str | int], str | None]:
    """Run the model; return what it did, and what is wrong with all of its predictions."""
    from easeml_action.evaluation import open_runner
    from easeml_action.model import read_model
    from easeml_action.sandbox import LAYERS
    from easeml_action.settings import cache_folder

    sample = _sample(gate)
    progress = TerminalProgress()
    show_note(
        "Your own model on public rows. Parts of the sandbox may be missing on this machine; the "
        "action has them all."
    )
    try:
        with open_runner(
            gate, scratch, cache_folder(os.environ), progress, tolerated=frozenset(LAYERS)
        ) as runner:
            prepared = runner.prepare(git, read_model(git, commit, gate.scope))
            predictions = runner.rehearse(
                prepared, sample.features, sample.features_name, sample.rows
            )
    except GateError:
        progress.show_withheld()
        if gate.config.dockerfile is None and _MODULE_MISSING.search(progress.untrusted):
            show_error(
                "A missing module belongs in the commit's requirements.txt; your own "
                "environment is not used."
            )
        raise
    right = int(sample.correct(predictions.values).sum())
    answer: dict[str, str | int] = {
        "commit": commit,
        "gate": gate.commit,
        "rows": sample.rows,
        "right": right,
    }
    return answer, _foreign(sample, predictions.values)


def _foreign(sample: "TestSet", predictions: "Sequence[str | None]") -> str | None:
    """Say so where no prediction is a label of the sample."""
    from easeml_action.testset import canonical_label

    labels = sorted(set(sample.labels))
    if {canonical_label(each) for each in predictions if each is not None} & set(labels):
        return None
    shown = ", ".join([*labels[:_LABELS_SHOWN], *(["..."] if labels[_LABELS_SHOWN:] else [])])
    shown = harmless(shown[:_LABELS_WIDTH])
    return (
        f"No prediction is spelled like a label of the sample ({shown}). A prediction that is no "
        "label of the test set is wrong, whatever it means."
    )


def _gate(git: Git, trusted: str | None, commit: str, config_path: str) -> "Gate":
    """Read the gate of the trusted commit, else the one that the commit brings."""
    from easeml_action.gate import read_config, read_gate, require_config

    config = None if trusted is None else read_config(git, trusted, config_path)
    if trusted is None or config is None:
        trusted, config = commit, require_config(git, commit, config_path)
    return read_gate(git, trusted, config, config.plan(), config_path)


def _tip_as_last_fetched(checkout: Git) -> str | None:
    """Return the newest commit known here of origin's default branch; None, and why, if none is."""
    known = _commit_at(checkout, f"{_ORIGIN}/HEAD")
    if known is not None or "origin" not in checkout.text("remote").split():
        return known
    # A clone of what was empty, or a remote added later, does not say: origin itself does.
    branch = default_branch(checkout)
    if branch is None:
        show_note(
            "Which branch of origin is the default one is not known here, so the commit's own "
            "gate is used. Run: git remote set-head origin --auto"
        )
        return None
    known = _commit_at(checkout, f"{_ORIGIN}/{branch}")
    if known is None:
        show_note(
            f"Origin's default branch {branch} was never fetched, so the commit's own gate is "
            "used. Run: git fetch origin"
        )
    return known


def _commit_at(checkout: Git, ref: str) -> str | None:
    try:
        return checkout.text("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
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
