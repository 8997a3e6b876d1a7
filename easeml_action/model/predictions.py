"""Reads what a model wrote. It is untrusted: every size is bounded, and nothing is followed."""

import csv
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from easeml_action.errors import GateError

MAX_LINE = 4096
_BYTES_PER_ROW = 256
_BYTES_AT_LEAST = 64 * 2**10

_HEADER = ("id", "prediction")
_REMEDY = (
    "Write one prediction per row of the features, in their order, a line each and no header; "
    "or CSV with the header 'id,prediction', where id is the number of the row, from 1."
)


class NoPredictions(GateError):
    """There is no predictions file."""

    def __init__(self) -> None:
        super().__init__(
            "The model wrote no predictions file.",
            "Write the predictions to the path in the second argument (EASEML_PREDICTIONS).",
        )


class WrongNumberOfPredictions(GateError):
    """There are too few or too many predictions."""

    def __init__(self, written: int, rows: int) -> None:
        super().__init__(f"The model wrote {written:,} predictions for {rows:,} rows.", _REMEDY)


class UnreadablePredictions(GateError):
    """The predictions file is not what it should be."""

    def __init__(self, cause: str) -> None:
        super().__init__(f"The model's predictions cannot be read: {cause}.", _REMEDY)


@dataclass(frozen=True)
class Predictions:
    """What a model predicts for each row.

    Parameters
    ----------
    values
        One per row, without surrounding blanks; None where the model gave none that can be
        read, which counts as wrong.
    complaint
        What is wrong with them, for a run whose outcome is public.
    """

    values: Sequence[str | None]
    complaint: GateError | None = None

    @classmethod
    def none(cls, rows: int, complaint: GateError) -> "Predictions":
        """Return the predictions of a model that gave none."""
        return cls([None] * rows, complaint)


def room_for(rows: int) -> int:
    """Return how many bytes the predictions may take."""
    return _BYTES_AT_LEAST + rows * _BYTES_PER_ROW


def read_predictions(folder: Path, name: str, rows: int, owner: int | None) -> Predictions:
    """Read a predictions file, as :func:`parse_predictions` does its content.

    Parameters
    ----------
    folder
        Where the model was told to write. It may have put anything there.
    name
        The file's name in the folder.
    rows
        How many predictions there should be.
    owner
        The user that must own the file, or None for any.

    Returns
    -------
    Predictions
        Always, with a complaint where something is wrong.
    """
    try:
        return parse_predictions(_read(folder, name, rows, owner), rows)
    except (NoPredictions, UnreadablePredictions) as complaint:
        return Predictions.none(rows, complaint)


def parse_predictions(content: bytes, rows: int) -> Predictions:
    """Read what a model wrote.

    Two forms are understood. Plain: line i is the prediction for row i. Table: the first line
    is ``id,prediction``, and every further line gives the number of a row, from 1, and its
    prediction, in any order, quoted as CSV where needed.

    With too few lines the rest counts as missing. With too many, or with anything else that
    makes it doubtful which prediction belongs to which row, all do.

    Parameters
    ----------
    content
        All of it. What takes more than :func:`room_for` the rows is refused.
    rows
        How many predictions there should be.

    Returns
    -------
    Predictions
        Always, with a complaint where something is wrong.
    """
    try:
        return _parse(content, rows)
    except (WrongNumberOfPredictions, UnreadablePredictions) as complaint:
        return Predictions.none(rows, complaint)


def _read(folder: Path, name: str, rows: int, owner: int | None) -> bytes:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        place = os.open(folder, flags | os.O_DIRECTORY)
    except OSError:
        raise NoPredictions from None
    try:
        # Without O_NONBLOCK a named pipe would keep us waiting for a writer.
        descriptor = os.open(name, flags | os.O_NONBLOCK, dir_fd=place)
    except FileNotFoundError:
        raise NoPredictions from None
    except OSError:
        raise UnreadablePredictions("they are not a regular file") from None
    finally:
        os.close(place)
    try:
        status = os.fstat(descriptor)
        # A hard link could lend the file's name to something that only we can read.
        foreign = owner is not None and status.st_uid != owner
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1 or foreign:
            raise UnreadablePredictions("they are not a regular file of the model's own")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(room_for(rows) + 1)
    finally:
        os.close(descriptor)


def _parse(content: bytes, rows: int) -> Predictions:
    if len(content) > (room := room_for(rows)):
        raise UnreadablePredictions(f"they take more than {room:,} bytes for {rows:,} rows")
    if b"\0" in content:
        raise UnreadablePredictions("they are binary data")
    # Counted before they are taken apart: a file of line ends only would fill the memory.
    if (ends := content.count(b"\n")) > rows + 1:
        raise WrongNumberOfPredictions(ends, rows)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadablePredictions("they are not UTF-8 text") from None
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n") if text else []
    if any(len(line) > MAX_LINE for line in lines):
        raise UnreadablePredictions(f"a line is longer than {MAX_LINE:,} characters")
    if lines and tuple(cell.strip().lower() for cell in lines[0].split(",")) == _HEADER:
        return _parse_table(lines[1:], rows)
    return _parse_plain(lines, rows)


def _parse_plain(lines: list[str], rows: int) -> Predictions:
    if len(lines) > rows:
        raise WrongNumberOfPredictions(len(lines), rows)
    values = [line.strip() or None for line in lines]
    if len(lines) < rows:
        values += [None] * (rows - len(lines))
        return Predictions(values, WrongNumberOfPredictions(len(lines), rows))
    return Predictions(values, _complain_of_gaps(values, rows))


def _parse_table(lines: list[str], rows: int) -> Predictions:
    values: list[str | None] = [None] * rows
    seen = [False] * rows
    try:
        for cells in csv.reader(lines, strict=True):
            number = int(cells[0]) if len(cells) == 2 and _is_number(cells[0]) else 0
            if not 1 <= number <= rows:
                raise UnreadablePredictions(f"a line is not an id from 1 to {rows:,} and a value")
            if seen[number - 1]:
                raise UnreadablePredictions(f"the id {number} comes twice")
            seen[number - 1] = True
            values[number - 1] = cells[1].strip() or None
    except csv.Error:
        raise UnreadablePredictions("they are not CSV") from None
    if sum(seen) < rows:
        return Predictions(values, WrongNumberOfPredictions(sum(seen), rows))
    return Predictions(values, _complain_of_gaps(values, rows))


def _is_number(cell: str) -> bool:
    return len(cell) <= 12 and cell.strip().isascii() and cell.strip().isdecimal()


def _complain_of_gaps(values: Sequence[str | None], rows: int) -> GateError | None:
    empty = sum(value is None for value in values)
    if not empty:
        return None
    return UnreadablePredictions(f"{empty:,} of {rows:,} are empty")
