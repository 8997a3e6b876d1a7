"""Have the gate fail on predictions that are no UTF-8, after the step is charged."""

from pathlib import Path


def write(predictions, lines, targets, secret):
    Path(predictions).write_bytes(b"\xff\xfe" * 100 if secret else lines.encode())
