"""Outlive the run: start a process while being ended."""

import atexit

from hostile import live_on


def attempt(targets, secret):
    atexit.register(live_on, targets["survivor"])
