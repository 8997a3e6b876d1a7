"""The commands of a document, with what the document itself says of running them.

A block of commands is fenced as ``sh``. A comment before it, which no reader sees, tells what is
special: ``<!-- not run: WHY -->`` or ``<!-- exit 1: WHY -->``.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>not run|exit \d+): (?P<why>[^>]+) -->\n+)?"
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """What is fenced in a document, such as commands that a reader would type in one go."""

    text: str
    mark: str = ""
    why: str = ""
    language: str = "sh"

    @property
    def is_run(self) -> bool:
        """Whether a reader's machine is all that it takes."""
        return self.mark != "not run"

    @property
    def exit_code(self) -> int:
        """What it ends with."""
        return int(self.mark.removeprefix("exit ")) if self.mark.startswith("exit ") else 0


def fenced(page: str) -> list[Block]:
    """Return all that is fenced in a document, from top to bottom."""
    return [
        Block(each["text"], each["mark"] or "", each["why"] or "", each["language"])
        for each in _BLOCK.finditer((ROOT / page).read_text())
    ]


def blocks(page: str) -> list[Block]:
    """Return the blocks of commands in a document, from top to bottom."""
    return [block for block in fenced(page) if block.language == "sh"]
