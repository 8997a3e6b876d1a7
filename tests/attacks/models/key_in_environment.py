"""Read the private key in another process's environment."""

from hostile import environments


def attempt(targets, secret):
    return any(b"BEGIN PGP PRIVATE KEY" in each for each in environments())
