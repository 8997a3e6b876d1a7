"""Mount a file system over a folder that the gate uses."""

import ctypes


def attempt(targets, secret):
    return ctypes.CDLL(None).mount(b"none", targets["mount"].encode(), b"tmpfs", 0, None) == 0
