"""Kill the gate, so that the step may be tried again."""

import os
import signal

from hostile import gate


def attempt(targets, secret):
    os.kill(gate(), signal.SIGKILL)
