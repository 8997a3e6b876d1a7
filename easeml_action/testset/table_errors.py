"""What can be wrong with a table.

Messages name row numbers and counts, never what a row holds. They do not list columns either (but
for one whose name is nearly that of the label): in a file without a header the first row is taken
for their names, and the keys of a JSON object may be data. Rows are counted from 1 and without the
header.
"""

from collections.abc import Sequence
from difflib import get_close_matches

from easeml_action.errors import GateError


class UnknownFormat(GateError):
    """The file's name does not tell its format."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(
            f"The ending of {name} tells no format of a test set.",
            f"Name it with one of {', '.join(known)} (a ciphertext followed by .gpg, .pgp, .asc "
            "or .enc), or say what it is, as with --format csv or format: csv in the "
            "configuration.",
        )


class FormatNotRead(GateError):
    """The file's name tells a format of tables that is none of a test set."""

    def __init__(self, name: str, format: str) -> None:
        super().__init__(
            f"{name} is {format}, which is not read.", "Save it as CSV, TSV or JSON Lines."
        )


class NotText(GateError):
    """The table is not UTF-8."""

    def __init__(self, offset: int, guess: str = "") -> None:
        super().__init__(
            f"The test set is not UTF-8 text: byte {offset:,} does not belong in it{guess}.",
            "Save it again as UTF-8 and encrypt it again.",
        )


class NoRows(GateError):
    """The table has no rows."""

    def __init__(self) -> None:
        super().__init__(
            "The test set has no rows.",
            "Encrypt a file with at least one row below its header.",
        )


class NoFeatures(GateError):
    """The table has no column but the label."""

    def __init__(self) -> None:
        super().__init__(
            "The test set has a single column, which leaves a model nothing to read.",
            "Add the columns that a model reads.",
        )


class OtherSeparator(GateError):
    """The first line has another separator than the one that the format wants."""

    def __init__(self, format: str, expected: str, found: str) -> None:
        super().__init__(
            f"The test set has a single column: {format} is read with {expected}, and its first "
            f"line has {found}.",
            f"Save it with {expected}.",
        )


class RaggedRow(GateError):
    """A row has more or fewer fields than the first."""

    def __init__(self, row: int, found: int, expected: int) -> None:
        super().__init__(
            f"Row {row:,} of the test set has {found:,} fields where {expected:,} are expected.",
            "Correct the row (quote a field that holds a separator) and encrypt the file again.",
        )


class QuotesMisplaced(GateError):
    """A double quote stands inside a field that is not quoted, or is never closed.

    Row 0 is the header.
    """

    def __init__(self, row: int) -> None:
        place = f"Row {row:,}" if row else "The header"
        super().__init__(
            f"{place} of the test set has a double quote where none may be.",
            "Enclose the whole field in double quotes and double those inside (RFC 4180).",
        )


class ColumnsRepeated(GateError):
    """Two columns have one name."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(
            f"The columns {first:,} and {second:,} of the test set have one name.",
            "Give every column a name of its own; set header to false if the first line is a row.",
        )


class LabelColumnMissing(GateError):
    """No column has the label's name."""

    def __init__(self, label: str, columns: Sequence[str]) -> None:
        near = get_close_matches(label, columns, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        super().__init__(
            f"The test set has no column {label!r} among its {len(columns):,}.",
            f"{hint}Give the label the name in the file's first line (--label, or label in the "
            "configuration), or its position from 1 if that line is a row.",
        )


class LabelOutOfRange(GateError):
    """The label's position is beyond the columns."""

    def __init__(self, position: int, columns: int) -> None:
        super().__init__(
            f"The label is column {position}, but the test set has columns 1 to {columns}.",
            "Correct --label, or label in the configuration: columns are counted from 1.",
        )


class LabelNeedsName(GateError):
    """The label is given by position where the format, or its header, asks for a name."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"The label cannot be found: {reason}.", remedy)


class LabelsEmpty(GateError):
    """Some labels are empty or NaN."""

    def __init__(self, count: int, row: int) -> None:
        super().__init__(
            f"{count:,} of the labels {'is' if count == 1 else 'are'} empty or NaN, "
            f"the first in row {row:,}.",
            "Label these rows or leave them out, and encrypt the file again.",
        )


class JsonInvalid(GateError):
    """A line is not a JSON object."""

    def __init__(self, row: int) -> None:
        super().__init__(
            f"Row {row:,} of the test set is not a JSON object.",
            "Write one JSON object to a line and encrypt the file again.",
        )


class LabelKeyMissing(GateError):
    """A JSON object has no label."""

    def __init__(self, label: str, row: int) -> None:
        super().__init__(
            f"Row {row:,} of the test set has no key {label!r}.",
            "Give the label a key that every row has (--label, or label in the configuration).",
        )


class LabelNested(GateError):
    """A label is an object or a list."""

    def __init__(self, row: int) -> None:
        super().__init__(
            f"The label of row {row:,} is a list or an object.",
            "Use a number, a string or a boolean as the label.",
        )


class SampleTooLarge(GateError):
    """The public sample would leave no test set."""

    def __init__(self, wanted: int, rows: int) -> None:
        super().__init__(
            f"A sample of {wanted:,} rows cannot be set aside from {rows:,}.",
            "Ask for fewer rows; ten or so are enough to see that a model runs.",
        )
