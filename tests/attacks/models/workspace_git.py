"""Read the workspace's git configuration, where a token may lie."""

from hostile import first_readable


def attempt(targets, secret):
    return first_readable(f"{targets['runner']}/workspace/.git/config")
