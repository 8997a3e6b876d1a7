"""Secrets come from files, the environment or a prompt."""

import sys

import pytest

from easeml_action.cli import credentials
from easeml_action.cli.credentials import ask_passphrase, given_passphrase, read_private_key
from easeml_action.cli.errors import FileUnreadable, WrongUse


@pytest.fixture
def answers(monkeypatch) -> list[str]:
    """Answers to give at a terminal, the first one last."""
    waiting: list[str] = []
    monkeypatch.delenv("EASEML_PASSPHRASE", raising=False)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(credentials, "getpass", lambda _: waiting.pop())
    return waiting


def test_a_file_comes_before_the_environment(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("EASEML_PRIVATE_KEY", "from the environment")
    (tmp_path / "key.asc").write_text("from the file")
    assert read_private_key(tmp_path / "key.asc").get_secret_value() == "from the file"
    assert read_private_key(None).get_secret_value() == "from the environment"


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_variable_is_no_key(text: str, monkeypatch) -> None:
    monkeypatch.setenv("EASEML_PRIVATE_KEY", text)
    assert read_private_key(None) is None


def test_a_key_that_is_no_text_is_wrong_use(tmp_path) -> None:
    (tmp_path / "key.gpg").write_bytes(b"\x95\xff\xfe")
    with pytest.raises(WrongUse, match="armor the key"):
        read_private_key(tmp_path / "key.gpg")


def test_a_key_that_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(FileUnreadable, match="no such file"):
        read_private_key(tmp_path / "key.asc")


def test_the_environment_comes_before_the_question(monkeypatch, answers) -> None:
    monkeypatch.setenv("EASEML_PASSPHRASE", "from the environment")
    assert ask_passphrase("Passphrase").get_secret_value() == "from the environment"
    assert given_passphrase().get_secret_value() == "from the environment"


def test_nothing_is_asked_where_there_is_no_terminal(monkeypatch, answers) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    assert ask_passphrase("Passphrase", twice=True) is None


def test_a_new_passphrase_is_asked_for_twice(answers) -> None:
    answers += ["open sesame", "open sesame"]
    assert ask_passphrase("Passphrase", twice=True).get_secret_value() == "open sesame"
    assert answers == []


def test_two_different_answers_are_no_passphrase(answers) -> None:
    answers += ["open simsim", "open sesame"]
    with pytest.raises(WrongUse, match="differ"):
        ask_passphrase("Passphrase", twice=True)


def test_an_empty_answer_is_no_passphrase(answers) -> None:
    answers += [""]
    assert ask_passphrase("Passphrase", twice=True) is None


def test_no_secret_shows_itself(monkeypatch) -> None:
    monkeypatch.setenv("EASEML_PRIVATE_KEY", "a secret")
    assert "a secret" not in repr(read_private_key(None))
