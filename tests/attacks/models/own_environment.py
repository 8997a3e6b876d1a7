"""Find the key in one's own environment."""

import os


def attempt(targets, secret):
    return any("BEGIN PGP PRIVATE KEY" in value for value in os.environ.values())
