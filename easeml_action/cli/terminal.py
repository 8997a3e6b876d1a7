"""How the command line shows results, notes and progress."""

import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich import box
from rich.console import Console, JustifyMethod
from rich.markdown import Markdown
from rich.panel import Panel
from rich.table import Table
from rich.text import Text


def show_json(result: Mapping[str, object]) -> None:
    """Print a result for programs."""
    print(json.dumps(result, indent=2, ensure_ascii=False))


def show_facts(title: str, facts: Mapping[str, str]) -> None:
    """Print names and values, one pair a line."""
    console = _console()
    if title:
        console.print(Text(title, "bold"), soft_wrap=True)
    table = Table(box=None, show_header=False, padding=(0, 2))
    for name, value in facts.items():
        table.add_row(Text(name, "dim"), Text(value))
    console.print(table)


def show_paragraph(text: str) -> None:
    """Print sentences, wrapped at words."""
    console = _console()
    console.print(Text(text))
    console.line()


def show_table(columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: str = "") -> None:
    """Print a table.

    Parameters
    ----------
    columns
        Their titles.
    rows
        Cells as they stand: nothing in them is taken for markup, and nothing is cut.
    numbers
        Titles of the columns set flush right, joined by commas.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    flush_right = numbers.split(",")
    for column in columns:
        justify: JustifyMethod = "right" if column in flush_right else "left"
        table.add_column(Text(column), justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    _console().print(table)


def show_scene(title: str, facts: Mapping[str, str]) -> None:
    """Print a heading across the page, and names and values under it."""
    console = _console()
    console.rule(Text(title, "bold"), align="left")
    show_facts("", facts)


def show_markdown(title: str, text: str) -> None:
    """Print a Markdown text in a frame, as a page would show it."""
    _console().print(Panel(Markdown(text), title=title, title_align="left", box=box.ROUNDED))


def show_commands(commands: Iterable[str]) -> None:
    """Print the commands that come next."""
    for command in commands:
        print(f"  {command}")


_NOTES = {"shown": True}  # what --quiet decides, anew for every command


def leave_out_notes(wanted: bool) -> None:
    """Say whether notes are left out from now on."""
    _NOTES["shown"] = not wanted


def show_note(text: str) -> None:
    """Print a sentence for people, beside the result: on standard error."""
    if _NOTES["shown"]:
        print(text, file=sys.stderr)


def show_error(text: str) -> None:
    """Print what went wrong, on standard error, also where notes are left out."""
    print(text, file=sys.stderr)


class TerminalProgress:
    """Shows long steps on standard error, with the time that each took."""

    def __init__(self) -> None:
        self.untrusted = ""
        """All that models have written so far."""

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Show everything said inside under one title."""
        show_note(f"{title} ...")
        start = time.monotonic()
        try:
            yield
        finally:
            show_note(f"{title}: {time.monotonic() - start:.1f} s")

    def say(self, line: str) -> None:
        """Show one line of our own."""
        show_note(f"  {line}")

    def show_untrusted(self, text: str) -> None:
        """Show text written by a model, without what would steer the terminal."""
        self.untrusted += text if text.endswith("\n") else f"{text}\n"
        for line in text.splitlines():
            show_note(f"  | {harmless(line)}")

    def show_withheld(self) -> None:
        """Show what models have written and ``--quiet`` left out, where an error speaks of it."""
        if not _NOTES["shown"]:
            for line in self.untrusted.splitlines():
                show_error(f"  | {harmless(line)}")


def harmless(line: str) -> str:
    """Return a line that others have written without what would steer the terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in line)


def _console() -> Console:
    # A pipe has no width: long lines are then left to whoever reads them.
    return Console(highlight=False, width=None if sys.stdout.isatty() else 120)
