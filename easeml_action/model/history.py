"""The newest accepted model on a branch's history."""

from collections.abc import Collection, Iterator
from contextlib import suppress

from easeml_action.errors import GateError
from easeml_action.git import Git, GitFailed
from easeml_action.model.scope import Scope
from easeml_action.model.tree import OBJECTS_AS_THEY_ARE, Trees, resolve

_FETCH_TIMEOUT = 1800.0
_FIRST_BLOCK = 32
_LARGEST_BLOCK = 1024


class HistoryCut(GateError):
    """The checkout is shallow and the rest of the history is not to be had."""

    def __init__(self) -> None:
        super().__init__(
            "The checkout is shallow and origin did not hand over the rest of the history, in "
            "which the last accepted model is looked up.",
            "Use actions/checkout with fetch-depth: 0.",
        )


def accepted_before(
    git: Git, commit: str, accepted: Collection[str], scope: Scope, *, besides: str | None = None
) -> str | None:
    """Find the newest commit of a history whose model was accepted.

    Parameters
    ----------
    commit
        The tip of the history. Only the commits that the branch itself stood at are taken (the
        first parents), the newest first: what a merged branch brings along, and the dates of its
        commits, are its author's choice.
    accepted
        Digests of models that passed.
    scope
        What counts as the model.
    besides
        A digest to pass over: that of the new model itself.

    Returns
    -------
    str or None
        The full id of the commit; None where no commit qualifies.

    Raises
    ------
    HistoryCut
        The history cannot be seen whole. What is found must not depend on the clone's depth.
    """
    wanted = frozenset(accepted) - {besides}
    if not wanted:
        return None
    tip, _ = resolve(git, commit)
    trees = Trees(git, scope)
    known: dict[str, str | None] = {}
    for block in _blocks(_whole_history(git, tip)):
        fresh = list(dict.fromkeys(tree for _, tree in block if tree not in known))
        known.update(zip(fresh, trees.digests(fresh), strict=True))
        for candidate, tree in block:
            if known[tree] in wanted:
                return candidate
    return None


def _history(git: Git, tip: str) -> list[tuple[str, str]]:
    """Return the ids of every commit and of its tree, the newest first."""
    lines = git.run(
        "rev-list", "--first-parent", "--format=%H %T", tip, "--", environment=OBJECTS_AS_THEY_ARE
    )
    pairs = (line.split(" ") for line in lines.decode().splitlines())
    return [(pair[0], pair[1]) for pair in pairs if pair[0] != "commit"]


def _blocks(history: list[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """Few commits first, since the one sought is mostly near; then more at a time."""
    start, size = 0, _FIRST_BLOCK
    while start < len(history):
        yield history[start : start + size]
        start += size
        size = min(size * 2, _LARGEST_BLOCK)


def _whole_history(git: Git, tip: str) -> list[tuple[str, str]]:
    """Return the history after fetching what a shallow clone left out of it."""
    for wanted in ((tip,), ()):
        history = _history(git, tip)
        if not _is_cut(git, history):
            return history
        # By the commit's id, else what origin offers, should it not hand out commits by id.
        with suppress(GitFailed):
            git.fetch(*wanted, unshallow=True, timeout=_FETCH_TIMEOUT)
    history = _history(git, tip)
    if _is_cut(git, history):
        raise HistoryCut
    return history


def _is_cut(git: Git, history: list[tuple[str, str]]) -> bool:
    boundaries = git.directory / git.text("rev-parse", "--git-path", "shallow")
    if not boundaries.is_file():
        return False
    cut = frozenset(boundaries.read_text().split())
    return any(commit in cut for commit, _ in history)
