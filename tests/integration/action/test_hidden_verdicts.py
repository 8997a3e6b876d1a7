"""Adaptivity none: the key holder alone learns the verdict."""

from collections.abc import Iterator

import pytest

from easeml_action.sealed import unseal
from easeml_action.testset import open_vault
from tests.integration.action.stage import MARKER, SCRIPT, Stage, key_of, model
from tests.leaks import WATCH
from tests.smtp import SmtpServer

RECIPIENT = "key.holder@example.com"


@pytest.fixture
def mail() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        yield running


@pytest.fixture
def hidden(stage: Stage, mail: SmtpServer) -> Stage:
    """A gate whose verdicts are mailed."""
    stage.found(adaptivity=f"none -> {RECIPIENT}", steps=3)
    stage.set_inputs(smtp_url=f"smtp://127.0.0.1:{mail.port}")
    return stage


def opened_verdicts(stage: Stage) -> list[bool]:
    """Return what the key holder reads in the ledger."""
    with open_vault(key_of("holder").private_key, None) as vault:
        return [unseal(vault, each["sealed"]).passed for each in stage.records("verdict")]


@pytest.mark.parametrize(("right", "word"), [(95, "pass"), (55, "fail")])
def test_the_verdict_is_mailed_and_stands_nowhere_else(
    hidden: Stage, mail: SmtpServer, right: int, word: str
) -> None:
    seen = hidden.pull_request({SCRIPT: model(right)})

    assert (seen.verdict, seen.run.exit_code) == ("recorded", 0)
    assert seen.status == ("success", "Recorded for the key holder: step 1 of 3, 2 left")
    [message] = mail.messages
    assert message["To"] == RECIPIENT
    assert message["Subject"] == f"[octo/model] ease.ml/ci: {word} for commit {seen.commit[:12]}"
    assert f"Verdict:    {word}" in message.get_content()
    assert MARKER not in message.get_content()
    [record] = hidden.records("verdict")
    assert record["passed"] is None
    assert opened_verdicts(hidden) == [word == "pass"]
    public = seen.public.lower().replace("a pass that it does not deserve", "")
    assert "pass" not in public
    assert "fail" not in public


def test_a_verdict_on_record_is_mailed_again_only_if_the_run_is_started_again(
    hidden: Stage, mail: SmtpServer
) -> None:
    first = hidden.pull_request({SCRIPT: model(95)})
    merged = hidden.merge(first.pull_request)
    assert first.pull_request
    assert merged.verdict == "recorded"
    assert len(mail.messages) == 1

    hidden.set(variables={**hidden.runner.variables, "GITHUB_RUN_ATTEMPT": "2"})
    hidden.judge(first.pull_request)

    assert len(mail.messages) == 2
    assert hidden.charged == 1


def test_a_mail_that_is_refused_is_a_warning_and_the_verdict_stands(hidden: Stage) -> None:
    with SmtpServer(refuse={"RCPT": "550 No such user"}) as strict:
        hidden.set_inputs(smtp_url=f"smtp://127.0.0.1:{strict.port}")
        seen = hidden.pull_request({SCRIPT: model(95)})

    assert (seen.verdict, seen.run.exit_code) == ("recorded", 0)
    assert "::warning::The mail server refused the recipient (SMTP code 550)." in seen.log
    assert opened_verdicts(hidden) == [True]


def test_a_mail_server_that_is_down_is_a_warning_and_the_verdict_stands(hidden: Stage) -> None:
    with SmtpServer() as gone:
        hidden.set_inputs(smtp_url=f"smtp://127.0.0.1:{gone.port}")

    seen = hidden.pull_request({SCRIPT: model(95)})

    assert (seen.verdict, seen.run.exit_code) == ("recorded", 0)
    assert "::warning::The mail server could not be used" in seen.log
    assert opened_verdicts(hidden) == [True]


def test_without_a_mail_server_the_key_holder_is_told_where_the_verdict_is(hidden: Stage) -> None:
    hidden.set_inputs(smtp_url=None)

    seen = hidden.pull_request({SCRIPT: model(95)})

    assert seen.verdict == "recorded"
    assert "easeml reveal" in seen.log
    assert opened_verdicts(hidden) == [True]


def test_the_password_of_the_mail_server_is_masked_and_shown_nowhere(hidden: Stage) -> None:
    password = WATCH.make_up("a password")
    with SmtpServer(user="me", password=password) as strict:
        hidden.set_inputs(smtp_url=f"smtp://me:{password}@127.0.0.1:{strict.port}")
        seen = hidden.pull_request({SCRIPT: model(95)})

        assert len(strict.messages) == 1
    assert password not in f"{seen.public}{hidden.ledger}{hidden.server.requests}"
    assert f"::add-mask::{password}\n" in seen.run.log


def test_a_test_set_retires_after_its_last_step_without_telling_a_verdict(
    hidden: Stage, mail: SmtpServer
) -> None:
    for right in (95, 55, 96):
        last = hidden.pull_request({SCRIPT: model(right)})

    assert last.run.outputs["remaining"] == "0"
    [issue] = hidden.server.issues
    assert issue["body"].count("recorded |") == 3
    assert "pass |" not in issue["body"]
    assert opened_verdicts(hidden) == [True, False, True]
    assert "Please provide a new one" in mail.messages[2].get_content()
