import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from easeml_action.demo.github import DEFAULT_REPOSITORY, DEFAULT_TOKEN, GitHubServer
from easeml_action.github import GitHub, Issues

SET = "3f" * 16
OTHER_SET = "4a" * 16


def _open(url: str, title: str = "The test set is used up") -> int:
    github = GitHub(DEFAULT_REPOSITORY, SecretStr(DEFAULT_TOKEN), url)
    return Issues(github).open_once(SET, title, "Please rotate it.")


def _open_ones(server: GitHubServer) -> list[int]:
    return [issue["number"] for issue in server.issues if issue["state"] == "open"]


def test_the_issue_has_our_label_and_a_hidden_marker(server: GitHubServer, github: GitHub) -> None:
    number = Issues(github).open_once(SET, "Used up", "Please rotate it.")

    (issue,) = server.issues
    assert issue["number"] == number
    assert [label["name"] for label in issue["labels"]] == ["easeml-ci"]
    assert f"<!-- easeml-ci test-set={SET} -->" in issue["body"]
    assert issue["body"].startswith("Please rotate it.")


def test_the_issue_is_opened_once(server: GitHubServer, github: GitHub) -> None:
    issues = Issues(github)

    assert issues.open_once(SET, "a", "b") == issues.open_once(SET, "other title", "b")
    assert len(server.issues) == 1


def test_every_test_set_has_its_own_issue(server: GitHubServer, github: GitHub) -> None:
    issues = Issues(github)
    first, second = (issues.open_once(each, "a", "b") for each in (SET, OTHER_SET))

    assert first != second
    assert [(each.number, each.test_set) for each in issues.list_open()] == [
        (first, SET),
        (second, OTHER_SET),
    ]


def test_an_issue_closed_by_hand_is_not_opened_again(server: GitHubServer, github: GitHub) -> None:
    issues = Issues(github)
    number = issues.open_once(SET, "a", "b")
    issues.close(number, "Done.")

    assert issues.open_once(SET, "a", "b") == number
    assert issues.find(SET) == number
    assert issues.list_open() == ()


def test_a_marker_without_our_label_is_ignored(server: GitHubServer, github: GitHub) -> None:
    forged = f"<!-- easeml-ci test-set={SET} -->"

    def forge(client: object, repository: object) -> None:
        repository.create_issue("Forged", body=forged)  # type: ignore[attr-defined]

    github.ask("forge", "issues: write", forge)

    assert Issues(github).find(SET) is None
    assert Issues(github).open_once(SET, "a", "b") == 2


def test_the_issue_is_found_behind_many_others(server: GitHubServer, github: GitHub) -> None:
    number = Issues(github).open_once(SET, "a", "b")

    def fill(client: object, repository: object) -> None:
        for index in range(210):
            repository.create_issue(f"{index}", body="x", labels=["easeml-ci"])  # type: ignore[attr-defined]

    github.ask("fill", "issues: write", fill)

    assert Issues(github).find(SET) == number
    pages = [request.query.get("page", "1") for request in server.requests[-3:]]
    assert pages == ["1", "2", "3"]


def test_eight_threads_that_race_leave_one_open_issue(server: GitHubServer) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(_open, [server.url] * 8))

    assert set(numbers) == {1}
    assert _open_ones(server) == [1]


def test_eight_processes_that_race_leave_one_open_issue(server: GitHubServer) -> None:
    with multiprocessing.get_context("spawn").Pool(8) as pool:
        numbers = pool.map(_open, [server.url] * 8, chunksize=1)

    assert set(numbers) == {1}
    assert _open_ones(server) == [1]


def test_runs_that_all_saw_no_issue_leave_one_open(server: GitHubServer, github: GitHub) -> None:
    numbers = set()
    for _ in range(5):
        server.fail_next(status=200, body="[]", method="GET", path="/issues")
        numbers.add(Issues(github).open_once(SET, "a", "b"))

    assert numbers == {1}
    assert len(server.issues) == 5
    assert _open_ones(server) == [1]
    assert {issue["state_reason"] for issue in server.issues[1:]} == {"not_planned"}


def test_closing_leaves_the_numbers_and_the_reason(server: GitHubServer, github: GitHub) -> None:
    issues = Issues(github)
    number = issues.open_once(SET, "a", "b")
    issues.close(number, "| Step | n |\n|---|---|\n| 1 | 0.9 |")

    (issue,) = server.issues
    assert (issue["state"], issue["state_reason"]) == ("closed", "completed")
    (comment,) = server.comments(number)
    assert comment["body"].startswith("| Step | n |")


def test_closing_twice_comments_once(server: GitHubServer, github: GitHub) -> None:
    issues = Issues(github)
    number = issues.open_once(SET, "a", "b")
    for _ in range(2):
        issues.close(number, "Done.")

    assert len(server.comments(number)) == 1


def test_threads_that_race_to_close_leave_one_comment(
    server: GitHubServer, connect: Callable[..., GitHub], github: GitHub
) -> None:
    number = Issues(github).open_once(SET, "a", "b")
    with ThreadPoolExecutor(6) as pool:
        jobs = [
            pool.submit(Issues(connect(server.url)).close, number, f"Done {index}.")
            for index in range(6)
        ]
        for job in jobs:
            job.result()

    assert len(server.comments(number)) == 1
    assert server.issues[0]["state"] == "closed"


def test_a_closing_comment_whose_answer_got_lost_stays_single(
    server: GitHubServer, github: GitHub
) -> None:
    number = Issues(github).open_once(SET, "a", "b")
    server.fail_next(status=502, method="POST", path="/comments", after=True)
    Issues(github).close(number, "Done.")

    assert len(server.comments(number)) == 1


@pytest.mark.parametrize("test_set", ["", "a b", "--> <b>", "x" * 129, "a\nb"])
def test_a_test_set_id_that_could_end_the_marker_is_refused(github: GitHub, test_set: str) -> None:
    with pytest.raises(ValueError, match="test_set"):
        Issues(github).open_once(test_set, "a", "b")
