"""What people expect of a program on a terminal: colours, quiet, completion."""

import re
import subprocess
import sys

import pexpect
import pytest

COLOUR = re.compile(r"\x1b\[[0-9;]*(?:3[0-7]|9[0-7])m")


def on_a_terminal(easeml, *arguments: str, **environment: str) -> str:
    output = pexpect.run(
        " ".join([sys.executable, "-m", "easeml_action", *arguments]),
        env=easeml.environment | {"TERM": "xterm-256color"} | environment,
        cwd=str(easeml.directory),
        timeout=120,
        encoding="utf-8",
    )
    return str(output)


def test_no_color_takes_the_colours_away(easeml) -> None:
    assert COLOUR.search(on_a_terminal(easeml, "--help"))
    plain = on_a_terminal(easeml, "--help", NO_COLOR="1")
    assert "keygen" in plain
    assert not COLOUR.search(plain)


def test_quiet_leaves_notes_out_and_keeps_results_and_errors(easeml) -> None:
    loud = easeml("keygen", "--public-key", "loud.asc", "--private-key", easeml.home / "a.asc")
    quiet = easeml(
        "--quiet", "keygen", "--public-key", "quiet.asc", "--private-key", easeml.home / "b.asc"
    )
    assert "Public key:" in loud.stderr
    stored = f"  gh secret set EASEML_PRIVATE_KEY < {easeml.home / 'b.asc'}\n"
    assert (quiet.code, quiet.stdout, quiet.stderr) == (0, stored, "")
    again = easeml("-q", "keygen", "--public-key", "quiet.asc")
    assert (again.code, "quiet.asc exists" in again.stderr) == (1, True)
    assert "keygen" in easeml("-q", "--help").stdout
    assert "Public key:" in easeml("keygen", "--public-key", "p.asc").stderr


@pytest.mark.parametrize(("typed", "offered"), [("rev", "reveal"), ("check-", "check-config")])
def test_the_shell_completes_commands(easeml, typed: str, offered: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "easeml_action"],
        env=easeml.environment
        | {
            "_EASEML_COMPLETE": "complete_bash",
            "COMP_WORDS": f"easeml {typed}",
            "COMP_CWORD": "1",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.split() == [offered]


@pytest.mark.parametrize(
    ("shell", "own"),
    [
        ("bash", "complete -o default -F _easeml_completion easeml"),
        ("zsh", "#compdef easeml"),
        ("fish", "complete --command easeml"),
    ],
)
def test_the_script_for_a_shell_is_shown(easeml, shell: str, own: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "easeml_action"],
        env={**easeml.environment, "_EASEML_COMPLETE": f"source_{shell}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert own in done.stdout
