"""The test set as the rest of the action sees it: rows, labels, features and a name."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from easeml_action.testset import fingerprint
from easeml_action.testset.delimited import parse_delimited
from easeml_action.testset.fields import Table, pick
from easeml_action.testset.jsonlines import parse_json_lines
from easeml_action.testset.labels import Labels
from easeml_action.testset.table_errors import FormatNotRead, NotText, UnknownFormat

Format = Literal["csv", "tsv", "jsonl"]

_FORMATS: tuple[Format, ...] = ("csv", "tsv", "jsonl")

_ENDINGS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".txt": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_NOT_READ = {
    ".parquet": "Parquet",
    ".feather": "Feather",
    ".xlsx": "Excel",
    ".xls": "Excel",
    ".json": "JSON",
    ".zip": "Zip",
}
_ENCRYPTED = frozenset({".gpg", ".pgp", ".asc", ".enc"})

DELIMITERS = {"csv": ",", "tsv": "\t"}

_CHUNK = 1 << 24  # bytes that are decoded at a time to check them


def format_of(path: str) -> Format:
    """Return the format of a test set from its file's name, encrypted or not.

    Raises
    ------
    FormatNotRead, UnknownFormat
    """
    name = PurePosixPath(path)
    inner = PurePosixPath(name.stem) if name.suffix.lower() in _ENCRYPTED else name
    ending = inner.suffix.lower()
    if ending in _NOT_READ:
        raise FormatNotRead(name.name, _NOT_READ[ending])
    if ending not in _ENDINGS:
        raise UnknownFormat(name.name, tuple(_ENDINGS))
    return _ENDINGS[ending]


@dataclass(frozen=True, eq=False)
class TestSet:
    """Rows with labels. Its ``repr`` shows its shape and nothing of its content.

    Attributes
    ----------
    format
        How it is written.
    label
        The name of the label's column, one of ``columns``.
    table
        All cells of all rows, the labels among them.
    """

    __test__: ClassVar[bool] = False  # no class of tests, whatever its name says to pytest

    format: Format
    label: str
    table: Table = field(repr=False)
    _labels: Labels = field(repr=False)
    _features: Table = field(repr=False)

    @classmethod
    def parse(
        cls, data: bytes, *, format: str, label: str | int, header: bool | None = None
    ) -> Self:
        """Take a decrypted test set apart.

        Parameters
        ----------
        data
            The file, UTF-8.
        format
            ``csv``, ``tsv`` or ``jsonl``.
        label
            The label column's name or, as in ``cut -f``, its position counted from 1.
        header
            Whether the first row holds the columns' names; None: exactly when ``label`` is one.

        Raises
        ------
        GateError
            One of those in `table_errors`; its text names rows and columns, never content.
        """
        chosen = check_format(format)
        check_text(data)
        if chosen == "jsonl":
            parsed = parse_json_lines(data, label)
        else:
            named = isinstance(label, str) if header is None else header
            parsed = parse_delimited(data, DELIMITERS[chosen], label, header=named)
        return cls(chosen, parsed.label, parsed.table, parsed.labels, parsed.features)

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self._labels.codes)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns' names (or JSON keys), the label's among them; positions without a header."""
        return self.table.names

    @property
    def features(self) -> bytes:
        """The file for a model: the rows in the set's own format and header, without the label."""
        return self._features.data

    @property
    def labels(self) -> NDArray[Any]:
        """The labels in canonical form, an array of ``str`` of shape (rows,)."""
        labels: NDArray[Any] = np.array(self._labels.values, object)[self._labels.codes]
        return labels

    @property
    def features_name(self) -> str:
        """A file name for the features that tells their format."""
        return f"features.{self.format}"

    def correct(self, predictions: Sequence[str | None]) -> NDArray[np.bool_]:
        """Say which predictions are right; a missing one (None) is wrong.

        Labels and predictions are compared in canonical form: see `canonical_label`.
        """
        return self._labels.correct(predictions)

    def share(self, key: bytes, number: int, of: int) -> "TestSet":
        """Return one of several shares of the rows: none is in two, and every one is in one.

        Which rows it has depends on the key and on what the rows hold, and neither on the order
        of rows or columns nor on how their numbers are written. They keep their order.

        Parameters
        ----------
        key
            Secret; at least 16 bytes.
        number
            Which share, from 1.
        of
            How many there are, at most one for each row. They differ by one row at most, and the
            larger ones come first.
        """
        drawn = fingerprint.number_copies(
            fingerprint.derive(key, b"easeml-shares"), self.row_digests(key)
        )
        each, more = divmod(self.rows, of)
        begin = (number - 1) * each + min(number - 1, more)
        kept = np.zeros(self.rows, bool)
        kept[np.argsort(drawn, kind="stable")[begin:][: each + (number <= more)]] = True
        return replace(
            self,
            table=pick(self.table, kept),
            _labels=self._labels.pick(kept),
            _features=pick(self._features, kept),
        )

    def row_digests(self, key: bytes) -> NDArray[np.uint64]:
        """Return a keyed digest of each row, label included, in the rows' order.

        It is the same for the same row in another order of columns, in other quotes or with
        its numbers written differently.

        Parameters
        ----------
        key
            Secret; at least 16 bytes.
        """
        return fingerprint.RowHasher(key, self.table.names).digests(self.table)

    def identity(self, key: bytes) -> str:
        """Return the set's public name: 16 hexadecimal digits, whatever the rows' order."""
        return fingerprint.identity(key, self.row_digests(key))


def check_format(name: str) -> Format:
    """Return a format's name if it is one; ValueError otherwise."""
    for known in _FORMATS:
        if name == known:
            return known
    raise ValueError(f"format must be one of {', '.join(_FORMATS)}")


def check_text(data: bytes) -> None:
    """Refuse what is not UTF-8 text.

    Raises
    ------
    NotText
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NotText(0, " (it looks like UTF-16)")
    zero = data.find(b"\0")
    if zero >= 0:
        raise NotText(zero, " (it looks like UTF-16 or a binary file)")
    if data.isascii():
        return
    start = 0
    while start < len(data):
        piece = data[start : start + _CHUNK]
        try:
            piece.decode()
            start += len(piece)
        except UnicodeDecodeError as error:
            # A character may go on in the next piece; it is at most four bytes long.
            if error.start == 0 or error.start < len(piece) - 3 or start + _CHUNK >= len(data):
                raise NotText(start + error.start) from None
            start += error.start
