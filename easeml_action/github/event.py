"""Which commit is new, which is base, and which ref is trusted: read from one event.

Pure but for :func:`read_payload`. The payload of a pull request is written by its author in part
(branch names), so every value is checked before it goes anywhere near git.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from easeml_action.errors import GateError
from easeml_action.git import is_ref

SUPPORTED_EVENTS = (
    "pull_request",
    "pull_request_target",
    "push",
    "merge_group",
    "workflow_dispatch",
    "schedule",
)

# GitHub caps a webhook's payload at 25 MB.
MAX_PAYLOAD_BYTES = 25 * 1024 * 1024

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_NO_COMMIT = re.compile(r"0+")
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")


class UnsupportedEvent(GateError):
    """The workflow was started by an event that names no commit to judge."""

    def __init__(self, event: str) -> None:
        shown = event if re.fullmatch(r"[a-z_]{1,40}", event) else "this one"
        super().__init__(
            f"The event {shown!r} has no commit to judge." if event else "No event is named.",
            f"Start the workflow on one of: {', '.join(SUPPORTED_EVENTS)}.",
        )


class MalformedEvent(GateError):
    """The event's payload lacks a field or holds something else in it."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(
            f"The event's payload has no usable {field}: expected {expected}.",
            "Run the action in a GitHub workflow, or complete the event file of a local run.",
        )


class NothingToJudge(Exception):
    """The event brings no commit (a branch was deleted, a tag was pushed): a success, no verdict.

    Parameters
    ----------
    reason
        One sentence for the log.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Change:
    """The commit under test and what it is measured against.

    Parameters
    ----------
    event
        One of :data:`SUPPORTED_EVENTS`.
    repository
        ``owner/name`` of the repository whose gate this is.
    new
        Id of the commit to judge. For a pull request its head, not the merge commit: a status on
        the merge commit is invisible.
    base
        Id of the commit it would replace, or None where the event names none.
    branch
        Name of the branch that holds ``new``, or None (a tag).
    default_branch
        The only branch whose configuration and test set are trusted. Also for a pull request into
        another branch: whoever can push can create a branch with a lower bar.
    trusted
        Id of the trusted commit where the event fixes it (``new`` itself, on the default branch),
        or None: the tip of the default branch.
    fetch_refs
        Refs that hand over ``new`` where the checkout lacks it.
    number
        Number of the pull request, or None.
    from_fork
        The pull request comes from another repository (or from one that is gone).
    from_dependabot
        Started by Dependabot: no secrets and a read-only token, as for a fork.
    """

    event: str
    repository: str
    new: str
    base: str | None
    branch: str | None
    default_branch: str
    trusted: str | None
    fetch_refs: tuple[str, ...]
    number: int | None = None
    from_fork: bool = False
    from_dependabot: bool = False

    @property
    def trusted_branch(self) -> str:
        """The branch to read the configuration and the test set from."""
        return self.default_branch

    @property
    def secrets_withheld(self) -> bool:
        """Whether GitHub by default gives this run no secrets."""
        forked = self.from_fork and self.event != "pull_request_target"
        limited = {"pull_request", "pull_request_target", "push"}
        return forked or (self.from_dependabot and self.event in limited)


def read_payload(environ: Mapping[str, str]) -> Mapping[str, object]:
    """Read the event file that the runner names.

    Raises
    ------
    MalformedEvent
        There is no such file, it is too large, or it is not a JSON object.
    """
    path = environ.get("GITHUB_EVENT_PATH", "")
    expected = "the path of a JSON file"
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_PAYLOAD_BYTES + 1)
    except (OSError, ValueError):
        raise MalformedEvent("GITHUB_EVENT_PATH", expected) from None
    if len(data) > MAX_PAYLOAD_BYTES:
        raise MalformedEvent("size", f"at most {MAX_PAYLOAD_BYTES // 1024**2} MB")
    try:
        payload = json.loads(data)
    except (ValueError, RecursionError):
        raise MalformedEvent("GITHUB_EVENT_PATH", expected) from None
    if not isinstance(payload, dict):
        raise MalformedEvent("content", "a JSON object")
    return payload


def read_event(environ: Mapping[str, str], payload: Mapping[str, object]) -> Change:
    """Say what an event asks to be judged.

    Parameters
    ----------
    environ
        The runner's variables: GITHUB_EVENT_NAME, GITHUB_REPOSITORY, GITHUB_SHA, GITHUB_REF and
        GITHUB_ACTOR are read.
    payload
        The event's JSON.

    Raises
    ------
    UnsupportedEvent
        The event's name is not in :data:`SUPPORTED_EVENTS`.
    MalformedEvent
        A field is missing or holds something else.
    NothingToJudge
        The event is fine and brings no commit.
    """
    event = environ.get("GITHUB_EVENT_NAME", "")
    fields = _Fields(payload)
    match event:
        case "pull_request" | "pull_request_target":
            return _pull_request(event, environ, fields)
        case "push":
            return _push(environ, fields)
        case "merge_group":
            return _merge_group(environ, fields)
        case "workflow_dispatch" | "schedule":
            return _on_demand(event, environ, fields)
        case _:
            raise UnsupportedEvent(event)


def _pull_request(event: str, environ: Mapping[str, str], fields: "_Fields") -> Change:
    number = fields.number("pull_request.number")
    # Both names from the payload: a renamed repository keeps its old name in both. A fork that was
    # deleted leaves a pull request whose head has no repository.
    base_repository = fields.repository("repository.full_name")
    head_repository = fields.get("pull_request.head.repo.full_name")
    return Change(
        event=event,
        repository=_Fields(environ).repository("GITHUB_REPOSITORY"),
        new=fields.commit("pull_request.head.sha"),
        base=fields.commit("pull_request.base.sha"),
        branch=fields.ref("pull_request.head.ref"),
        default_branch=fields.default_branch(),
        trusted=None,
        fetch_refs=(f"refs/pull/{number}/head",),
        number=number,
        from_fork=head_repository != base_repository,
        from_dependabot=_is_dependabot(environ),
    )


def _push(environ: Mapping[str, str], fields: "_Fields") -> Change:
    ref = fields.ref("ref")
    if fields.get("deleted") is True or _NO_COMMIT.fullmatch(str(fields.get("after"))):
        raise NothingToJudge("The push deleted a branch: there is nothing to judge.")
    if not ref.startswith("refs/heads/"):
        raise NothingToJudge("The push is of a tag: its commit is judged on its branch.")
    branch = ref.removeprefix("refs/heads/")
    default_branch = fields.default_branch()
    new = fields.commit("after")
    created = bool(_NO_COMMIT.fullmatch(str(fields.get("before"))))
    return Change(
        event="push",
        repository=_Fields(environ).repository("GITHUB_REPOSITORY"),
        new=new,
        base=None if created else fields.commit("before"),
        branch=branch,
        default_branch=default_branch,
        trusted=new if branch == default_branch else None,
        fetch_refs=(ref,),
        from_dependabot=_is_dependabot(environ),
    )


def _merge_group(environ: Mapping[str, str], fields: "_Fields") -> Change:
    ref = fields.ref("merge_group.head_ref")
    return Change(
        event="merge_group",
        repository=_Fields(environ).repository("GITHUB_REPOSITORY"),
        new=fields.commit("merge_group.head_sha"),
        base=fields.commit("merge_group.base_sha"),
        branch=ref.removeprefix("refs/heads/"),
        default_branch=fields.default_branch(),
        trusted=None,
        fetch_refs=(ref,),
        from_dependabot=_is_dependabot(environ),
    )


def _on_demand(event: str, environ: Mapping[str, str], fields: "_Fields") -> Change:
    variables = _Fields(environ)
    ref = variables.ref("GITHUB_REF")
    new = variables.commit("GITHUB_SHA")
    branch = ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else None
    if event == "schedule" and branch and fields.get("repository") is None:
        # GitHub may leave the repository out of this payload; it starts schedules on the default
        # branch only.
        default_branch = branch
    else:
        default_branch = fields.default_branch()
    return Change(
        event=event,
        repository=variables.repository("GITHUB_REPOSITORY"),
        new=new,
        base=None,
        branch=branch,
        default_branch=default_branch,
        trusted=new if branch == default_branch else None,
        fetch_refs=(ref,),
        from_dependabot=_is_dependabot(environ),
    )


def _is_dependabot(environ: Mapping[str, str]) -> bool:
    return environ.get("GITHUB_ACTOR") == "dependabot[bot]"


class _Fields:
    """Typed reading of a nested payload, by dotted path."""

    def __init__(self, payload: Mapping[str, object]) -> None:
        self._payload = payload

    def get(self, path: str) -> object:
        value: object = self._payload
        for key in path.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    def commit(self, path: str) -> str:
        value = self.get(path)
        if not isinstance(value, str) or not _COMMIT.fullmatch(value):
            raise MalformedEvent(path, "a commit id")
        return value

    def ref(self, path: str) -> str:
        value = self.get(path)
        if not isinstance(value, str) or not is_ref(value):
            raise MalformedEvent(path, "the name of a branch or ref")
        return value

    def number(self, path: str) -> int:
        value = self.get(path)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise MalformedEvent(path, "a positive whole number")
        return value

    def repository(self, path: str) -> str:
        value = self.get(path)
        if not isinstance(value, str) or not _REPOSITORY.fullmatch(value):
            raise MalformedEvent(path, "owner/name")
        return value

    def default_branch(self) -> str:
        return self.ref("repository.default_branch")
