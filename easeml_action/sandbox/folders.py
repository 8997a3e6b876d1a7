"""Folders that another user can enter, hands over, or leaves behind."""

import os
import stat
import subprocess
from contextlib import suppress
from pathlib import Path

from easeml_action.sandbox.account import Account
from easeml_action.sandbox.errors import FolderUnreachable, SandboxFailed

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - what a run left there is taken away, below

_PROGRAMS = {"PATH": "/usr/bin:/bin"}


def make_enterable(folder: Path) -> None:
    """Create a folder that a separate account can pass through, but not list.

    Raises
    ------
    FolderUnreachable
        A folder above it is closed to other users.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return
    folder.chmod(stat.S_IMODE(folder.stat().st_mode) | 0o711)
    for parent in folder.resolve().parents:
        if not parent.stat().st_mode & stat.S_IXOTH:
            raise FolderUnreachable(parent)


def give_all(folder: Path, account: Account) -> None:
    """Make an account the owner of a folder and of everything in it."""
    if account.uid is not None:
        _change(["chown", "-R", "-h", f"{account.uid}:{account.uid}"], folder)


def seal(folder: Path) -> None:
    """Take over a folder that an account wrote: all can read it, nobody else can write it."""
    if os.geteuid() == 0:
        _change(["chown", "-R", "-h", f"{os.geteuid()}:{os.getegid()}"], folder)
        _change(["chmod", "-R", "u=rwX,go=rX,a-st"], folder)
    else:
        _change(["chmod", "-R", "a-w"], folder)


def remove(folder: Path) -> None:
    """Remove a folder, whatever a model left in it (closed folders, or a thousand levels)."""
    if not folder.exists():
        return
    if os.geteuid() != 0:
        _try(["chmod", "-R", "u+rwX"], folder)
    _try(["rm", "-rf"], folder)


def sweep_shared_memory(account: Account) -> None:
    """Remove what an account left in shared memory, where the next run could find it."""
    if account.uid is None or not SHARED_MEMORY.is_dir():
        return
    for left in SHARED_MEMORY.iterdir():
        # What belongs to another run may be gone by now.
        with suppress(FileNotFoundError):
            if left.lstat().st_uid == account.uid:
                _try(["rm", "-rf"], left)


# These programs neither follow links nor mind the depth. Nothing of our environment is theirs.


def _change(command: list[str], folder: Path) -> None:
    done = subprocess.run([*command, "--", folder], capture_output=True, check=False, env=_PROGRAMS)
    if done.returncode != 0:
        raise SandboxFailed(f"{command[0]} ended with exit code {done.returncode}")


def _try(command: list[str], folder: Path) -> None:
    subprocess.run([*command, "--", folder], check=False, stderr=subprocess.DEVNULL, env=_PROGRAMS)
