"""Keep a processor busy past the time limit."""

import time


def attempt(targets, secret):
    end = time.process_time() + targets["seconds"] * 2
    while time.process_time() < end:
        pass
    return True
