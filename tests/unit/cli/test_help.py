"""Every command explains itself, and wrong use is told in one sentence."""

import sys

import pytest

from easeml_action.cli import app, main

COMMANDS = [
    command.name or command.callback.__name__.replace("_", "-")
    for command in app.registered_commands
]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "argv", ["easeml", *arguments])
    return main()


def test_the_commands_are_the_documented_ones() -> None:
    assert COMMANDS == [
        "init",
        "try",
        "keygen",
        "encrypt",
        "plan",
        "check-config",
        "gate",
        "status",
        "reveal",
        "rotate",
        "demo",
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example_of_the_command(command, monkeypatch, capsys) -> None:
    assert run(monkeypatch, command, "--help") == 0
    assert f"Example: easeml {command}" in capsys.readouterr().out


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "demo"])
def test_a_result_can_be_had_as_json(command, monkeypatch, capsys) -> None:
    run(monkeypatch, command, "--help")
    assert "--json" in capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_option_is_wrong_use_in_one_line(command, monkeypatch, capsys) -> None:
    assert run(monkeypatch, command, "--no-such-option") == 2
    said = capsys.readouterr()
    assert said.out == ""
    sentence, more = said.err.splitlines()
    assert f"See `easeml {command} --help`." in sentence
    assert more.endswith("docs/errors.md#wrong-use")


def test_an_unknown_command_is_wrong_use(monkeypatch, capsys) -> None:
    assert run(monkeypatch, "judge") == 2
    sentence, more = capsys.readouterr().err.splitlines()
    assert sentence == "easeml: No such command 'judge'. See `easeml --help`."
    assert more.endswith("docs/errors.md#wrong-use")


def test_what_was_perhaps_meant_is_asked(monkeypatch, capsys) -> None:
    assert run(monkeypatch, "inti") == 2
    said = capsys.readouterr().err
    assert "No such command 'inti'. Did you mean 'init'? See `easeml --help`." in said


def test_no_command_shows_the_help(monkeypatch, capsys) -> None:
    assert run(monkeypatch) == 2
    said = capsys.readouterr()
    assert all(command in said.out + said.err for command in COMMANDS)


def test_an_interrupted_command_ends_with_the_signals_code(monkeypatch, capsys) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("easeml_action.cli.plan.read_file", interrupt)
    assert run(monkeypatch, "plan", "--config", "any.yml") == 130
