"""The issue of a used-up test set: opened once however many runs race, closed with its numbers.

The issue of a test set is the lowest-numbered one, open or closed, that has our label and carries
the set's hidden marker. A label takes a role in the repository, so a stranger cannot forge one.
"""

import re
from contextlib import suppress
from dataclasses import dataclass

from github import Github, GithubException, UnknownObjectException
from github.Issue import Issue
from github.IssueComment import IssueComment
from github.Repository import Repository

from easeml_action.github.api import GitHub

LABEL = "easeml-ci"
LABEL_COLOR = "5319e7"
LABEL_DESCRIPTION = "A test set of ease.ml/ci is used up"

_PERMISSION = "issues: write"
_TEST_SET = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}")
_MARKER = re.compile(r"^<!-- easeml-ci test-set=([A-Za-z0-9._:+/=-]{1,128}) -->$", re.MULTILINE)
_CLOSING = "<!-- easeml-ci closing -->"
# GitHub's own bound on a body is 65,536 characters.
_MAX_BODY = 60_000


@dataclass(frozen=True)
class TestSetIssue:
    """The issue of one test set."""

    number: int
    test_set: str
    is_open: bool
    text: str


class Issues:
    """The repository's issues of used-up test sets.

    Parameters
    ----------
    github
        Its token needs ``issues: write``.
    """

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def open_once(self, test_set: str, title: str, body: str) -> int:
        """Return the number of the test set's issue, which is opened where there is none.

        Each attempt looks first, since the one before may have opened the issue and lost only the
        answer. Runs that race may each open one. All then see the same list, and each closes every
        one but the lowest.
        """
        marked = f"{body[:_MAX_BODY].rstrip()}\n\n{marker(test_set)}\n"

        def find_or_create(_: Github, repository: Repository) -> tuple[int, bool]:
            found = _numbers(repository, test_set)
            if found:
                return found[0], False
            _ensure_label(repository)
            created = repository.create_issue(title, body=marked, labels=[LABEL])
            return _known(created.number), True

        number, is_new = self._github.ask("open an issue", _PERMISSION, find_or_create)
        if not is_new:
            return number
        duplicates = sorted({number, *self._numbers(test_set)})
        for duplicate in duplicates[1:]:
            self._close(duplicate, "not_planned")
        return duplicates[0]

    def find(self, test_set: str) -> int | None:
        """Return the number of the test set's issue, open or closed, or None."""
        return next(iter(self._numbers(test_set)), None)

    def list_open(self) -> tuple[TestSetIssue, ...]:
        """Return the open issues of all test sets, by number."""
        return tuple(issue for issue in self._all() if issue.is_open)

    def texts(self) -> tuple[str, ...]:
        """Return what the issues of all test sets, open or closed, say."""
        return tuple(issue.text for issue in self._all())

    def close(self, number: int, comment: str) -> None:
        """Close an issue with one last comment, which is posted once however many runs race."""
        body = f"{comment[:_MAX_BODY].rstrip()}\n\n{_CLOSING}\n"

        def find_or_post(_: Github, repository: Repository) -> int | None:
            issue = repository.get_issue(number)
            return None if _closing_comments(issue) else _known(issue.create_comment(body).id)

        mine = self._github.ask("comment on an issue", _PERMISSION, find_or_post)
        if mine is not None:
            first = self._github.ask(
                "read an issue's comments",
                _PERMISSION,
                lambda _, repository: _closing_comments(repository.get_issue(number))[:1],
            )
            if first != [mine]:
                self._delete_comment(mine)
        self._close(number, "completed")

    def _all(self) -> list[TestSetIssue]:
        return self._github.ask("list the issues", _PERMISSION, lambda _, each: _list(each))

    def _numbers(self, test_set: str) -> list[int]:
        return [issue.number for issue in self._all() if issue.test_set == test_set]

    def _close(self, number: int, reason: str) -> None:
        def close(_: Github, repository: Repository) -> None:
            issue = repository.get_issue(number)
            issue.edit(state="closed", state_reason=reason)
            if issue.state != "closed":
                raise ValueError("not an issue")

        self._github.ask("close an issue", _PERMISSION, close)

    def _delete_comment(self, identifier: int) -> None:
        def delete(client: Github, repository: Repository) -> None:
            known = {"id": identifier, "url": f"{repository.url}/issues/comments/{identifier}"}
            with suppress(UnknownObjectException):  # an attempt before has deleted it
                client.create_from_raw_data(IssueComment, known).delete()

        self._github.ask("delete a comment", _PERMISSION, delete)


def _list(repository: Repository) -> list[TestSetIssue]:
    listed = repository.get_issues(state="all", labels=[LABEL], sort="created")
    issues = [read_issue for issue in listed if (read_issue := _read(issue))]
    return sorted(issues, key=lambda issue: issue.number)


def _numbers(repository: Repository, test_set: str) -> list[int]:
    return [issue.number for issue in _list(repository) if issue.test_set == test_set]


def _ensure_label(repository: Repository) -> None:
    try:
        repository.create_label(LABEL, LABEL_COLOR, LABEL_DESCRIPTION)
    except GithubException as error:
        if error.status != 422:  # it exists
            raise


def _closing_comments(issue: Issue) -> list[int]:
    """Return the ids of the comments that close an issue, the oldest first."""
    return sorted(
        comment.id for comment in issue.get_comments() if _CLOSING in (comment.body or "")
    )


def marker(test_set: str) -> str:
    """Return the hidden line that ties an issue to its test set."""
    if not _TEST_SET.fullmatch(test_set):
        raise ValueError(f"test_set: at most 128 letters, digits and ._:+/=-: {test_set!r}")
    return f"<!-- easeml-ci test-set={test_set} -->"


def _known(value: int | None) -> int:
    # PyGithub hands out None where the answer was not an issue but, say, a web page.
    if value is None:
        raise ValueError("not an issue or a comment")
    return value


def _read(issue: Issue) -> TestSetIssue | None:
    found = _MARKER.search((issue.body or "").replace("\r\n", "\n"))
    # GitHub lists pull requests among the issues. (Issue.pull_request would fetch each one again.)
    if found is None or issue.html_url.rpartition("/")[0].endswith("/pull"):
        return None
    return TestSetIssue(issue.number, found[1], issue.state == "open", issue.body)
