"""Read the workspace, where the gate's checkout lies."""

from hostile import first_readable


def attempt(targets, secret):
    return first_readable(f"{targets['runner']}/workspace/*")
