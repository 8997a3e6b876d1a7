"""Add an output of the gate's step, by GITHUB_OUTPUT."""

from hostile import append


def attempt(targets, secret):
    append(f"{targets['runner']}/output", "hostile=1\n")
