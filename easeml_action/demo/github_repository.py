"""One repository as GitHub's REST API shows it: its statuses, issues, pull requests, settings.

In memory, and pure: a request in, a response out.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote, unquote, urlencode

from easeml_action.demo.github_pulls import full_repository, pull_request
from easeml_action.demo.github_settings import Json, Settings, timestamp

_MAX_DESCRIPTION = 140
_MAX_PAGE = 100


@dataclass(frozen=True)
class Request:
    """One request as it came in, without its credentials."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Response:
    """One answer of the API."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Repository:
    """One repository's part of the API that the action uses.

    Parameters
    ----------
    name
        ``owner/name``.
    url
        Base of the API, which the addresses in its answers start with.
    """

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.url = url
        self.statuses: dict[str, list[Json]] = {}
        self.labels: dict[str, Json] = {}
        self.issues: list[Json] = []
        self.comments: dict[int, list[Json]] = {}
        self.pulls: list[Json] = []
        self.settings = Settings()
        self._last_id = 0

    def moved_to(self, url: str) -> Self:
        """Return a copy whose API has another base."""
        copied = deepcopy(self)
        vars(copied).update(_replaced(vars(copied), self.url, url))
        return copied

    def answer(self, request: Request, path: str) -> Response:
        """Answer a request whose path goes on with ``path`` after the repository's name."""
        for method, pattern, answer in _ROUTES:
            found = re.fullmatch(pattern, path)
            if found and method == request.method:
                return answer(self, request, *map(unquote, found.groups()))
        return message(404, "Not Found")

    def _create_status(self, request: Request, commit: str) -> Response:
        body = request.body
        if not re.fullmatch(r"[0-9a-f]{40}", commit):
            return message(422, f"No commit found for SHA: {commit}")
        if body.get("state") not in {"error", "failure", "pending", "success"}:
            return message(422, "Validation Failed")
        if len(body.get("description") or "") > _MAX_DESCRIPTION:
            return message(422, "Validation Failed")
        status = self._stamped(f"/statuses/{commit}") | {
            "avatar_url": None,
            "state": body["state"],
            "description": body.get("description"),
            "target_url": body.get("target_url"),
            "context": body.get("context", "default"),
            "creator": None,
        }
        self.statuses.setdefault(commit, []).append(status)
        return Response(201, status)

    def _list_statuses(self, request: Request, commit: str) -> Response:
        return self._page(
            request, f"/commits/{commit}/statuses", reversed(self.statuses.get(commit, []))
        )

    def _list_labels(self, request: Request) -> Response:
        return self._page(request, "/labels", self.labels.values())

    def _create_label(self, request: Request) -> Response:
        name = request.body.get("name", "")
        if name.lower() in self.labels:
            return message(422, "Validation Failed")
        return Response(201, self._add_label(name, request.body))

    def _list_issues(self, request: Request) -> Response:
        state = request.query.get("state", "open")
        labels = {name for name in request.query.get("labels", "").split(",") if name}
        listed = [
            issue
            for issue in self.issues
            if state in {"all", issue["state"]}
            and labels <= {label["name"] for label in issue["labels"]}
        ]
        ascending = request.query.get("direction", "desc") == "asc"
        return self._page(request, "/issues", listed if ascending else reversed(listed))

    def _create_issue(self, request: Request) -> Response:
        title = request.body.get("title")
        if not title:
            return message(422, "Validation Failed")
        number = len(self.issues) + 1
        issue = self._stamped(f"/issues/{number}") | {
            "number": number,
            "state": "open",
            "state_reason": None,
            "title": title,
            "body": request.body.get("body"),
            "user": None,
            "labels": [self._add_label(name, {}) for name in request.body.get("labels", [])],
            "assignee": None,
            "assignees": [],
            "milestone": None,
            "locked": False,
            "comments": 0,
            "closed_at": None,
            "author_association": "NONE",
            "html_url": f"https://github.com/{self.name}/issues/{number}",
            "repository_url": f"{self.url}/repos/{self.name}",
        }
        for part in ("comments", "events"):
            issue[f"{part}_url"] = f"{issue['url']}/{part}"
        issue["labels_url"] = f"{issue['url']}/labels{{/name}}"
        self.issues.append(issue)
        return Response(201, issue)

    def _get_issue(self, _: Request, number: str) -> Response:
        return _found(self._issue(number))

    def _edit_issue(self, request: Request, number: str) -> Response:
        issue = self._issue(number)
        if issue is None:
            return message(404, "Not Found")
        changes = {key: request.body[key] for key in ("title", "body") if key in request.body}
        state = request.body.get("state", issue["state"])
        if state != issue["state"]:
            reopened = "reopened" if state == "open" else "completed"
            changes |= {
                "state": state,
                "state_reason": request.body.get("state_reason") or reopened,
                "closed_at": timestamp() if state == "closed" else None,
            }
        issue.update(changes, updated_at=timestamp())
        return Response(200, issue)

    def _list_comments(self, request: Request, number: str) -> Response:
        if self._issue(number) is None:
            return message(404, "Not Found")
        return self._page(request, f"/issues/{number}/comments", self.comments.get(int(number), []))

    def _create_comment(self, request: Request, number: str) -> Response:
        issue = self._issue(number)
        if issue is None:
            return message(404, "Not Found")
        comment = self._stamped("/issues/comments/{id}") | {
            "body": request.body.get("body", ""),
            "user": None,
            "html_url": issue["html_url"],
            "issue_url": issue["url"],
            "author_association": "NONE",
        }
        self.comments.setdefault(int(number), []).append(comment)
        issue["comments"] += 1
        return Response(201, comment)

    def _delete_comment(self, _: Request, identifier: str) -> Response:
        for listed in self.comments.values():
            for comment in listed:
                if comment["id"] == int(identifier):
                    listed.remove(comment)
                    return Response(204)
        return message(404, "Not Found")

    def _create_pull(self, request: Request) -> Response:
        if not request.body.get("title"):
            return message(422, "Validation Failed")
        if any(pull["head"]["ref"] == request.body["head"] for pull in self.pulls):
            return message(422, "Validation Failed")
        number = len(self.pulls) + len(self.issues) + 1
        pull = pull_request(
            self._stamped(f"/pulls/{number}"),
            repository=self.name,
            api=self.url,
            number=number,
            body=request.body,
        )
        self.pulls.append(pull)
        return Response(201, pull)

    def _list_pulls(self, request: Request) -> Response:
        head = request.query.get("head")
        listed = [pull for pull in self.pulls if head in {None, pull["head"]["label"]}]
        return self._page(request, "/pulls", reversed(listed))

    def _get_itself(self, _: Request) -> Response:
        return Response(200, full_repository(self.name, self.url, timestamp()))

    def _list_shared_secrets(self, request: Request) -> Response:
        listed = self.settings.show_shared_secrets()
        page = self._page(request, "/actions/organization-secrets", listed)
        return Response(200, {"total_count": len(listed), "secrets": page.body}, page.headers)

    def _get_secret(self, _: Request, name: str) -> Response:
        return _found(self.settings.show_secret(name))

    def _get_environment(self, _: Request, name: str) -> Response:
        return _found(self.settings.show_environment(name))

    def _get_environment_secret(self, _: Request, environment: str, name: str) -> Response:
        return _found(self.settings.show_environment_secret(environment, name))

    def _get_permissions(self, _: Request) -> Response:
        return Response(200, self.settings.show_permissions())

    def _get_workflow_permission(self, _: Request) -> Response:
        return Response(200, self.settings.show_workflow_permission())

    def _list_rules(self, _: Request, branch: str) -> Response:
        return Response(200, self.settings.show_rules(branch))

    def _get_protection(self, _: Request, branch: str) -> Response:
        return _found(self.settings.show_protection(branch), "Branch not protected")

    def _issue(self, number: str) -> Json | None:
        index = int(number) - 1
        return self.issues[index] if 0 <= index < len(self.issues) else None

    def _add_label(self, name: str, details: Json) -> Json:
        """Return the label of that name, which is made where there is none."""
        if name.lower() not in self.labels:
            label = self._stamped(f"/labels/{quote(name)}") | {
                "name": name,
                "color": details.get("color", "ededed"),
                "description": details.get("description"),
                "default": False,
            }
            for moment in ("created_at", "updated_at"):
                del label[moment]
            self.labels[name.lower()] = label
        return self.labels[name.lower()]

    def _stamped(self, path: str) -> Json:
        """Return what every object of the API has."""
        self._last_id += 1
        now = timestamp()
        return {
            "id": self._last_id,
            "node_id": f"N{self._last_id}",
            "url": f"{self.url}/repos/{self.name}{path.format(id=self._last_id)}",
            "created_at": now,
            "updated_at": now,
        }

    def _page(self, request: Request, path: str, items: Iterable[Json]) -> Response:
        """Return one page of a list, with links to the others."""
        listed = list(items)
        size = min(_MAX_PAGE, max(1, int(request.query.get("per_page", "30"))))
        number = max(1, int(request.query.get("page", "1")))
        last = max(1, -(-len(listed) // size))
        targets = {"first": 1, "prev": number - 1, "next": number + 1, "last": last}
        base = f"{self.url}/repos/{self.name}{path}"
        links = [
            f'<{base}?{urlencode(dict(request.query) | {"page": target})}>; rel="{name}"'
            for name, target in targets.items()
            if 1 <= target <= last and (name in {"prev", "next"} or target != number)
        ]
        page = listed[(number - 1) * size : number * size]
        return Response(200, page, {"Link": ", ".join(links)} if links else {})


def _found(body: Json | None, otherwise: str = "Not Found") -> Response:
    return message(404, otherwise) if body is None else Response(200, body)


def _refuse(_: Repository, __: Request, *___: str) -> Response:
    """Answer as GitHub does to a token without the permission."""
    return message(403, "Resource not accessible by integration")


_ROUTES: tuple[tuple[str, str, Callable[..., Response]], ...] = (
    ("GET", r"", Repository._get_itself),
    ("POST", r"/statuses/([^/]+)", Repository._create_status),
    ("GET", r"/commits/([^/]+)/statuses", Repository._list_statuses),
    # The workflow that we advise does not grant `actions: read`.
    ("GET", r"/actions/runs/(\d+)", _refuse),
    ("GET", r"/labels", Repository._list_labels),
    ("POST", r"/labels", Repository._create_label),
    ("GET", r"/issues", Repository._list_issues),
    ("POST", r"/issues", Repository._create_issue),
    ("GET", r"/issues/(\d+)", Repository._get_issue),
    ("PATCH", r"/issues/(\d+)", Repository._edit_issue),
    ("GET", r"/issues/(\d+)/comments", Repository._list_comments),
    ("POST", r"/issues/(\d+)/comments", Repository._create_comment),
    ("DELETE", r"/issues/comments/(\d+)", Repository._delete_comment),
    ("GET", r"/pulls", Repository._list_pulls),
    ("POST", r"/pulls", Repository._create_pull),
    ("GET", r"/actions/organization-secrets", Repository._list_shared_secrets),
    ("GET", r"/actions/secrets/([^/]+)", Repository._get_secret),
    ("GET", r"/environments/([^/]+)", Repository._get_environment),
    ("GET", r"/environments/([^/]+)/secrets/([^/]+)", Repository._get_environment_secret),
    ("GET", r"/actions/permissions", Repository._get_permissions),
    ("GET", r"/actions/permissions/workflow", Repository._get_workflow_permission),
    ("GET", r"/rules/branches/([^/]+)", Repository._list_rules),
    ("GET", r"/branches/([^/]+)/protection", Repository._get_protection),
)


def message(status: int, text: str) -> Response:
    """Return the body of an error of the API."""
    return Response(status, {"message": text, "documentation_url": "https://docs.github.com/rest"})


def _replaced(value: Any, old: str, new: str) -> Any:
    """Return a value with one text for another in all its texts."""
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, list):
        return [_replaced(each, old, new) for each in value]
    if isinstance(value, dict):
        return {key: _replaced(each, old, new) for key, each in value.items()}
    return value
