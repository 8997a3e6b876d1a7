"""Read a secret file through a descriptor that the runner left open in the gate."""

import os


def attempt(targets, secret):
    for number in range(3, 64):
        try:
            if targets["treasure"].encode() in os.pread(number, 4096, 0):
                return True
        except OSError:
            continue
    return False
