"""The local server is as strict as GitHub's own description, and can live in its own process."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from easeml_action.demo.github import DEFAULT_REPOSITORY, GitHubServer, RequestRefused
from easeml_action.demo.github_repository import Request
from easeml_action.github import GitHub, Issues, set_status
from tests.openapi import check

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PATH = "/repos/octo/model"


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("GET", "/unknown", {}, None),
        ("PUT", "/issues", {}, {}),
        ("GET", "/issues", {"status": "open"}, None),
        ("GET", "/issues", {"state": "opened"}, None),
        ("GET", "/issues", {"per_page": "many"}, None),
        ("GET", "/issues", {}, {"state": "open"}),
        ("GET", "/issues/seven", {}, None),
        ("POST", "/issues", {}, {}),
        ("POST", "/issues", {}, {"title": "a", "label": "b"}),
        ("POST", "/labels", {}, {"name": 1}),
        ("PATCH", "/issues/1", {}, {"state": "done"}),
        ("PATCH", "/issues/1", {}, {"state": "closed", "state_reason": "finished"}),
        ("POST", f"/statuses/{COMMIT}", {}, {"state": "passed"}),
        ("POST", f"/statuses/{COMMIT}", {}, {"description": "x"}),
    ],
)
def test_a_request_that_github_does_not_describe_fails_the_test(
    method: str, path: str, query: dict[str, str], body: object
) -> None:
    with pytest.raises(RequestRefused), GitHubServer(check=check) as server:
        server.answer(Request(method, PATH + path, query, body), "token ghs_demo")


def test_an_error_inside_is_not_hidden_by_a_refused_request() -> None:
    def fail_after_a_refused_request() -> None:
        with GitHubServer(check=check) as server:
            server.answer(Request("GET", "/unknown", {}, None), "")
            raise KeyError

    with pytest.raises(KeyError):
        fail_after_a_refused_request()


def test_another_repository_is_not_there(server: GitHubServer) -> None:
    request = Request("GET", "/repos/octo/other/issues", {}, None)

    assert server.answer(request, "token ghs_demo").status == 404


def test_every_route_answers_as_github_describes(server: GitHubServer) -> None:
    def ask(method: str, path: str, body: object = None, **query: str) -> tuple[int, Any]:
        request = Request(method, PATH + path, query, body)
        response = server.answer(request, "Bearer ghs_demo")
        return response.status, json.loads(response.body or "null")

    assert ask("POST", f"/statuses/{COMMIT}", {"state": "pending"})[0] == 201
    assert ask("POST", "/statuses/abc", {"state": "pending"})[0] == 422
    assert ask("POST", "/labels", {"name": "easeml-ci", "color": "ffffff"})[0] == 201
    assert ask("POST", "/labels", {"name": "EASEML-ci"})[0] == 422
    assert ask("POST", "/issues", {"title": ""})[0] == 422
    assert ask("POST", "/issues", {"title": "a", "labels": ["easeml-ci", "new"]})[0] == 201
    assert ask("GET", "/issues/1")[0] == 200
    assert ask("PATCH", "/issues/1", {"state": "closed"})[0] == 200
    assert ask("PATCH", "/issues/1", {"state": "open", "title": "b"})[0] == 200
    assert ask("POST", "/issues/1/comments", {"body": "c"})[0] == 201

    assert [each["state"] for each in ask("GET", f"/commits/{COMMIT}/statuses")[1]] == ["pending"]
    assert [each["name"] for each in ask("GET", "/labels")[1]] == ["easeml-ci", "new"]
    (issue,) = ask("GET", "/issues", direction="asc", state="open")[1]
    assert (issue["title"], issue["state_reason"], issue["comments"]) == ("b", "reopened", 1)
    (comment,) = ask("GET", "/issues/1/comments")[1]

    assert ask("DELETE", f"/issues/comments/{comment['id']}") == (204, None)
    assert ask("DELETE", f"/issues/comments/{comment['id']}")[0] == 404
    for method, path, body in (
        ("GET", "/issues/9", None),
        ("PATCH", "/issues/9", {"state": "closed"}),
        ("GET", "/issues/9/comments", None),
        ("POST", "/issues/9/comments", {"body": "c"}),
    ):
        assert ask(method, path, body)[0] == 404


def test_a_body_that_is_no_json_is_refused_as_github_does(server: GitHubServer) -> None:
    request = urllib.request.Request(f"{server.url}{PATH}/issues", b"{", method="POST")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)

    with caught.value as answer:
        assert answer.code == 400
        assert json.loads(answer.read())["message"] == "Problems parsing JSON"


def test_every_answer_tells_what_is_left_of_the_rate_limit(server: GitHubServer) -> None:
    request = Request("GET", f"{PATH}/labels", {}, None)
    first, second = (server.answer(request, "token ghs_demo").headers for _ in range(2))

    name = "X-RateLimit-Remaining"
    assert int(first[name]) == int(second[name]) + 1


def test_the_server_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    port_file, state_file = tmp_path / "port", tmp_path / "state.json"
    command = [sys.executable, "-m", "easeml_action.demo.github"]
    command += ["--port-file", str(port_file), "--state-file", str(state_file)]
    with subprocess.Popen(
        command, env={"GITHUB_TOKEN": "ghs_other"}, stdout=subprocess.PIPE
    ) as process:
        while not port_file.exists() and process.poll() is None:
            time.sleep(0.01)
        url = f"http://127.0.0.1:{port_file.read_text()}"
        github = GitHub(DEFAULT_REPOSITORY, SecretStr("ghs_other"), url)
        set_status(github, COMMIT, "success", "Pass")
        Issues(github).open_once("3f", "title", "body")
        process.terminate()
        assert process.wait(30) == 0

    state = json.loads(state_file.read_text())
    assert state["statuses"][COMMIT][0]["description"] == "Pass"
    assert state["issues"][0]["title"] == "title"
    for request in state["requests"]:
        check(Request(**request), None)
    assert state["requests"][0]["path"] == f"{PATH}/statuses/{COMMIT}"
    assert "ghs_other" not in state_file.read_text()
