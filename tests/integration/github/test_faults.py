"""What the client does when GitHub, or something in its place, does not play along."""

import json
import re
import socket
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from pydantic import SecretStr

from easeml_action.demo.github import GitHubServer
from easeml_action.errors import GateError
from easeml_action.github import (
    ApiDown,
    BadToken,
    GitHub,
    Issues,
    MissingPermission,
    NotGitHub,
    RateLimited,
    RequestRefused,
    set_status,
)
from easeml_action.patience import DEFAULT_SECONDS
from tests.openapi import check

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SET = "3f" * 16
SECONDARY = json.dumps(
    {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}
)
PRIMARY = json.dumps({"message": "API rate limit exceeded for installation ID 1."})
FORBIDDEN = json.dumps({"message": "Resource not accessible by integration"})
PAGE = "<html><body>Sign in to the company network</body></html>"


def _set(github: GitHub) -> None:
    set_status(github, COMMIT, "success", "Pass")


def _open(github: GitHub) -> None:
    Issues(github).open_once(SET, "title", "body")


def _states(server: GitHubServer) -> list[str]:
    return [status["state"] for status in server.statuses(COMMIT)]


def _pause(clock: Any) -> float:
    """Return the one pause, which is what was asked for and a little more by chance."""
    [pause] = clock.sleeps
    return float(pause)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_error_of_the_server_is_tried_again(
    server: GitHubServer, github: GitHub, clock: Any, status: int
) -> None:
    server.fail_next(2, status=status, body="<html>Unicorn!</html>")
    _set(github)

    assert _states(server) == ["success"]
    assert len(clock.sleeps) == 2


def test_retry_after_is_honoured(server: GitHubServer, github: GitHub, clock: Any) -> None:
    server.fail_next(status=429, headers={"Retry-After": "7"})
    _set(github)

    assert _states(server) == ["success"]
    assert 7 <= _pause(clock) < 8


def test_a_secondary_rate_limit_is_waited_for(
    server: GitHubServer, github: GitHub, clock: Any
) -> None:
    server.fail_next(status=403, body=SECONDARY)
    _set(github)

    assert _states(server) == ["success"]
    assert 60 <= _pause(clock) < 61


def test_a_403_with_retry_after_is_a_rate_limit(
    server: GitHubServer, github: GitHub, clock: Any
) -> None:
    server.fail_next(status=403, headers={"Retry-After": "30"}, body=FORBIDDEN)
    _set(github)

    assert 30 <= _pause(clock) < 31


def test_a_retry_after_beyond_our_patience_is_not_waited_for(
    server: GitHubServer, github: GitHub, clock: Any
) -> None:
    server.fail_next(status=429, headers={"Retry-After": "3600"})
    with pytest.raises(RateLimited) as caught:
        _set(github)

    assert clock.sleeps == []
    left = (caught.value.until - datetime.now(UTC)).total_seconds()
    assert 3500 < left <= 3600


def test_a_primary_rate_limit_says_until_when(server: GitHubServer, github: GitHub) -> None:
    reset = int(datetime.now(UTC).timestamp()) + 1800
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    server.fail_next(status=403, body=PRIMARY, headers=headers)
    with pytest.raises(RateLimited) as caught:
        _set(github)

    assert re.search(r"until about \d{4}-\d\d-\d\d \d\d:\d\d UTC", caught.value.problem)
    assert abs(caught.value.until.timestamp() - reset) < 60


def test_a_primary_rate_limit_that_ends_soon_is_waited_for(
    server: GitHubServer, github: GitHub, clock: Any
) -> None:
    reset = int(datetime.now(UTC).timestamp()) + 20
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    server.fail_next(status=403, body=PRIMARY, headers=headers)
    _set(github)

    assert _states(server) == ["success"]
    assert 0 < sum(clock.sleeps) <= 22


@pytest.mark.parametrize("status", [403, 404])
def test_a_missing_permission_for_statuses_is_named(
    server: GitHubServer, github: GitHub, clock: Any, status: int
) -> None:
    server.fail_next(status=status, body=FORBIDDEN)
    with pytest.raises(MissingPermission, match="statuses: write") as caught:
        _set(github)

    assert "fork" in caught.value.remedy
    assert clock.sleeps == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_missing_permission_for_issues_is_named(
    server: GitHubServer, github: GitHub, method: str
) -> None:
    server.fail_next(status=403, body=FORBIDDEN, method=method)
    with pytest.raises(MissingPermission, match="issues: write"):
        _open(github)


def test_a_wrong_token_is_named_at_once(
    server: GitHubServer, connect: Callable[..., GitHub], clock: Any
) -> None:
    with pytest.raises(BadToken):
        _set(connect(server.url, token=SecretStr("ghs_wrong")))

    assert clock.sleeps == []


def test_a_token_that_fits_in_no_header_is_a_bad_one(
    server: GitHubServer, connect: Callable[..., GitHub]
) -> None:
    token = SecretStr("ghs_" + "secret\nX-Other: 1")
    with pytest.raises(BadToken) as caught:
        _set(connect(server.url, token=token))

    assert "ghs_secret" not in "".join(traceback.format_exception(caught.value))


def test_issues_that_are_switched_off_are_named(server: GitHubServer, github: GitHub) -> None:
    server.fail_next(status=410, body='{"message": "Issues are disabled for this repo"}')
    with pytest.raises(RequestRefused, match="issues enabled"):
        _open(github)


@pytest.mark.parametrize("status", [200, 201, 302])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_web_page_in_place_of_the_api_is_not_taken_for_success(
    server: GitHubServer, github: GitHub, status: int, method: str
) -> None:
    server.fail_next(999, status=status, body=PAGE, method=method, path="/issues")
    with pytest.raises(NotGitHub, match="GITHUB_API_URL"):
        _open(github)


@pytest.mark.parametrize("body", [PAGE, "", "{}", "[]", "null", '{"state": "pending"}', "{"])
def test_an_answer_that_is_no_status_is_not_taken_for_one(
    server: GitHubServer, github: GitHub, body: str
) -> None:
    server.fail_next(999, status=201, body=body)
    with pytest.raises(NotGitHub):
        _set(github)


@pytest.mark.parametrize("body", [PAGE, "[]", '"text"', '{"message": 7}'])
def test_an_odd_body_of_an_error_does_not_hide_the_error(
    server: GitHubServer, github: GitHub, body: str
) -> None:
    server.fail_next(999, status=403, body=body)
    with pytest.raises((MissingPermission, NotGitHub)):
        _set(github)


@pytest.mark.parametrize("body", [PAGE, "{"])
def test_a_web_page_or_half_an_answer_that_passes_is_waited_for(
    server: GitHubServer, github: GitHub, clock: Any, body: str
) -> None:
    server.fail_next(2, status=200, body=body)
    _open(github)
    _set(github)

    assert [issue["number"] for issue in server.issues] == [1]
    assert _states(server) == ["success"]
    assert len(clock.sleeps) == 2


@pytest.mark.parametrize("status", [200, 500, 502])
def test_an_issue_whose_answer_got_lost_is_not_opened_again(
    server: GitHubServer, github: GitHub, status: int
) -> None:
    server.fail_next(status=status, body=PAGE, method="POST", path="/issues", after=True)
    number = Issues(github).open_once(SET, "title", "body")

    assert [issue["number"] for issue in server.issues] == [number]


@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH"])
def test_a_comment_whose_answer_got_lost_is_not_posted_again(
    server: GitHubServer, github: GitHub, method: str
) -> None:
    issues = Issues(github)
    number = issues.open_once(SET, "title", "body")
    server.fail_next(status=502, method=method, path="/issues/", after=True)
    issues.close(number, "Done.")

    assert len(server.comments(number)) == 1
    assert server.issues[0]["state"] == "closed"


def test_one_list_that_is_never_handed_over_leaves_time_for_the_status(
    server: GitHubServer, github: GitHub, clock: Any
) -> None:
    server.fail_next(999, status=500, method="GET", path="/issues")
    with pytest.raises(ApiDown, match="list the issues"):
        Issues(github).list_open()
    server.fail_next(3, status=502, path="/statuses/")
    _set(github)

    assert _states(server) == ["success"]


def test_a_web_page_in_place_of_a_closed_issue_is_not_taken_for_success(
    server: GitHubServer, github: GitHub
) -> None:
    issues = Issues(github)
    number = issues.open_once(SET, "title", "body")
    server.fail_next(999, status=200, body=PAGE, method="PATCH")
    with pytest.raises(NotGitHub):
        issues.close(number, "Done.")


def test_a_refused_connection_is_tried_for_as_long_as_we_are_patient(
    connect: Callable[..., GitHub], clock: Any
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ApiDown, match="no connection"):
            _set(connect(url))

    assert DEFAULT_SECONDS / 2 - 4 < sum(clock.sleeps) <= DEFAULT_SECONDS / 2


def test_a_server_that_never_answers_is_given_up(connect: Callable[..., GitHub]) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ApiDown, match="did not answer in time"):
            _set(connect(url, seconds=0.5, answer=1.0, clock=time.monotonic))


def test_a_server_without_a_certificate_is_named_at_once(
    server: GitHubServer, connect: Callable[..., GitHub], clock: Any
) -> None:
    with pytest.raises(ApiDown, match="certificate"):
        _set(connect(server.url.replace("http://", "https://")))

    assert clock.sleeps == []


def test_a_server_that_stays_down_is_given_up(
    server: GitHubServer, github: GitHub, clock: Any
) -> None:
    server.fail_next(999, status=503)
    with pytest.raises(ApiDown, match="503"):
        _set(github)

    assert sum(clock.sleeps) <= DEFAULT_SECONDS / 2


@pytest.mark.parametrize("url", ["", "ftp://example.com", "https://", "api.github.com"])
def test_an_api_url_that_is_none_is_named(connect: Callable[..., GitHub], url: str) -> None:
    with pytest.raises(NotGitHub, match="GITHUB_API_URL"):
        connect(url)


def test_the_api_of_github_enterprise_has_a_path(connect: Callable[..., GitHub]) -> None:
    prefix = "/api/v3"
    with GitHubServer(prefix=prefix, check=partial(check, prefix=prefix)) as server:
        github = connect(server.url + "/")
        _set(github)
        _open(github)
        assert _states(server) == ["success"]
        assert len(server.issues) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [(401, "SECRET BODY"), (403, FORBIDDEN), (410, "SECRET BODY"), (429, "SECRET"), (500, PAGE)],
)
def test_no_error_holds_the_token_or_a_body(
    server: GitHubServer, connect: Callable[..., GitHub], status: int, body: str
) -> None:
    server.fail_next(99, status=status, body=body)
    with pytest.raises(GateError) as caught:
        _set(connect(server.url, seconds=0.0))

    text = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    assert "ghs_demo" not in text
    assert "SECRET" not in text
    assert "company network" not in text
    assert "not accessible" not in text
