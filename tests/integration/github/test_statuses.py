import pytest

from easeml_action.demo.github import GitHubServer
from easeml_action.demo.github_repository import Request
from easeml_action.github import GitHub, set_status

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_a_status_arrives_with_all_its_fields(server: GitHubServer, github: GitHub) -> None:
    set_status(github, COMMIT, "success", "Pass", target_url="https://example.com/run/1")

    (status,) = server.statuses(COMMIT)
    assert status["state"] == "success"
    assert status["description"] == "Pass"
    assert status["context"] == "easeml/ci"
    assert status["target_url"] == "https://example.com/run/1"


def test_setting_a_status_takes_one_request(server: GitHubServer, github: GitHub) -> None:
    set_status(github, COMMIT, "pending", "Judging")

    assert [request.method for request in server.requests] == ["POST"]


def test_the_newest_status_comes_first(server: GitHubServer, github: GitHub) -> None:
    set_status(github, COMMIT, "pending", "Judging")
    set_status(github, COMMIT, "failure", "Fail")

    assert [status["state"] for status in server.statuses(COMMIT)] == ["failure", "pending"]


@pytest.mark.parametrize("text", ["x" * 500, "word " * 100, "é" * 141, "a\nb\tc " * 60])
def test_a_long_description_is_cut_to_what_github_takes(
    server: GitHubServer, github: GitHub, text: str
) -> None:
    set_status(github, COMMIT, "error", text)

    description = server.statuses(COMMIT)[0]["description"]
    assert 100 < len(description) <= 140
    assert description.endswith("…")
    assert "\n" not in description


def test_the_server_refuses_a_description_that_is_too_long(server: GitHubServer) -> None:
    body = {"state": "success", "description": "x" * 141}
    request = Request("POST", f"/repos/octo/model/statuses/{COMMIT}", {}, body)

    assert server.answer(request, "token ghs_demo").status == 422
