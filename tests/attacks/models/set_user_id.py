"""Become root by a program that starts with root's rights."""

import os
import subprocess
from pathlib import Path

PROGRAM = "/usr/bin/su"


def attempt(targets, secret):
    if os.geteuid() == 0 or not os.stat(PROGRAM).st_mode & 0o4000:
        return False
    with subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        program.stderr.read(1)  # it asks for the password
        status = Path(f"/proc/{program.pid}/status").read_text()
        [ids] = [line.split()[1:] for line in status.splitlines() if line.startswith("Uid:")]
        program.stdin.close()
    return ids[1] == "0"
