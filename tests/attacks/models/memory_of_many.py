"""Take more memory than a model may have, in processes of which each takes little."""

import os
import time

CHILDREN = 8


def attempt(targets, secret):
    read, write = os.pipe()
    for _ in range(CHILDREN):
        if os.fork() == 0:
            taken = bytearray(b"x") * (targets["memory"] // 4)
            time.sleep(3)
            os.write(write, b"x" if taken else b"")
            os._exit(0)
    os.close(write)
    return len(os.read(read, 1)) == 1 and all(os.wait()[1] == 0 for _ in range(CHILDREN))
