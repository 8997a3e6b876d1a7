"""Become root in a user namespace of one's own."""

import ctypes

CLONE_NEWUSER = 0x10000000


def attempt(targets, secret):
    return ctypes.CDLL(None).unshare(CLONE_NEWUSER) == 0
