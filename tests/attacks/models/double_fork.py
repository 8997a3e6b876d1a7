"""Outlive the run: fork twice, in a session of one's own."""

from hostile import live_on


def attempt(targets, secret):
    live_on(targets["survivor"])
