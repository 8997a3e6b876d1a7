"""Load a program into the kernel by bpf."""

import ctypes
import struct

BPF, MAP_CREATE, ARRAY = 321, 0, 2


def attempt(targets, secret):
    attributes = struct.pack("IIII", ARRAY, 4, 4, 1).ljust(120, b"\0")
    return ctypes.CDLL(None).syscall(BPF, MAP_CREATE, attributes, len(attributes)) >= 0
