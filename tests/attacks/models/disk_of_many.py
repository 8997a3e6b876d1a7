"""Fill the disk with files of which each is small enough."""

import os
import time
from pathlib import Path


def attempt(targets, secret):
    for number in range(3):
        with Path(f"~/bomb-{number}").expanduser().open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, 3 * 2**29)
    time.sleep(3)
    return True
