"""The commit status ``easeml/ci``: what a developer sees beside the commit."""

from typing import Literal

from github import Github
from github.Commit import Commit
from github.Repository import Repository

from easeml_action.github.api import GitHub

CONTEXT = "easeml/ci"
MAX_DESCRIPTION = 140

State = Literal["pending", "success", "failure", "error"]


def set_status(
    github: GitHub,
    commit: str,
    state: State,
    description: str,
    *,
    target_url: str | None = None,
) -> None:
    """Set the commit status; the newest one is the one that counts.

    Parameters
    ----------
    commit
        Full id of the commit. For a pull request its head.
    description
        Cut to GitHub's 140 characters.
    target_url
        Where the status leads: the page of the run.

    Raises
    ------
    GateError
        See :meth:`GitHub.ask`; the permission in question is ``statuses: write``.
    """

    def create(client: Github, repository: Repository) -> None:
        known = {"sha": commit, "url": f"{repository.url}/commits/{commit}"}
        details = {"description": cut_description(description), "context": CONTEXT}
        if target_url is not None:
            details["target_url"] = target_url
        created = client.create_from_raw_data(Commit, known).create_status(state, **details)
        if created.state != state:
            raise ValueError("not a status")

    github.ask("set the commit status", "statuses: write", create)


def cut_description(text: str) -> str:
    """Return the text in one line of at most 140 characters, cut at a word where it is longer."""
    line = " ".join(text.split())
    if len(line) <= MAX_DESCRIPTION:
        return line
    kept = line[: MAX_DESCRIPTION - 1]
    words, _, _ = kept.rpartition(" ")
    return (words if len(words) > MAX_DESCRIPTION // 2 else kept).rstrip(" ,;:") + "…"
