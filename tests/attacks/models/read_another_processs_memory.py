"""Read the gate's memory by process_vm_readv."""

import ctypes
import re
from pathlib import Path

from hostile import gate


class Part(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def attempt(targets, secret):
    [start] = re.findall(r"^(\w+)-.*\[heap\]", Path(f"/proc/{gate()}/maps").read_text(), re.M)
    taken = ctypes.create_string_buffer(64)
    ours, theirs = Part(ctypes.addressof(taken), 64), Part(int(start, 16), 64)
    libc = ctypes.CDLL(None)
    return libc.process_vm_readv(gate(), ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0) == 64
