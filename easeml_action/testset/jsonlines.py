"""JSON Lines: one object to a line, the label under one key."""

import json
import re
from operator import itemgetter
from typing import Any

import numpy as np

from easeml_action.testset.delimited import Parsed
from easeml_action.testset.fields import Dialect, Table
from easeml_action.testset.labels import LabelCollector, Labels
from easeml_action.testset.table_errors import (
    JsonInvalid,
    LabelKeyMissing,
    LabelNeedsName,
    LabelNested,
    NoFeatures,
    NoRows,
)

# The rows are rewritten for the digests as a table whose separators stand in no usual text.
_UNIT, _RECORD = "\x1f", "\x1e"
_DIALECT = Dialect(ord(_UNIT), ord(_RECORD))
_SEPARATORS = str.maketrans({_UNIT: "\ufffd", _RECORD: "\ufffd"})

# Numbers stay as they are written: a float would round long ones.
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str)

_BOM = b"\xef\xbb\xbf"
_SCALAR = rb'("(?:[^"\\]|\\.)*"|[^\s,{}\[\]"]+)'


def parse_json_lines(data: bytes, label: str | int) -> Parsed:
    """Take a JSON Lines file apart.

    Parameters
    ----------
    data
        UTF-8, one object to a line.
    label
        The key of the label.

    Raises
    ------
    GateError
        One of those in `table_errors`.
    """
    if isinstance(label, int):
        raise LabelNeedsName(
            f"position {label} means nothing in JSON Lines",
            "Give the key that holds it (--label, or label in the configuration).",
        )
    begin, lines = json_lines(data)
    objects = [_read(line, row) for row, line in enumerate(lines, 1)]
    _check_labels(objects, label)
    names = _names(objects)
    if len(names) == 1:
        raise NoFeatures
    cut = _Cutter(label)
    features = data[:begin] + b"\n".join([*map(cut, lines), b""])
    # To be picked from line by line: no object holds a bare control character.
    whole_lines = Table(features, begin, len(features), Dialect(ord(_UNIT)), ("",))
    # A control character stands in a JSON string as an escape only.
    content = _as_table(objects, names, plain=b"\\u001" not in data).encode()
    table = Table(content, 0, len(content), _DIALECT, names)
    return Parsed(table, label, _collect(objects, label), whole_lines)


def json_lines(data: bytes) -> tuple[int, list[bytes]]:
    """Return where the first line begins, and the lines up to the last that is not blank.

    Raises
    ------
    NoRows
    """
    begin = len(_BOM) if data.startswith(_BOM) else 0
    lines = data[begin:].rstrip().split(b"\n")
    if lines == [b""]:
        raise NoRows
    return begin, lines


def _read(line: bytes, row: int) -> dict[str, Any]:
    try:
        found = _DECODER.decode(line.decode())
    except (ValueError, RecursionError):
        raise JsonInvalid(row) from None
    if not isinstance(found, dict):
        raise JsonInvalid(row)
    return found


def _check_labels(objects: list[dict[str, Any]], label: str) -> None:
    for row, found in enumerate(objects, 1):
        if label not in found:
            raise LabelKeyMissing(label, row)
        if isinstance(found[label], dict | list):
            raise LabelNested(row)


def _names(objects: list[dict[str, Any]]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for keys in {tuple(found) for found in objects}:
        names |= dict.fromkeys(keys)
    return tuple(sorted(names))


def _as_table(objects: list[dict[str, Any]], names: tuple[str, ...], *, plain: bool) -> str:
    """Return the rows as a table.

    With ``plain`` no string holds a separator, so that rows of strings and numbers need no look
    at their values one by one.
    """
    pick = itemgetter(*names)
    rows = []
    for found in objects:
        try:
            row = _UNIT.join(pick(found)) if plain else None
        except (KeyError, TypeError):
            row = None
        rows.append(_UNIT.join([_cell(found.get(n)) for n in names]) if row is None else row)
    return _RECORD.join(rows)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value if value.isprintable() else value.translate(_SEPARATORS)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, sort_keys=True, ensure_ascii=False).translate(_SEPARATORS)


def _collect(objects: list[dict[str, Any]], label: str) -> Labels:
    cells = [_cell(found[label]).encode() for found in objects]
    ends = np.cumsum([len(cell) for cell in cells], dtype=np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1]])
    collector = LabelCollector(str)
    collector.add(np.frombuffer(b"".join(cells), np.uint8), starts, ends)
    return collector.finish()


class _Cutter:
    """Takes the label out of a line and leaves every other byte as it was."""

    def __init__(self, label: str) -> None:
        self._label = label
        spellings = {json.dumps(label), json.dumps(label, ensure_ascii=False)}
        key = b"|".join(re.escape(spelling.encode()) for spelling in spellings)
        self._member = re.compile(rb"(?:%s)\s*:\s*" % key)
        self._first = re.compile(rb"(\{\s*)(?:%s)\s*:\s*%s\s*(?:,\s*)?" % (key, _SCALAR))
        self._later = re.compile(rb",\s*(?:%s)\s*:\s*%s" % (key, _SCALAR))

    def __call__(self, line: bytes) -> bytes:
        # One plain mention of the key is the member itself. With escapes or several mentions
        # (in a nested object, or twice) the object is written anew.
        if b"\\" not in line and len(self._member.findall(line)) == 1:
            shorter, count = self._later.subn(b"", line)
            if count == 1:
                return shorter
            shorter, count = self._first.subn(rb"\1", line)
            if count == 1:
                return shorter
        return self._anew(line)

    def _anew(self, line: bytes) -> bytes:
        found = json.loads(line)
        del found[self._label]
        return json.dumps(found, ensure_ascii=False).encode()
