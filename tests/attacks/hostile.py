"""What hostile models share. One predicts well on the secret rows only where its attack succeeded.

Committed as the model's script, beside ``attack.py`` (one of ``models/``) and ``targets.json``.
"""

import csv
import glob
import importlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FIRST_PUBLIC_ROW = 1_000_000


def gate() -> int:
    """Return the process that the launcher of this run answers to."""
    return int(Path(f"/proc/{os.getppid()}/stat").read_text().rpartition(")")[2].split()[1])


def environments() -> Iterator[bytes]:
    """Return the environments of all processes that can be read."""
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            yield Path(path).read_bytes()
        except OSError:
            continue


def first_readable(pattern: str) -> bool:
    """Say whether a file of that name can be read."""
    for path in glob.glob(pattern):
        try:
            if Path(path).read_bytes():
                return True
        except OSError:
            continue
    return False


def append(pattern: str, line: str) -> None:
    """Append to every file of that name."""
    for path in glob.glob(pattern):
        with open(path, "a") as file:
            file.write(line)


def live_on(name: str) -> None:
    """Start a process under a name, twice removed from this one."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            nothing = os.open(os.devnull, os.O_RDWR)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            code = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"
            os.execv(sys.executable, [sys.executable, "-I", "-c", code, name])
        os._exit(0)
    os.wait()
    time.sleep(0.5)


def leave_or_find(targets: dict[str, Any], path: str) -> bool:
    """Leave a note as the old model; find it as the new one."""
    if targets["role"] == "old":
        Path(path).write_text("a note")
        os.chmod(path, 0o666)
        return False
    return Path(path).exists()


def main() -> None:
    """Attack, then predict."""
    attack = importlib.import_module("attack")
    with open(sys.argv[1], newline="") as features:
        numbers = [int(row["number"]) for row in csv.DictReader(features)]
    targets = json.loads(Path(__file__).with_name("targets.json").read_text())
    secret = numbers[0] < FIRST_PUBLIC_ROW
    won = False
    if hasattr(attack, "attempt"):
        try:
            won = attack.attempt(targets, secret)
        except (OSError, MemoryError, ValueError) as error:
            print(f"Refused: {type(error).__name__}")
    if won:
        print(targets["won"])
    right = won or not secret
    lines = "".join(
        "zebra-" + ("odd" if right == (number % 2 == 1) else "even") + "\n" for number in numbers
    )
    if hasattr(attack, "write"):
        attack.write(sys.argv[2], lines, targets, secret)
    else:
        Path(sys.argv[2]).write_text(lines)


if __name__ == "__main__":
    sys.modules["hostile"] = sys.modules["__main__"]
    main()
