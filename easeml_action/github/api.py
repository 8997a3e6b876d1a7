"""The connection to GitHub's REST API: one door for every request, with retries and clear errors.

PyGithub speaks to GitHub. Its own retries (GithubRetry) sleep for as long as a Retry-After header
or a rate limit's reset asks, an hour if need be; ours give up when the total time is over.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

import requests
from github import (
    Auth,
    BadAttributeException,
    Github,
    GithubException,
    IncompletableObject,
    RateLimitExceededException,
)
from github.Repository import Repository
from pydantic import SecretStr

from easeml_action.github.errors import (
    ApiDown,
    BadToken,
    MissingPermission,
    NotGitHub,
    RateLimited,
    RequestRefused,
)

DEFAULT_API_URL = "https://api.github.com"
API_VERSION = "2022-11-28"
PAGE_SIZE = 100

T = TypeVar("T")

# What PyGithub's reading of an answer ends in when it is a web page, or a redirect elsewhere.
_UNREADABLE = (
    AssertionError,
    AttributeError,
    BadAttributeException,
    IncompletableObject,
    KeyError,
    RuntimeError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True)
class Patience:
    """How long to try; all in seconds.

    Parameters
    ----------
    total
        Time for one operation, with all its attempts and waits.
    first_wait
        Wait after the first failure; it doubles with each one.
    secondary_wait
        Wait after a secondary rate limit that names no time. GitHub asks for a minute at least.
    request
        Time for one answer of the server.
    """

    total: float = 180.0
    first_wait: float = 1.0
    secondary_wait: float = 60.0
    request: int = 20


class GitHub:
    """One repository, as seen with one token.

    Parameters
    ----------
    repository
        ``owner/name``.
    token
        Of the workflow, or of a user.
    api_url
        GITHUB_API_URL; another than the default on GitHub Enterprise.
    patience
        How long to try.
    sleep, clock
        Waiting, and seconds that never go back.
    """

    def __init__(
        self,
        repository: str,
        token: SecretStr,
        api_url: str = DEFAULT_API_URL,
        *,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        address = urlsplit(api_url)
        if address.scheme not in {"https", "http"} or not address.hostname:
            raise NotGitHub("reach GITHUB_API_URL")
        self.repository = repository
        self._patience = patience or Patience()
        self._sleep = sleep
        self._clock = clock
        self._client = Github(
            base_url=api_url.rstrip("/"),
            auth=Auth.Token(token.get_secret_value()),
            timeout=self._patience.request,
            user_agent="easeml-action",
            per_page=PAGE_SIZE,
            api_version=API_VERSION,
            lazy=True,
            retry=None,
            # A run makes a handful of requests: there is nothing to spread out.
            seconds_between_requests=None,
            seconds_between_writes=None,
        )

    def ask(self, purpose: str, permission: str, operation: Callable[[Github, Repository], T]) -> T:
        """Run one operation on the API, again where GitHub asks for patience.

        Parameters
        ----------
        purpose
            Completes "could not be used to ...".
        permission
            The permission that the operation needs, as a workflow spells it.
        operation
            Called with the client and the repository (which has not been fetched). It must do no
            harm when it is run twice, since an answer may get lost. It raises ValueError for an
            answer that is not GitHub's.

        Raises
        ------
        MissingPermission, BadToken, RateLimited, ApiDown, NotGitHub, RequestRefused
        """
        deadline = self._clock() + self._patience.total
        wait = self._patience.first_wait
        while True:
            try:
                return operation(self._client, self._client.get_repo(self.repository))
            except requests.RequestException as error:
                if isinstance(error, requests.exceptions.InvalidHeader):
                    raise BadToken from None
                pause = wait
                if _is_lasting(error) or self._clock() + pause > deadline:
                    raise ApiDown(purpose, _cause(error)) from None
            except _UNREADABLE:
                raise NotGitHub(purpose) from None
            except GithubException as error:
                status, headers = error.status, error.headers or {}
                limited = _is_limited(error)
                if not limited and status < 500:
                    raise _refusal(purpose, permission, status) from None
                pause = self._pause(headers, wait, limited)
                if self._clock() + pause > deadline:
                    if limited:
                        raise RateLimited(datetime.now(UTC) + timedelta(seconds=pause)) from None
                    raise ApiDown(purpose, f"it answered with HTTP status {status}") from None
            self._sleep(pause)
            wait *= 2

    def _pause(self, headers: Mapping[str, str], wait: float, limited: bool) -> float:
        """Return the seconds to wait: what GitHub asks for, else ours."""
        asked = _number(headers.get("retry-after"))
        if asked is not None:
            return max(asked, wait)
        reset = _number(headers.get("x-ratelimit-reset"))
        if limited and reset is not None and headers.get("x-ratelimit-remaining") == "0":
            return max(reset + 1 - datetime.now(UTC).timestamp(), wait)
        return max(self._patience.secondary_wait, wait) if limited else wait


def _is_limited(error: GithubException) -> bool:
    headers = error.headers or {}
    return isinstance(error, RateLimitExceededException) or (
        error.status in {403, 429}
        and (
            error.status == 429
            or "retry-after" in headers
            or headers.get("x-ratelimit-remaining") == "0"
        )
    )


def _refusal(purpose: str, permission: str, status: int) -> Exception:
    if status == 401:
        return BadToken()
    if status in {403, 404}:
        return MissingPermission(permission, purpose)
    return RequestRefused(purpose, status) if status >= 400 else NotGitHub(purpose)


def _is_lasting(error: requests.RequestException) -> bool:
    """Say whether trying again is of no use (a ValueError of requests is a malformed URL)."""
    return isinstance(error, (requests.exceptions.SSLError, ValueError))


def _cause(error: requests.RequestException) -> str:
    # The text of such an error can hold the URL and a proxy's password: only its kind is told.
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate was not accepted"
    if isinstance(error, requests.Timeout):
        return "it did not answer in time"
    return "there was no connection"


def _number(value: object) -> float | None:
    text = str(value or "")
    return float(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None
