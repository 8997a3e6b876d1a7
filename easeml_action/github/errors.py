"""What can go wrong between the action and GitHub's API; no token and no body in any text."""

from datetime import UTC, datetime

from easeml_action.errors import GateError


class MissingPermission(GateError):
    """The token may not do this; GitHub says 403, or 404 where it hides that the thing exists."""

    def __init__(self, permission: str, purpose: str) -> None:
        super().__init__(
            f"GitHub does not let this token {purpose}: the permission `{permission}` is missing.",
            f"Add `{permission}` under `permissions:` in the workflow; the token of a pull request "
            "from a fork or by Dependabot is read-only whatever the workflow says.",
        )
        self.permission = permission


class BadToken(GateError):
    """GitHub does not know the token (401)."""

    def __init__(self) -> None:
        super().__init__(
            "GitHub does not accept the token: it is wrong, expired or revoked.",
            "Leave the input `token` out to use the workflow's own, or renew the secret behind it.",
        )


class RateLimited(GateError):
    """GitHub takes no more requests for longer than we wait."""

    def __init__(self, purpose: str, until: datetime) -> None:
        moment = until.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        super().__init__(
            f"GitHub takes no more requests with this token until about {moment}, so it could not "
            f"be used to {purpose}.",
            "Run the job again after that.",
        )
        self.until = until


class ApiDown(GateError):
    """GitHub did not answer, or only with errors of its own, for as long as we tried."""

    def __init__(self, purpose: str, cause: str) -> None:
        super().__init__(
            f"GitHub's API could not be used to {purpose}: {cause}.",
            "Run the job again later; githubstatus.com tells of outages.",
        )


class NotGitHub(GateError):
    """Something answered that does not speak GitHub's API."""

    def __init__(self, purpose: str) -> None:
        super().__init__(
            f"The answer to the request to {purpose} is not one of GitHub's API.",
            "Check GITHUB_API_URL and any proxy between the runner and GitHub.",
        )


class RequestRefused(GateError):
    """GitHub understood the request and refused it (410, 422 and the like)."""

    def __init__(self, purpose: str, status: int) -> None:
        super().__init__(
            f"GitHub refused to {purpose} (HTTP status {status}).",
            "Check that the repository has issues enabled and that the commit was pushed to it.",
        )
        self.status = status
