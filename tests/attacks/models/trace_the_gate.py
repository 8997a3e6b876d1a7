"""Attach to the gate by ptrace."""

import ctypes
import os

from hostile import gate

ATTACH, DETACH = 16, 17


def attempt(targets, secret):
    libc = ctypes.CDLL(None)
    if libc.ptrace(ATTACH, gate(), None, None) != 0:
        return False
    os.waitpid(gate(), 0)
    libc.ptrace(DETACH, gate(), None, None)
    return True
