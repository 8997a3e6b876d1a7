"""Pull requests, and the repository that they are for, as GitHub's REST API shows them. Pure."""

from typing import Any

Json = dict[str, Any]

_OF_A_USER = (
    "events",
    "followers",
    "following",
    "gists",
    "organizations",
    "received_events",
    "repos",
    "starred",
    "subscriptions",
)
_OF_A_REPOSITORY = """
    archive assignees blobs branches clone collaborators comments commits compare contents
    contributors deployments downloads events forks git git_commits git_refs git_tags hooks
    issue_comment issue_events issues keys labels languages merges milestones notifications pulls
    releases ssh stargazers statuses subscribers subscription svn tags teams trees
"""
_OF_A_PULL = ("comments", "commits", "review_comment", "review_comments", "statuses")


def pull_request(stamped: Json, *, repository: str, api: str, number: int, body: Json) -> Json:
    """Return a new pull request.

    Parameters
    ----------
    stamped
        What every object of the API has.
    repository
        ``owner/name``.
    api
        Base of the API.
    number
        Its number.
    body
        What it was asked for with.
    """
    owner = repository.partition("/")[0]
    page = f"https://github.com/{repository}/pull/{number}"
    user = _user(owner, api)
    sides = {
        side: {
            "label": f"{owner}:{body[side]}",
            "ref": body[side],
            "sha": "0" * 40,
            "user": user,
            "repo": _repository(repository, api, user, stamped["created_at"]),
        }
        for side in ("head", "base")
    }
    addresses = {f"{part}_url": f"{stamped['url']}/{part}" for part in _OF_A_PULL}
    links = {part: {"href": f"{stamped['url']}/{part}"} for part in _OF_A_PULL}
    nobody = dict.fromkeys(
        (
            "assignee",
            "auto_merge",
            "closed_at",
            "merge_commit_sha",
            "mergeable",
            "merged_at",
            "merged_by",
            "milestone",
        )
    )
    counts = dict.fromkeys(
        ("additions", "changed_files", "comments", "commits", "deletions", "review_comments"), 0
    )
    return {
        **stamped,
        **sides,
        **addresses,
        **nobody,
        **counts,
        "_links": links
        | {"html": {"href": page}, "issue": {"href": page}, "self": {"href": stamped["url"]}},
        "assignees": [],
        "author_association": "OWNER",
        "body": body.get("body"),
        "diff_url": f"{page}.diff",
        "draft": False,
        "html_url": page,
        "issue_url": f"{api}/repos/{repository}/issues/{number}",
        "labels": [],
        "locked": False,
        "maintainer_can_modify": False,
        "mergeable_state": "unknown",
        "merged": False,
        "number": number,
        "patch_url": f"{page}.patch",
        "requested_reviewers": [],
        "requested_teams": [],
        "state": "open",
        "title": body.get("title", ""),
        "user": user,
    }


def full_repository(name: str, api: str, created: str) -> Json:
    """Return a repository as it is shown where it is asked for by its name."""
    owner = _user(name.partition("/")[0], api)
    counts = dict.fromkeys(("network_count", "subscribers_count"), 0)
    return _repository(name, api, owner, created) | counts | {"has_discussions": False}


def _user(login: str, api: str) -> Json:
    url = f"{api}/users/{login}"
    return {f"{part}_url": f"{url}/{part}" for part in _OF_A_USER} | {
        "avatar_url": f"https://github.com/{login}.png",
        "gravatar_id": None,
        "html_url": f"https://github.com/{login}",
        "id": 1,
        "login": login,
        "node_id": "U1",
        "site_admin": False,
        "type": "User",
        "url": url,
    }


def _repository(name: str, api: str, owner: Json, created: str) -> Json:
    url = f"{api}/repos/{name}"
    counts = ("forks", "forks_count", "open_issues", "open_issues_count", "size")
    more = ("stargazers_count", "watchers", "watchers_count")
    switches = ("archived", "disabled", "fork", "has_downloads", "has_pages", "private")
    unknown = ("description", "homepage", "language", "license", "mirror_url")
    return {
        **{f"{part}_url": f"{url}/{part}" for part in _OF_A_REPOSITORY.split()},
        **dict.fromkeys((*counts, *more), 0),
        **dict.fromkeys(switches, False),
        **dict.fromkeys(("has_issues", "has_projects", "has_wiki"), True),
        **dict.fromkeys(unknown),
        **dict.fromkeys(("created_at", "pushed_at", "updated_at"), created),
        "default_branch": "main",
        "full_name": name,
        "html_url": f"https://github.com/{name}",
        "id": 1,
        "name": name.partition("/")[2],
        "node_id": "R1",
        "owner": owner,
        "url": url,
    }
