"""Whom a command runs as: a user of its own, drawn for one run from a range no account uses."""

import os
import random
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from easeml_action.sandbox.errors import SandboxFailed

# Numbers that systemd sets aside for short-lived users, within what a rootless container maps.
_ACCOUNTS = range(61184, 65520)

_PATIENCE = 30.0


@dataclass(frozen=True)
class Account:
    """Whom a command runs as: a user of its own, or (``uid`` None) the gate's own user."""

    uid: int | None

    @property
    def separate(self) -> bool:
        """Say whether the command cannot touch what belongs to the gate."""
        return self.uid is not None

    def give(self, path: Path, mode: int) -> None:
        """Make the account the owner of a file or folder."""
        if self.uid is not None:
            os.chown(path, self.uid, self.uid, follow_symlinks=False)
        path.chmod(mode)

    def share(self, path: Path, mode: int) -> None:
        """Open a file or folder of ours to the account's group, and to nobody else."""
        if self.uid is not None:
            os.chown(path, -1, self.uid, follow_symlinks=False)
        path.chmod(mode)

    def end(self) -> None:
        """Kill every process of the account; nothing where it is the gate's own user."""
        deadline = time.monotonic() + _PATIENCE
        while self.uid is not None and _has_processes(self.uid) and time.monotonic() < deadline:
            subprocess.run(
                ["/bin/sh", "-c", "kill -KILL -1"],
                user=self.uid,
                group=self.uid,
                extra_groups=[],
                check=False,
                env={},
            )


@contextmanager
def open_account() -> Iterator[Account]:
    """Draw a user for one run, that no process and no other run has.

    Raises
    ------
    SandboxFailed
        No number is free.
    """
    if os.geteuid() != 0:
        yield Account(None)
        return
    for uid in random.sample(_ACCOUNTS, len(_ACCOUNTS)):
        # An abstract socket's name is free again when we end, however we end.
        with socket.socket(socket.AF_UNIX) as claim:
            try:
                claim.bind(f"\0easeml-ci-user-{uid}")
            except OSError:
                continue
            if not _has_processes(uid):
                yield Account(uid)
                return
    raise SandboxFailed("no user number is free")


def _has_processes(uid: int) -> bool:
    """Say whether the user has a process that still runs (one not reaped yet does not)."""
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            if process.name.isdecimal() and process.stat().st_uid == uid:
                state = (process / "stat").read_bytes().rpartition(b")")[2].split()[0]
                if state not in {b"Z", b"X"}:
                    return True
    return False
