"""What the key holder's commands ask of GitHub: settings that are only read, and a pull request."""

import pytest

from easeml_action.github import (
    MissingPermission,
    default_permission,
    find_environment,
    has_environment_secret,
    has_secret,
    is_seen,
    keeps_history,
    open_pull_request,
    required_checks,
    runs_actions,
    shares_secret,
)

PULL = {"head": "new-rows", "base": "main", "title": "Use a new test set", "body": "Rows."}


def test_a_repository_is_seen(server, github) -> None:
    assert is_seen(github)
    server.fail_next(status=404)
    assert not is_seen(github)


def test_secrets_are_known_by_name(server, github) -> None:
    server.settings.secrets.add("EASEML_PRIVATE_KEY")
    assert has_secret(github, "EASEML_PRIVATE_KEY")
    assert not has_secret(github, "OTHER")


def test_secrets_of_the_organization_are_found_on_whichever_page_they_are(server, github) -> None:
    assert not shares_secret(github, "EASEML_PRIVATE_KEY")
    server.settings.shared_secrets |= {f"A{number}" for number in range(100)}
    assert not shares_secret(github, "EASEML_PRIVATE_KEY")
    server.settings.shared_secrets.add("EASEML_PRIVATE_KEY")
    assert shares_secret(github, "EASEML_PRIVATE_KEY")
    assert not has_secret(github, "EASEML_PRIVATE_KEY")


@pytest.mark.parametrize("name", ["easeml", "gates/a b"])
def test_an_environment_keeps_secrets_of_its_own(server, github, name: str) -> None:
    server.settings.environment_secrets[name] = {"EASEML_PRIVATE_KEY"}
    assert has_environment_secret(github, name, "EASEML_PRIVATE_KEY")
    assert not has_environment_secret(github, name, "OTHER")
    assert not has_environment_secret(github, "other", "EASEML_PRIVATE_KEY")
    assert not has_secret(github, "EASEML_PRIVATE_KEY")


@pytest.mark.parametrize(
    ("rules", "reviewed", "restricted"),
    [
        (set(), False, False),
        ({"wait_timer"}, False, False),
        ({"required_reviewers"}, True, False),
        ({"branch_policy"}, False, True),
        ({"required_reviewers", "branch_policy"}, True, True),
    ],
)
def test_it_is_seen_what_an_environment_waits_for(
    server, github, rules: set[str], reviewed: bool, restricted: bool
) -> None:
    assert find_environment(github, "easeml") is None
    server.settings.environments["easeml"] = rules
    found = find_environment(github, "easeml")
    assert found is not None
    assert (found.reviewed, found.restricted) == (reviewed, restricted)


def test_actions_and_its_default_permission_are_read(server, github) -> None:
    assert (runs_actions(github), default_permission(github)) == (True, "read")
    server.settings.actions, server.settings.permission = False, "write"
    assert (runs_actions(github), default_permission(github)) == (False, "write")


def test_required_statuses_come_from_rulesets_or_from_protection(server, github) -> None:
    assert required_checks(github, "main") == frozenset()
    server.settings.protections["main"] = {
        "required_status_checks": {"contexts": ["easeml/ci"], "checks": []}
    }
    assert required_checks(github, "main") == {"easeml/ci"}
    server.settings.required["main"] = ["tests", "easeml/ci"]
    assert required_checks(github, "main") == {"easeml/ci", "tests"}


def test_a_branch_keeps_its_history_by_rulesets_or_by_protection(server, github) -> None:
    assert not keeps_history(github, "easeml-ledger")
    server.settings.protections["easeml-ledger"] = {"allow_force_pushes": {"enabled": True}}
    assert not keeps_history(github, "easeml-ledger")
    server.settings.protections["easeml-ledger"] = {"allow_force_pushes": {"enabled": False}}
    assert keeps_history(github, "easeml-ledger")
    server.settings.kept.add("other")
    assert keeps_history(github, "other")


def test_a_token_that_may_not_look_is_told_which_permission_is_missing(server, github) -> None:
    server.fail_next(status=403)
    with pytest.raises(MissingPermission, match="secrets: read"):
        has_secret(github, "EASEML_PRIVATE_KEY")
    server.fail_next(status=403)
    with pytest.raises(MissingPermission, match="environments: read"):
        has_environment_secret(github, "easeml", "EASEML_PRIVATE_KEY")


def test_a_pull_request_is_opened_once_also_where_the_answer_gets_lost(server, github) -> None:
    server.fail_next(status=502, method="POST", after=True)
    page = open_pull_request(github, **PULL)
    assert page == "https://github.com/octo/model/pull/1"
    assert [(pull["title"], pull["head"]["ref"]) for pull in server.pulls] == [
        ("Use a new test set", "new-rows")
    ]
    assert open_pull_request(github, **PULL) == page
