"""Sets rows of a table aside for the public sample, before the rest is encrypted."""

import random

import numpy as np

from easeml_action.testset.delimited import read_table
from easeml_action.testset.fields import blocks
from easeml_action.testset.jsonlines import json_lines
from easeml_action.testset.table import DELIMITERS, check_format, check_text
from easeml_action.testset.table_errors import SampleTooLarge


def split_sample(
    data: bytes,
    *,
    format: str,
    header: bool,
    rows: int,
    source: random.Random | None = None,
) -> tuple[bytes, bytes]:
    """Split rows off a test set at random.

    Parameters
    ----------
    data
        The test set in the clear.
    format
        ``csv``, ``tsv`` or ``jsonl``.
    header
        Whether the first row holds the columns' names; without meaning for ``jsonl``.
    rows
        How many rows to set aside, at least 1 and fewer than there are.
    source
        Draws the rows; None: the system's own randomness, which nobody can repeat.

    Returns
    -------
    test_set, sample
        Both in the set's format, with its header; no row is in both. The rows keep their order
        and every byte of theirs, except that the last one gets an end of line.

    Raises
    ------
    SampleTooLarge
        The table has no more rows than that.
    """
    if rows < 1:
        raise ValueError("rows must be at least 1")
    check_text(data)
    begin, starts, end = _outline(data, format, header=header)
    if rows >= len(starts):
        raise SampleTooLarge(rows, len(starts))
    drawn = sorted((source or random.SystemRandom()).sample(range(len(starts)), rows))
    newline = b"\r\n" if data.find(b"\r\n") == data.find(b"\n") - 1 >= 0 else b"\n"
    content = data[:end] + (b"" if data[end - 1 : end] == b"\n" else newline)
    bounds = [*starts, len(content)]
    sample, rest, position = [data[:begin]], [data[:begin]], begin
    for row in drawn:
        rest.append(content[position : bounds[row]])
        sample.append(content[bounds[row] : bounds[row + 1]])
        position = bounds[row + 1]
    rest.append(content[position:])
    return b"".join(rest), b"".join(sample)


def _outline(data: bytes, format: str, *, header: bool) -> tuple[int, list[int], int]:
    """Return where the rows begin, where each one does, and where the last one's text ends."""
    chosen = check_format(format)
    if chosen == "jsonl":
        begin, lines = json_lines(data)
        bounds = np.cumsum([begin, *(len(line) + 1 for line in lines)]).tolist()
        return begin, bounds[:-1], min(bounds[-1], len(data))
    table = read_table(data, DELIMITERS[chosen], header=header)
    starts = [
        start for block in blocks(table) for start in (block.starts[:, 0] + block.offset).tolist()
    ]
    return table.begin, starts, table.end
