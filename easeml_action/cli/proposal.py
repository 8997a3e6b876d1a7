# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""A change of a few files as a pull request, without touching the work tree.

The commit is made in a repository of our own that borrows from the clone: its branches, its index
and its files stay as they are, whatever happens on the way.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from easeml_action.cli.errors import WrongUse
from easeml_action.cli.hosting import repository_at, require_github
from easeml_action.cli.rehearsal import default_branch
from easeml_action.errors import GateError
from easeml_action.git import Git, GitFailed, borrow

if TYPE_CHECKING:
    from easeml_action.github import GitHub

_BASE = "refs/easeml/base"


class CloneBehind(GateError):
    """What the change was checked against is not what the default branch has."""

    def __init__(self, name: str, branch: str) -> None:
        super().__init__(
            f"{name} is not as {branch} of origin has it, and the change was checked against it.",
            f"Run this on {branch} after git pull, or commit the change yourself.",
        )


class BranchTaken(GateError):
    """A branch of this name is on origin already."""

    def __init__(self, branch: str) -> None:
        super().__init__(
            f"Origin did not take the branch {branch}.",
            "If it is there already, so is its pull request; else look at the rules of the "
            "repository for who may push.",
        )


class NotProposed(GateError):
    """The branch was pushed, and GitHub opened no pull request for it."""

    def __init__(self, branch: str, fault: GateError) -> None:
        super().__init__(
            f"The branch {branch} is pushed, and there is no pull request for it: {fault.problem}",
            "Open it on GitHub's page, which offers it, or with: gh pr create --head " + branch,
        )


@dataclass(frozen=True)
class Proposer:
    """Who may push to the repository and open pull requests in it."""

    checkout: Git
    github: "GitHub"
    base: str

    @classmethod
    def of(cls, root: Path) -> Self:
        """Return what the token of the environment allows.

        Raises
        ------
        WrongUse
            There is no token, or origin is not on GitHub.
        """
        checkout = repository_at(root)
        github, base = require_github(checkout, "A pull request"), default_branch(checkout)
        if base is None:
            raise WrongUse(
                "Origin does not say which branch is the default one.",
                "Check git remote -v, and that origin can be reached.",
            )
        return cls(checkout, github, base)

    def propose(
        self,
        files: Mapping[str, bytes | None],
        *,
        branch: str,
        title: str,
        body: str,
        checked: Mapping[str, bytes | None],
    ) -> str:
        """Commit files on a new branch that starts at the default one; return the page.

        Parameters
        ----------
        files
            Contents by their paths; None takes a file away.
        branch
            Its name.
        title, body
            Of the commit and of the pull request.
        checked
            What the default branch must hold for the change to be right, by path.

        Raises
        ------
        CloneBehind
            The default branch holds something else.
        BranchTaken, NotProposed, GitFailed
        """
        from easeml_action.github import open_pull_request

        with tempfile.TemporaryDirectory(prefix="easeml-") as folder:
            git = borrow(self.checkout, Path(folder) / "repository")
            git.fetch(f"+refs/heads/{self.base}:{_BASE}")
            for name, content in checked.items():
                if git.read(_BASE, name) != content:
                    raise CloneBehind(name, self.base)
            commit = _commit(git, files, f"{title}\n\n{body}")
            target = f"refs/heads/{branch}"
            absent = (
                f"--force-with-lease={target}:"  # the push is refused where the branch is there
            )
            try:
                git.run("push", "--quiet", absent, "origin", f"{commit}:{target}")
            except GitFailed:
                raise BranchTaken(branch) from None
        try:
            return open_pull_request(
                self.github, head=branch, base=self.base, title=title, body=body
            )
        except GateError as error:
            raise NotProposed(branch, error) from None


def _commit(git: Git, files: Mapping[str, bytes | None], message: str) -> str:
    git.run("read-tree", _BASE)
    entries = "".join(f"{_entry(git, content)}\t{name}\0" for name, content in files.items())
    git.run("update-index", "-z", "--index-info", stdin=entries.encode())
    tree = git.text("write-tree")
    return git.text("commit-tree", "-p", _BASE, "-m", message, tree)


def _entry(git: Git, content: bytes | None) -> str:
    """Return an entry of the index: a mode and an object, mode 0 for a file taken away."""
    blob = git.run("hash-object", "-w", "--no-filters", "--stdin", stdin=content or b"")
    return f"{'0' if content is None else '100644'} {blob.decode().strip()}"
