"""Tables of measurements: drawn for a terminal, plain text in a pipe."""

import sys
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

_PIPE_WIDTH = 170


def console() -> Console:
    """Return where measurements are shown: a terminal, or a pipe of some fixed width."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)


def show(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    note: str = "",
    words: int = 1,
) -> None:
    """Print a table.

    Parameters
    ----------
    title
        What was measured.
    columns, rows
        Titles and cells.
    note
        A sentence under the table.
    words
        How many columns at the left hold words; the others hold numbers and are set flush right.
    """
    plain = not sys.stdout.isatty()
    table = Table(
        box=box.ASCII2 if plain else box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for position, column in enumerate(columns):
        table.add_column(
            Text(column), justify="left" if position < words else "right", no_wrap=True
        )
    for row in rows:
        table.add_row(*map(Text, row))
    out = console()
    out.print(Text(title, "bold"), soft_wrap=True)
    out.print(table)
    if note:
        out.print(Text(note), soft_wrap=True)
    out.print()
