"""The commit status ``easeml/ci``: what a developer sees beside the commit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from github import Github, GithubException, UnknownObjectException
from github.Commit import Commit
from github.CommitStatus import CommitStatus
from github.PaginatedList import PaginatedList
from github.Repository import Repository

from easeml_action.github.api import PAGE_SIZE, GitHub
from easeml_action.github.errors import MissingPermission
from easeml_action.github.report import Report, VerdictWord

CONTEXT = "easeml/ci"
MAX_DESCRIPTION = 140

# GitHub ends every job after five days, on its own machines and on others.
LONGEST_JOB = timedelta(days=5)

_RUN = re.compile(r"/actions/runs/([0-9]{1,18})(?:/|$)")

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
# shown when a run came to an end that nobody reported
STATUS_UNFINISHED = "The run did not finish, no step was used: run it again"
# the same, after a step was reserved
STATUS_UNFINISHED_STEP = "The run did not finish, step {step:,} stays reserved: run it again"
# what the text of an error ends with where the run had reserved a step
STATUS_RESERVED = "(step {step:,} stays reserved)"

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


@dataclass(frozen=True)
class SeenStatus:
    """One of our statuses, as somebody sees it beside a commit."""

    state: str
    description: str
    target_url: str
    time: datetime


@dataclass(frozen=True)
class SeenCommit:
    """A commit with our statuses, the newest first.

    ``is_whole`` says whether these are all: only the newest hundred of a commit's statuses are
    read, of whatever context.
    """

    commit: str
    statuses: tuple[SeenStatus, ...]
    is_whole: bool


@dataclass(frozen=True)
class Settlement:
    """The status that somebody else's commit should have."""

    commit: str
    state: State
    description: str
    target_url: str


def list_statuses(github: GitHub, commits: Sequence[str]) -> tuple[SeenCommit, ...]:
    """Read our statuses of a few commits; one that GitHub does not know has none.

    Raises
    ------
    GateError
        See :meth:`GitHub.ask`; the permission in question is ``statuses: read``.
    """

    def read(_: Github, repository: Repository) -> tuple[SeenCommit, ...]:
        return tuple(_seen(repository, commit) for commit in commits)

    return github.ask("read commit statuses", "statuses: read", read)


def _seen(repository: Repository, commit: str) -> SeenCommit:
    url = f"{repository.url}/commits/{commit}/statuses"
    try:
        page = PaginatedList(CommitStatus, repository.requester, url, None).get_page(0)
    except UnknownObjectException:
        page = []
    except GithubException as error:
        if error.status != 422:  # there is no such commit
            raise
        page = []
    ours = tuple(
        SeenStatus(each.state, each.description or "", each.target_url or "", each.created_at)
        for each in page
        if each.context == CONTEXT
    )
    return SeenCommit(commit, ours, len(page) < PAGE_SIZE)


def is_over(github: GitHub, status: SeenStatus, now: datetime) -> bool:
    """Say whether the run that set a status is known to be at work no more.

    GitHub says it of a run, to a token with ``actions: read``. The workflow that we advise does
    not grant that, for one more permission is one more worry; without it, time tells.
    """
    if now - status.time > LONGEST_JOB:
        return True
    found = _RUN.search(status.target_url)
    if found is None:
        return False
    number = int(found[1])

    def read(_: Github, repository: Repository) -> bool:
        return repository.get_workflow_run(number).status == "completed"

    try:
        return github.ask("read a workflow run", "actions: read", read)
    except MissingPermission:
        return False


def cut_description(text: str, suffix: str = "") -> str:
    """Return the text in one line of at most 140 characters, cut at a word where it is longer.

    Parameters
    ----------
    suffix
        What the line ends with, uncut.
    """
    line, end = " ".join(text.split()), f" {suffix}" if suffix else ""
    longest = MAX_DESCRIPTION - len(end)
    if len(line) <= longest:
        return line + end
    kept = line[: longest - 1]
    words, _, _ = kept.rpartition(" ")
    return (words if len(words) > longest // 2 else kept).rstrip(" ,;:") + "…" + end


def status_state(report: Report) -> State:
    """Return the commit status's state."""
    return _STATES[report.verdict]


def status_description(report: Report) -> str:
    """Return the commit status's text, at most 140 characters."""
    match report.verdict:
        case "error":
            return cut_description(report.problem + _issue(report), _reserved(report))
        case "active-once-merged":
            return STATUS_ACTIVE_ONCE_MERGED
        case "unchanged":
            return STATUS_UNCHANGED
        case "first-model":
            return STATUS_FIRST_MODEL
        case "recorded":
            return cut_description(STATUS_RECORDED + _count(report), report.mark)
        case "pass" | "fail":
            return cut_description(report.verdict.capitalize() + _count(report), report.mark)


def _reserved(report: Report) -> str:
    if report.cost != "reserved" or report.step is None:
        return ""
    return STATUS_RESERVED.format(step=report.step)


def _count(report: Report) -> str:
    """Return where in its life the test set stands, for a status."""
    if report.step is None or report.terms is None:
        return ""
    where = f": step {report.step:,} of {report.terms.steps:,}"
    if report.place:
        where += f" in {report.place}"
    if report.retired:
        return f"{where}, the test set is used up" + _issue(report)
    if report.period_over:
        return f"{where}, which is used up"
    return f"{where}, {report.left}" if report.left else where


def _issue(report: Report) -> str:
    return "" if report.issue is None else f" (#{report.issue})"
