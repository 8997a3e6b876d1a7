"""Read labelled rows out of the gate's memory."""

import re
from pathlib import Path

from hostile import gate

ROWS = b"3,3,zebra-odd\n4,4,zebra-even\n"


def attempt(targets, secret):
    ranges = re.findall(r"^(\w+)-(\w+) rw", Path(f"/proc/{gate()}/maps").read_text(), re.M)
    with open(f"/proc/{gate()}/mem", "rb", buffering=0) as memory:
        for start, end in ranges:
            memory.seek(int(start, 16))
            try:
                if ROWS in memory.read(int(end, 16) - int(start, 16)):
                    return True
            except OSError:
                continue
    return False
