import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from easeml_action.github import (
    SUPPORTED_EVENTS,
    Change,
    MalformedEvent,
    NothingToJudge,
    UnsupportedEvent,
    read_event,
    read_payload,
)

HEAD, BASE, MERGE = "a" * 40, "b" * 40, "c" * 40
NONE = "0" * 40

REPOSITORY = {"full_name": "octo/model", "default_branch": "main"}
PULL_REQUEST: dict[str, Any] = {
    "action": "synchronize",
    "number": 7,
    "pull_request": {
        "number": 7,
        "merge_commit_sha": MERGE,
        "head": {"sha": HEAD, "ref": "better", "repo": {"full_name": "octo/model"}},
        "base": {"sha": BASE, "ref": "main", "repo": {"full_name": "octo/model"}},
    },
    "repository": REPOSITORY,
}
PUSH: dict[str, Any] = {
    "ref": "refs/heads/main",
    "before": BASE,
    "after": HEAD,
    "created": False,
    "deleted": False,
    "repository": REPOSITORY,
}
MERGE_GROUP: dict[str, Any] = {
    "action": "checks_requested",
    "merge_group": {
        "head_sha": HEAD,
        "head_ref": "refs/heads/gh-readonly-queue/main/pr-7-bbbb",
        "base_sha": BASE,
        "base_ref": "refs/heads/main",
    },
    "repository": REPOSITORY,
}
DISPATCH: dict[str, Any] = {"ref": "refs/heads/main", "inputs": None, "repository": REPOSITORY}
SCHEDULE: dict[str, Any] = {"schedule": "0 0 * * 1"}


def _environ(event: str, **more: str) -> dict[str, str]:
    fixed = {
        "GITHUB_EVENT_NAME": event,
        "GITHUB_REPOSITORY": "octo/model",
        "GITHUB_SHA": MERGE,
        "GITHUB_REF": "refs/heads/main",
    }
    return fixed | more


def _with(payload: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    changed = deepcopy(payload)
    place = changed
    *parents, last = path.split(".")
    for key in parents:
        place = place[key]
    place[last] = value
    return changed


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target"])
def test_a_pull_request_is_judged_by_its_head_and_not_by_the_merge_commit(event: str) -> None:
    change = read_event(_environ(event, GITHUB_REF="refs/pull/7/merge"), PULL_REQUEST)

    assert change == Change(
        event=event,
        repository="octo/model",
        new=HEAD,
        base=BASE,
        branch="better",
        default_branch="main",
        trusted=None,
        fetch_refs=("refs/pull/7/head",),
        number=7,
    )


def test_a_pull_request_into_another_branch_is_held_to_the_default_branch() -> None:
    payload = _with(PULL_REQUEST, "pull_request.base.ref", "lower-bar")
    change = read_event(_environ("pull_request"), payload)

    assert change.trusted_branch == "main"
    assert change.trusted is None


@pytest.mark.parametrize("head", [{"full_name": "someone/model"}, None, {}])
def test_a_fork_is_told_apart_even_when_it_is_gone(head: object) -> None:
    payload = _with(PULL_REQUEST, "pull_request.head.repo", head)

    assert read_event(_environ("pull_request"), payload).from_fork
    assert read_event(_environ("pull_request"), payload).secrets_withheld


def test_the_secrets_of_a_forks_pull_request_target_are_not_withheld() -> None:
    payload = _with(PULL_REQUEST, "pull_request.head.repo", {"full_name": "someone/model"})
    change = read_event(_environ("pull_request_target"), payload)

    assert change.from_fork
    assert not change.secrets_withheld


def test_a_renamed_repository_is_not_a_fork_of_itself() -> None:
    environ = _environ("pull_request", GITHUB_REPOSITORY="octo/renamed")
    change = read_event(environ, PULL_REQUEST)

    assert change.repository == "octo/renamed"
    assert not change.from_fork


@pytest.mark.parametrize(
    ("event", "payload"),
    [("pull_request", PULL_REQUEST), ("pull_request_target", PULL_REQUEST), ("push", PUSH)],
)
def test_dependabot_has_no_secrets(event: str, payload: dict[str, Any]) -> None:
    change = read_event(_environ(event, GITHUB_ACTOR="dependabot[bot]"), payload)

    assert change.from_dependabot
    assert change.secrets_withheld


def test_a_push_to_the_default_branch_is_trusted_itself() -> None:
    change = read_event(_environ("push"), PUSH)

    assert (change.new, change.base, change.branch) == (HEAD, BASE, "main")
    assert change.trusted == HEAD
    assert change.fetch_refs == ("refs/heads/main",)
    assert change.number is None
    assert not change.secrets_withheld


def test_a_push_to_another_branch_is_held_to_the_default_branch() -> None:
    change = read_event(_environ("push"), _with(PUSH, "ref", "refs/heads/feature/x"))

    assert change.branch == "feature/x"
    assert change.trusted is None
    assert change.trusted_branch == "main"


def test_a_new_branch_has_no_base() -> None:
    change = read_event(_environ("push"), _with(PUSH, "before", NONE) | {"created": True})

    assert change.base is None
    assert change.new == HEAD


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (_with(PUSH, "after", NONE) | {"deleted": True}, "deleted"),
        (_with(PUSH, "after", NONE), "deleted"),
        (_with(PUSH, "ref", "refs/tags/v1"), "tag"),
    ],
)
def test_a_push_without_a_commit_is_nothing_to_judge(payload: dict[str, Any], said: str) -> None:
    with pytest.raises(NothingToJudge, match=said):
        read_event(_environ("push"), payload)


def test_a_merge_group_is_judged_by_its_head() -> None:
    change = read_event(_environ("merge_group"), MERGE_GROUP)

    assert (change.new, change.base) == (HEAD, BASE)
    assert change.branch == "gh-readonly-queue/main/pr-7-bbbb"
    assert change.trusted is None
    assert change.fetch_refs == ("refs/heads/gh-readonly-queue/main/pr-7-bbbb",)


def test_a_manual_run_judges_the_commit_that_it_was_started_on() -> None:
    change = read_event(_environ("workflow_dispatch"), DISPATCH)

    assert (change.new, change.base, change.trusted) == (MERGE, None, MERGE)


@pytest.mark.parametrize(
    ("ref", "branch"), [("refs/heads/feature", "feature"), ("refs/tags/v1", None)]
)
def test_a_manual_run_elsewhere_is_held_to_the_default_branch(ref: str, branch: str | None) -> None:
    change = read_event(_environ("workflow_dispatch", GITHUB_REF=ref), DISPATCH)

    assert (change.branch, change.trusted, change.default_branch) == (branch, None, "main")


@pytest.mark.parametrize("more", [{}, {"repository": REPOSITORY}])
def test_a_schedule_runs_on_the_default_branch_which_its_payload_may_not_name(
    more: dict[str, object],
) -> None:
    change = read_event(_environ("schedule"), SCHEDULE | more)

    assert (change.default_branch, change.new, change.trusted) == ("main", MERGE, MERGE)


@pytest.mark.parametrize("event", ["", "issues", "release", "workflow_run", "x\n::error::"])
def test_another_event_lists_the_supported_ones(event: str) -> None:
    with pytest.raises(UnsupportedEvent) as caught:
        read_event(_environ(event), {})

    for supported in SUPPORTED_EVENTS:
        assert supported in caught.value.remedy
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("event", "payload", "path"),
    [
        ("pull_request", PULL_REQUEST, "pull_request.head.sha"),
        ("pull_request", PULL_REQUEST, "pull_request.head.ref"),
        ("pull_request", PULL_REQUEST, "pull_request.base.sha"),
        ("pull_request", PULL_REQUEST, "pull_request.number"),
        ("pull_request", PULL_REQUEST, "repository.full_name"),
        ("pull_request", PULL_REQUEST, "repository.default_branch"),
        ("push", PUSH, "ref"),
        ("push", PUSH, "before"),
        ("push", PUSH, "after"),
        ("push", PUSH, "repository.default_branch"),
        ("merge_group", MERGE_GROUP, "merge_group.head_sha"),
        ("merge_group", MERGE_GROUP, "merge_group.base_sha"),
        ("merge_group", MERGE_GROUP, "merge_group.head_ref"),
        ("workflow_dispatch", DISPATCH, "repository.default_branch"),
    ],
)
@pytest.mark.parametrize(
    "value", [None, "", [], {}, True, -1, 1.5, "--upload-pack=x", "a b", "x" * 5000, "a..b", "\0"]
)
def test_a_malformed_field_is_named_in_one_sentence(
    event: str, payload: dict[str, Any], path: str, value: object
) -> None:
    with pytest.raises(MalformedEvent) as caught:
        read_event(_environ(event), _with(payload, path, value))

    assert path in caught.value.problem
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["GITHUB_SHA", "GITHUB_REF", "GITHUB_REPOSITORY"])
def test_a_variable_that_the_runner_did_not_set_is_named(name: str) -> None:
    environ = _environ("workflow_dispatch")
    del environ[name]
    with pytest.raises(MalformedEvent, match=name):
        read_event(environ, DISPATCH)


@pytest.mark.parametrize("sha", ["A" * 40, "a" * 39, "a" * 41, "g" * 40, "a" * 40 + "\n", "HEAD"])
def test_a_commit_id_is_hexadecimal_and_whole(sha: str) -> None:
    with pytest.raises(MalformedEvent):
        read_event(_environ("pull_request"), _with(PULL_REQUEST, "pull_request.head.sha", sha))


def test_a_repository_with_sha256_ids_is_read() -> None:
    payload = _with(PULL_REQUEST, "pull_request.head.sha", "d" * 64)

    assert read_event(_environ("pull_request"), payload).new == "d" * 64


@pytest.mark.parametrize("branch", ["feature/a-b_c.d", "dépôt", "a@b", "7", "a'\"$(x)`"])
def test_a_branch_may_have_any_name_that_git_allows(branch: str) -> None:
    payload = _with(PULL_REQUEST, "pull_request.head.ref", branch)

    assert read_event(_environ("pull_request"), payload).branch == branch


def test_the_event_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(PUSH))

    assert read_payload({"GITHUB_EVENT_PATH": str(path)}) == PUSH


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"7", b"\xff\xfe", b"[" * 100_000])
def test_an_event_file_that_is_no_json_object_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "event.json"
    path.write_bytes(content)
    with pytest.raises(MalformedEvent):
        read_payload({"GITHUB_EVENT_PATH": str(path)})


@pytest.mark.parametrize("path", ["", "/nowhere/event.json", "/", "a\0b"])
def test_a_missing_event_file_is_named(path: str) -> None:
    with pytest.raises(MalformedEvent, match="GITHUB_EVENT_PATH"):
        read_payload({"GITHUB_EVENT_PATH": path})


def test_an_event_file_beyond_what_github_sends_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    with path.open("wb") as file:
        file.truncate(26 * 1024 * 1024)
    with pytest.raises(MalformedEvent, match="25 MB"):
        read_payload({"GITHUB_EVENT_PATH": str(path)})
