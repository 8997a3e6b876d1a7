"""Read the passphrase in another process's environment."""

from hostile import environments


def attempt(targets, secret):
    return any(b"INPUT_PASSPHRASE=open sesame" in each for each in environments())
