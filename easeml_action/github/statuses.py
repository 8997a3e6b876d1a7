"""The commit status ``easeml/ci``: what a developer sees beside the commit."""

from typing import Literal

from github import Github
from github.Commit import Commit
from github.Repository import Repository

from easeml_action.github.api import GitHub
from easeml_action.github.report import Report, VerdictWord

CONTEXT = "easeml/ci"
MAX_DESCRIPTION = 140

State = Literal["pending", "success", "failure", "error"]

# the status's text while a run is at work
STATUS_PENDING = "Judging the model on the secret test set"
# shown when the configuration is not on the default branch yet
STATUS_ACTIVE_ONCE_MERGED = "Active once merged: the default branch has no gate yet"
# shown when the change leaves the model as it is
STATUS_UNCHANGED = "Nothing to judge: the model is unchanged"
# shown when there is no old model to compare with
STATUS_FIRST_MODEL = "Nothing to compare with yet: this is the first model"
# shown when adaptivity is none
STATUS_RECORDED = "Recorded for the key holder"

_STATES: dict[VerdictWord, State] = {
    "pass": "success",
    "fail": "failure",
    "error": "error",
    "recorded": "success",
    "unchanged": "success",
    "first-model": "success",
    "active-once-merged": "success",
}


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


def status_state(report: Report) -> State:
    """Return the commit status's state."""
    return _STATES[report.verdict]


def status_description(report: Report) -> str:
    """Return the commit status's text, at most 140 characters."""
    match report.verdict:
        case "error":
            return cut_description(report.problem + _issue(report))
        case "active-once-merged":
            return STATUS_ACTIVE_ONCE_MERGED
        case "unchanged":
            return STATUS_UNCHANGED
        case "first-model":
            return STATUS_FIRST_MODEL
        case "recorded":
            return cut_description(STATUS_RECORDED + _count(report))
        case "pass" | "fail":
            return cut_description(report.verdict.capitalize() + _count(report))


def _count(report: Report) -> str:
    """Return where in its life the test set stands, for a status."""
    if report.step is None or report.terms is None:
        return ""
    where = f": step {report.step:,} of {report.terms.steps:,}"
    if report.retired:
        return f"{where}, the test set is used up" + _issue(report)
    return f"{where}, {report.left}" if report.left else where


def _issue(report: Report) -> str:
    return "" if report.issue is None else f" (#{report.issue})"
