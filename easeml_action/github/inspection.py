"""What a repository's settings say, as far as a token may see them; nothing is changed.

Each function needs a permission that the workflow's own token does not have: these questions are a
person's, asked before the first run.
"""

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from github import Github, GithubException
from github.Repository import Repository

from easeml_action.github.api import PAGE_SIZE, GitHub

DefaultPermission = Literal["read", "write"]

_NOT_THERE = 404

# Rules that keep what was pushed, by the names that rulesets have for them.
_KEEPS_HISTORY = frozenset({"non_fast_forward", "deletion"})


@dataclass(frozen=True)
class Environment:
    """An environment for deployments, which can keep secrets of its own.

    Parameters
    ----------
    reviewed
        Whether a run waits for one of its reviewers.
    restricted
        Whether only some branches get into it.
    """

    reviewed: bool
    restricted: bool


def is_seen(github: GitHub) -> bool:
    """Say whether the token sees the repository at all; of one that it does not, all is missing.

    Raises
    ------
    GateError
        See :meth:`GitHub.ask`; the permission in question is ``metadata: read``.
    """
    return _get(github, "", "see it", "metadata: read") is not None


def has_secret(github: GitHub, name: str) -> bool:
    """Say whether the repository itself has an Actions secret of this name.

    Raises
    ------
    GateError
        See :meth:`GitHub.ask`; the permission in question is ``secrets: read``.
    """
    answer = _get(github, f"/actions/secrets/{name}", "see its secrets' names", "secrets: read")
    return answer is not None


def shares_secret(github: GitHub, name: str) -> bool:
    """Say whether the organization lets the repository use a secret of this name.

    Raises
    ------
    GateError
        See :meth:`GitHub.ask`; the permission in question is ``secrets: read``.
    """
    page = 0
    while True:
        page += 1
        path = f"/actions/organization-secrets?per_page={PAGE_SIZE}&page={page}"
        answer = _get(github, path, "see its organization's secrets' names", "secrets: read")
        names = [each["name"] for each in (answer or {}).get("secrets", ())]
        if name in names or len(names) < PAGE_SIZE:
            return name in names


def has_environment_secret(github: GitHub, environment: str, name: str) -> bool:
    """Say whether an environment has a secret of this name.

    Raises
    ------
    GateError
        See :meth:`GitHub.ask`; the permission in question is ``environments: read``.
    """
    path = f"/environments/{quote(environment, safe='')}/secrets/{name}"
    answer = _get(github, path, "see its environments' secrets' names", "environments: read")
    return answer is not None


def find_environment(github: GitHub, name: str) -> Environment | None:
    """Return an environment, or None where there is none of this name.

    Raises
    ------
    GateError
        See :meth:`GitHub.ask`; the permission in question is ``actions: read``.
    """
    path = f"/environments/{quote(name, safe='')}"
    answer = _get(github, path, "see its environments", "actions: read")
    if answer is None:
        return None
    rules = {rule["type"] for rule in answer.get("protection_rules", ())}
    return Environment("required_reviewers" in rules, bool(answer.get("deployment_branch_policy")))


def runs_actions(github: GitHub) -> bool:
    """Say whether GitHub Actions is enabled.

    Raises
    ------
    GateError
        See :meth:`GitHub.ask`; the permission in question is ``administration: read``.
    """
    answer = _get(
        github, "/actions/permissions", "see its Actions settings", "administration: read"
    )
    return bool(answer and answer["enabled"])


def default_permission(github: GitHub) -> DefaultPermission:
    """Return what a workflow's token may do where the workflow does not say.

    Raises
    ------
    GateError
        See :meth:`GitHub.ask`; the permission in question is ``administration: read``.
    """
    answer = _get(
        github, "/actions/permissions/workflow", "see its Actions settings", "administration: read"
    )
    return "write" if answer and answer["default_workflow_permissions"] == "write" else "read"


def required_checks(github: GitHub, branch: str) -> frozenset[str]:
    """Return the statuses that a branch requires before a merge, by rulesets or protection.

    Raises
    ------
    GateError
        See :meth:`GitHub.ask`; the permission in question is ``administration: read``.
    """
    names = {
        check["context"]
        for rule in _rules(github, branch)
        if rule["type"] == "required_status_checks"
        for check in rule.get("parameters", {}).get("required_status_checks", ())
    }
    if names:
        return frozenset(names)
    checks = _protection(github, branch).get("required_status_checks") or {}
    return frozenset(checks.get("contexts", ()))


def keeps_history(github: GitHub, branch: str) -> bool:
    """Say whether nobody can rewrite or delete a branch.

    Raises
    ------
    GateError
        See :meth:`GitHub.ask`; the permission in question is ``administration: read``.
    """
    if {rule["type"] for rule in _rules(github, branch)} >= _KEEPS_HISTORY:
        return True
    protection = _protection(github, branch)
    allowed = (
        protection.get(key, {}).get("enabled", False)
        for key in ("allow_force_pushes", "allow_deletions")
    )
    return bool(protection) and not any(allowed)


def _rules(github: GitHub, branch: str) -> list[Any]:
    return _get(github, f"/rules/branches/{branch}", "see its rules", "metadata: read") or []


def _protection(github: GitHub, branch: str) -> dict[str, Any]:
    answer = _get(
        github,
        f"/branches/{branch}/protection",
        "see its branch protection",
        "administration: read",
    )
    return answer or {}


def _get(github: GitHub, path: str, purpose: str, permission: str) -> Any:
    """Return what the API answers, or None where there is no such thing."""

    def read(_: Github, repository: Repository) -> Any:
        try:
            return repository.requester.requestJsonAndCheck("GET", f"{repository.url}{path}")[1]
        except GithubException as error:
            if error.status == _NOT_THERE:
                return None
            raise

    return github.ask(purpose, permission, read)
