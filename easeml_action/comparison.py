"""Which two models meet: the new one of the change, and the old one that it would replace."""

import re
from dataclasses import dataclass

from easeml_action.errors import GateError
from easeml_action.gate import Gate
from easeml_action.git import Git, GitFailed
from easeml_action.github import Change
from easeml_action.ledger import History
from easeml_action.model import (
    DockerfileMissing,
    ModelFiles,
    ModelPathMissing,
    Scope,
    ScriptMissing,
    ScriptNotExecutable,
    accepted_before,
    read_model,
)

_BASELINE_REF = "refs/easeml/baseline"
_SPEAKS_OF_OLD = frozenset({"o", "d"})


class BaselineMissing(GateError):
    """The configuration pins the old model to a ref that origin does not have."""

    def __init__(self, ref: str) -> None:
        super().__init__(
            f"The baseline {ref} is not a branch, tag or commit of origin.",
            "Correct baseline in the configuration, or leave it out.",
        )


class BaselineAmbiguous(GateError):
    """The configuration pins the old model to a name that two refs have."""

    def __init__(self, ref: str) -> None:
        super().__init__(
            f"The baseline {ref} is both a branch and a tag of origin.",
            f"Write refs/heads/{ref} or refs/tags/{ref} in the configuration.",
        )


@dataclass(frozen=True)
class Comparison:
    """The models of one evaluation.

    Parameters
    ----------
    new
        The model of the change.
    old
        The model that it is compared with, or None where the condition speaks of the new one
        alone, or where there is none yet.
    is_unchanged
        The change leaves the model as it is.
    is_first
        The condition needs an old model and the repository has none yet.
    """

    new: ModelFiles
    old: ModelFiles | None
    is_unchanged: bool
    is_first: bool


def compare(git: Git, change: Change, gate: Gate, history: History) -> Comparison:
    """Choose the models.

    The old one is the newest accepted model on the trusted history (found by its files: a squash
    changes the commit and keeps the files); until there is one, the model of the commit that the
    change would replace. ``baseline`` pins it instead.

    Raises
    ------
    ScriptMissing, ScriptNotExecutable, DockerfileMissing, ModelPathMissing
        The new commit has no model that can be run.
    BaselineMissing, BaselineAmbiguous
        The pinned ref does not exist, or is both a branch and a tag.
    CommitMissing, HistoryCut
        A shallow checkout lacks what is needed, and origin does not hand it over.
    """
    config = gate.config
    scope = gate.scope
    new = read_model(git, change.new, scope)
    replaced = _replaced(git, change, gate)
    before = None if replaced is None else _model_if_any(git, replaced, scope)
    is_unchanged = before is not None and before.digest == new.digest and not _on_demand(change)
    if not config.condition.variables & _SPEAKS_OF_OLD:
        return Comparison(new, None, is_unchanged, is_first=False)
    if config.baseline is not None:
        old: ModelFiles | None = read_model(git, _baseline(git, config.baseline), scope)
    else:
        accepted = accepted_before(
            git, gate.commit, history.accepted_models(), scope, besides=new.digest
        )
        old = before if accepted is None else read_model(git, accepted, scope)
    is_unchanged |= old is not None and old.digest == new.digest
    return Comparison(new, old, is_unchanged, is_first=old is None)


def _replaced(git: Git, change: Change, gate: Gate) -> str | None:
    """Return the commit whose place the change would take on the trusted branch.

    Always one of the trusted history: a branch that anybody can push to would let a developer
    choose a weak model to be compared with.
    """
    if change.trusted is None:
        return gate.commit
    if change.base is not None:
        git.ensure_commit(change.base, refs=change.fetch_refs)
        return change.base
    # As the commit itself names it: where a shallow checkout ends, git shows no parent.
    headers = git.run("cat-file", "commit", change.new).partition(b"\n\n")[0]
    found = re.search(rb"^parent ([0-9a-f]+)$", headers, re.MULTILINE)
    if found is None:
        return None
    parent = found[1].decode()
    git.ensure_commit(parent, refs=change.fetch_refs)
    return parent


def _on_demand(change: Change) -> bool:
    """Say whether the model of the trusted branch itself is to be judged, changed or not."""
    return change.trusted is not None and change.base is None


def _model_if_any(git: Git, commit: str, scope: Scope) -> ModelFiles | None:
    try:
        return read_model(git, commit, scope)
    except (ScriptMissing, ScriptNotExecutable, DockerfileMissing, ModelPathMissing):
        return None


def _baseline(git: Git, ref: str) -> str:
    # Git itself would take the tag: whoever may push a tag could put it in a branch's place.
    namesakes = {f"refs/tags/{ref}", f"refs/heads/{ref}"}
    listed = git.ask_origin("ls-remote", "origin", *namesakes).decode().split()
    found = sorted(namesakes.intersection(listed))
    if len(found) > 1:
        raise BaselineAmbiguous(ref)
    for candidate in (*found, ref):
        try:
            git.fetch(f"+{candidate}:{_BASELINE_REF}")
        except GitFailed:
            continue
        return git.text("rev-parse", "--verify", f"{_BASELINE_REF}^{{commit}}")
    raise BaselineMissing(ref)
