"""Take a descriptor out of the gate's hands by pidfd_getfd."""

import ctypes
import os

from hostile import gate

PIDFD_GETFD = 438


def attempt(targets, secret):
    process = os.pidfd_open(gate())
    return ctypes.CDLL(None).syscall(PIDFD_GETFD, process, 1, 0) >= 0
