"""A copy of the repository in which nothing that is written counts."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from easeml_action.git import Git, GitFailed

_COPY = "refs/easeml/rehearsal"


@contextmanager
def rehearsal_of(git: Git) -> Iterator[Git]:
    """Lend a copy of the checkout whose ``origin`` is a copy, too, gone after the block.

    The gate runs on it as on the real one, ledger and all; no step is charged to anybody.

    Raises
    ------
    GitFailed
        The remote ``origin`` cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="easeml-rehearsal-") as folder:
        origin, checkout = Path(folder) / "origin.git", Path(folder) / "checkout"
        own = Git(Path(folder))
        own.run("init", "--quiet", "--bare", "--template=", str(origin))
        Git(origin).run("config", "uploadpack.allowAnySHA1InWant", "true")
        try:
            _copy_refs(git, origin)
        finally:
            _forget(git)
        own.run("clone", "--quiet", "--no-checkout", str(git.directory), str(checkout))
        copy = Git(checkout)
        copy.run("remote", "set-url", "origin", origin.as_uri())
        yield copy


def _copy_refs(git: Git, origin: Path) -> None:
    git.fetch(f"+refs/heads/*:{_COPY}/heads/*", f"+refs/tags/*:{_COPY}/tags/*")
    git.run("push", "--quiet", origin.as_uri(), f"{_COPY}/*:refs/*")


def _forget(git: Git) -> None:
    for ref in git.text("for-each-ref", "--format=%(refname)", _COPY).split():
        git.run("update-ref", "-d", ref)


def default_branch(git: Git) -> str | None:
    """Return the branch that origin's HEAD stands at, or None where it does not say."""
    try:
        answer = git.ask_origin("ls-remote", "--symref", "origin", "HEAD").decode()
    except GitFailed:
        return None
    first = answer.partition("\n")[0].partition("\t")[0]
    name = first.removeprefix("ref: refs/heads/")
    return name if name != first else None
