"""Sleep past the time limit, deaf to every signal."""

import contextlib
import signal
import time


def attempt(targets, secret):
    for number in signal.valid_signals():
        with contextlib.suppress(OSError):
            signal.signal(number, signal.SIG_IGN)
    time.sleep(targets["seconds"] * 2)
    return True
