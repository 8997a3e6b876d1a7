import pytest

from easeml_action.patience import DEFAULT_SECONDS
from easeml_action.settings import InvalidInput, NotOnARunner, Settings

RUNNER = {
    "INPUT_TOKEN": "ghs_secret_token",
    "INPUT_PRIVATE-KEY": "secret armor",
    "GITHUB_REPOSITORY": "octo/digits",
    "GITHUB_API_URL": "https://api.github.example/",
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_EVENT_PATH": "/event.json",
    "GITHUB_WORKSPACE": "/github/workspace",
    "GITHUB_RUN_ID": "17",
}


def test_inputs_left_out_have_the_defaults_of_action_yml() -> None:
    settings = Settings.from_environ(RUNNER)
    assert settings.config == ".easeml.yml"
    assert settings.fail_on == "fail"
    assert settings.ledger_branch == "easeml-ledger"
    assert settings.retry_seconds == DEFAULT_SECONDS
    assert settings.passphrase is None


def test_the_ledger_is_in_the_checkout_s_repository_or_in_another_one_on_the_same_host() -> None:
    assert Settings.from_environ(RUNNER).ledger_address is None
    settings = Settings.from_environ({**RUNNER, "INPUT_LEDGER-REPOSITORY": "acme/ledger"})
    assert settings.ledger_address == "https://github.example/acme/ledger.git"


def test_the_run_url_is_where_a_reader_finds_the_log() -> None:
    url = Settings.from_environ(RUNNER).run_url
    assert url == "https://github.example/octo/digits/actions/runs/17"


def test_no_secret_shows_when_the_settings_are_printed() -> None:
    shown = repr(Settings.from_environ(RUNNER))
    assert "ghs_secret_token" not in shown
    assert "secret armor" not in shown


@pytest.mark.parametrize("variable", sorted(name for name in RUNNER if name.startswith("GITHUB")))
def test_a_missing_runner_variable_is_named(variable: str) -> None:
    with pytest.raises(NotOnARunner, match=variable):
        Settings.from_environ({**RUNNER, variable: ""})


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("INPUT_FAIL-ON", "sometimes", "one of: fail, error, never"),
        ("INPUT_CONFIG", "../other.yml", "from the root of the repository"),
        ("INPUT_CONFIG", "/etc/passwd", "from the root of the repository"),
        ("INPUT_LEDGER-BRANCH", "a b", "not a branch name"),
        ("INPUT_LEDGER-BRANCH", "-x", "not a branch name"),
        ("INPUT_LEDGER-BRANCH", "a//b", "not a branch name"),
        ("INPUT_LEDGER-BRANCH", "a/.b", "not a branch name"),
        ("INPUT_LEDGER-BRANCH", "a.lock/b", "not a branch name"),
        ("INPUT_LEDGER-REPOSITORY", "ledger", "owner/name"),
        ("INPUT_LEDGER-REPOSITORY", "acme/../ledger", "owner/name"),
        ("INPUT_LEDGER-REPOSITORY", "acme/..", "owner/name"),
        ("INPUT_LEDGER-REPOSITORY", "https://evil.example/a/b", "on the same host"),
        ("INPUT_RETRY-SECONDS", "0", "from 1 to 3,600"),
        ("INPUT_RETRY-SECONDS", "3601", "from 1 to 3,600"),
        ("INPUT_RETRY-SECONDS", "1.5", "a whole number of seconds"),
        ("INPUT_RETRY-SECONDS", "-1", "a whole number of seconds"),
        ("INPUT_RETRY-SECONDS", "9" * 20, "from 1 to 3,600"),
        ("INPUT_TOKEN", " ", "github.token"),
        ("GITHUB_REPOSITORY", "digits", "owner/name"),
    ],
)
def test_an_illegal_input_is_refused_with_what_is_legal(name: str, value: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        Settings.from_environ({**RUNNER, name: value})
