"""``easeml`` as a program of its own."""

import subprocess
import sys

from easeml_action import __version__

HEAVY = ("scipy", "numpy", "lark", "gnupg", "github")


def run(easeml, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=easeml.directory,
        env=easeml.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_module_is_the_program(easeml) -> None:
    done = run(easeml, sys.executable, "-m", "easeml_action", "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"easeml {__version__}\n", "")


def test_the_module_ends_with_the_code_of_the_command(easeml) -> None:
    wrong = run(easeml, sys.executable, "-m", "easeml_action", "plan")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("easeml: The plan needs --condition")
    problem = run(easeml, sys.executable, "-m", "easeml_action", "status")
    assert problem.returncode == 1
    assert "Traceback" not in problem.stderr


def test_help_waits_for_no_room(easeml) -> None:
    code = (
        "import sys; sys.argv = ['easeml', '--help']\n"
        "from easeml_action.cli import main\n"
        "code = main()\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)\n"
        "sys.exit(code)"
    )
    done = run(easeml, sys.executable, "-c", code)
    assert (done.returncode, done.stderr) == (0, "[]\n")
