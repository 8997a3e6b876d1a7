"""The connection to GitHub's REST API: one door for every request, with retries and clear errors.

PyGithub speaks to GitHub. Its own retries (GithubRetry) sleep for as long as a Retry-After header
or a rate limit's reset asks, an hour if need be; ours give up when the run's patience is over.
"""

import math
from collections.abc import Callable, Mapping
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

from easeml_action.errors import GateError
from easeml_action.github.errors import (
    ApiDown,
    BadToken,
    MissingPermission,
    NotGitHub,
    RateLimited,
    RequestRefused,
)
from easeml_action.patience import Patience

DEFAULT_API_URL = "https://api.github.com"
API_VERSION = "2022-11-28"
PAGE_SIZE = 100
# Seconds for one answer, where the run is more patient than that.
LONGEST_ANSWER = 20
# Seconds after a secondary rate limit that names no time. GitHub asks for a minute at least.
SECONDARY_WAIT = 60.0

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
        How long to try, all operations together.
    """

    def __init__(
        self,
        repository: str,
        token: SecretStr,
        api_url: str = DEFAULT_API_URL,
        *,
        patience: Patience | None = None,
    ) -> None:
        address = urlsplit(api_url)
        if address.scheme not in {"https", "http"} or not address.hostname:
            raise NotGitHub("reach GITHUB_API_URL")
        self.repository = repository
        self._patience = patience or Patience()
        self._client = Github(
            base_url=api_url.rstrip("/"),
            auth=Auth.Token(token.get_secret_value()),
            timeout=math.ceil(min(LONGEST_ANSWER, self._patience.answer)),
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
        trial = self._patience.trial("GitHub")
        while True:
            asked = 0.0
            try:
                return operation(self._client, self._client.get_repo(self.repository))
            except requests.exceptions.InvalidHeader:
                raise BadToken from None
            except requests.RequestException as error:
                if _is_lasting(error):
                    raise ApiDown(purpose, _cause(error)) from None
                fault: GateError = ApiDown(purpose, _cause(error))
            except _UNREADABLE:
                # A web page or half an answer, from GitHub in distress or from a proxy.
                fault = NotGitHub(purpose)
            except GithubException as error:
                status, limited = error.status, _is_limited(error)
                asked = _asked(error.headers or {}, limited)
                if limited:
                    fault = RateLimited(purpose, datetime.now(UTC) + timedelta(seconds=asked))
                elif status >= 500:
                    fault = ApiDown(purpose, f"it answered with HTTP status {status}")
                elif status >= 400:
                    raise _refusal(purpose, permission, status) from None
                else:
                    fault = NotGitHub(purpose)
            if not trial.pause(asked):
                raise fault


def _asked(headers: Mapping[str, str], limited: bool) -> float:
    """Return the seconds for which GitHub asks us to wait."""
    after = _number(headers.get("retry-after"))
    if after is not None or not limited:
        return after or 0.0
    reset = _number(headers.get("x-ratelimit-reset"))
    if reset is not None and headers.get("x-ratelimit-remaining") == "0":
        return max(reset + 1 - datetime.now(UTC).timestamp(), 0.0)
    return SECONDARY_WAIT


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


def _refusal(purpose: str, permission: str, status: int) -> GateError:
    if status == 401:
        return BadToken()
    if status in {403, 404}:
        return MissingPermission(permission, purpose)
    return RequestRefused(purpose, status)


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
