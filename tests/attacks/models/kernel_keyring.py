"""Leave a key in the kernel's keyring."""

import ctypes

ADD_KEY, SESSION = 248, -3


def attempt(targets, secret):
    return ctypes.CDLL(None).syscall(ADD_KEY, b"user", b"hostile", b"x", 1, SESSION) >= 0
