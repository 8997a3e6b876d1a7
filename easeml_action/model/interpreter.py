"""Finds the Python that models run on, and programs that a separate user can start."""

import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import uv

from easeml_action.errors import GateError

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"

_SAY_VERSION = "import platform; print(platform.python_version())"


class NoInterpreter(GateError):
    """No Python on this machine can be started by the user that runs the model."""

    def __init__(self, ours: Path) -> None:
        super().__init__(
            f"The user that runs the model cannot start {str(ours)!a}, and there is no "
            f"Python {_minor()} in {SYSTEM_PATH}.",
            "Install Python where every user can start it, such as /usr/local.",
        )


@dataclass(frozen=True)
class Interpreter:
    """A Python program and its full version."""

    path: Path
    version: str


def find_interpreter(*, for_others: bool) -> Interpreter:
    """Return the Python that the gate itself runs on, else one of the same minor version.

    Parameters
    ----------
    for_others
        Whether a user other than ours has to start it.

    Raises
    ------
    NoInterpreter
        There is none.
    """
    name = f"python{_minor()}"
    ours = Path(sys.base_prefix, "bin", name)
    if not ours.exists():
        ours = Path(os.path.realpath(sys.executable))
    others = (Path(folder, name) for folder in SYSTEM_PATH.split(":"))
    for candidate in (ours, *others):
        path = Path(os.path.realpath(candidate))
        if path.exists() and (not for_others or is_open_to_all(path)):
            return Interpreter(path, _ask_version(path))
    raise NoInterpreter(ours)


def find_uv(workshop: Path, *, for_others: bool) -> Path:
    """Return the program uv, copied into ``workshop`` where others cannot start the original."""
    program = Path(os.path.realpath(uv.find_uv_bin()))
    if not for_others or is_open_to_all(program):
        return program
    copy = workshop / "uv"
    shutil.copyfile(program, copy)
    copy.chmod(0o755)
    return copy


def is_open_to_all(program: Path) -> bool:
    """Say whether every user can enter the folders above a program and start it."""
    if any(not parent.stat().st_mode & stat.S_IXOTH for parent in program.parents):
        return False
    wanted = stat.S_IROTH | stat.S_IXOTH
    return program.stat().st_mode & wanted == wanted


def _ask_version(python: Path) -> str:
    answer = subprocess.run(
        [python, "-I", "-S", "-c", _SAY_VERSION], check=True, capture_output=True, env={}
    )
    return answer.stdout.decode().strip()


def _minor() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"
