"""Have the gate read a huge sparse file into its memory."""

from pathlib import Path


def write(predictions, lines, targets, secret):
    Path(predictions).write_text(lines)
    if secret:
        with open(predictions, "r+b") as file:
            file.truncate(2**30)
