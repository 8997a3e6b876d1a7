"""Fill the machine with processes."""

import os
import signal

MANY = 1100


def attempt(targets, secret):
    children = []
    try:
        for _ in range(MANY):
            child = os.fork()
            if child == 0:
                signal.pause()
            children.append(child)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return len(children) == MANY
