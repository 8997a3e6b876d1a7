"""Write a file that fills the disk."""

from pathlib import Path


def attempt(targets, secret):
    with Path("~/bomb").expanduser().open("wb") as file:
        file.truncate(3 * 2**30)
    return True
