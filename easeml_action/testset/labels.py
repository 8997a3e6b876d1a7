"""Labels and predictions, compared by value."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from easeml_action.testset.canonical import canonical_label
from easeml_action.testset.fields import Bytes, Positions
from easeml_action.testset.table_errors import LabelsEmpty

_ABSENT = -1  # the code of a prediction that is missing
_FOREIGN = -2  # the code of a prediction that is no label of the set


@dataclass(frozen=True, repr=False)
class Labels:
    """One label per row, as codes into the labels that occur.

    Attributes
    ----------
    values
        The labels that occur, in canonical form.
    codes
        Shape (rows,).
    """

    values: tuple[str, ...]
    codes: NDArray[np.int64]

    def pick(self, kept: NDArray[np.bool_]) -> "Labels":
        """Return the labels of the rows that are kept."""
        return Labels(self.values, self.codes[kept])

    def correct(self, predictions: Sequence[str | None]) -> NDArray[np.bool_]:
        """Say which predictions are right. A missing one is wrong.

        Parameters
        ----------
        predictions
            One per row, in order; None where there is none.
        """
        if len(predictions) != len(self.codes):
            raise ValueError(f"predictions must have {len(self.codes)} entries")
        known = {value: code for code, value in enumerate(self.values)}
        seen: dict[str | None, int] = {None: _ABSENT}
        for prediction in set(predictions) - {None}:
            seen[prediction] = known.get(canonical_label(str(prediction)), _FOREIGN)
        found = np.fromiter(map(seen.__getitem__, predictions), np.int64, len(predictions))
        right: NDArray[np.bool_] = found == self.codes
        return right


def differ(new: Sequence[str | None], old: Sequence[str | None]) -> NDArray[np.bool_]:
    """Say in which rows two models' predictions differ.

    A missing prediction is a value of its own: it differs from every prediction and equals
    another missing one. So a model never differs from itself, and where two models differ in
    being right they differ here too, which the planning of tests relies on.

    Parameters
    ----------
    new, old
        One prediction per row, in one order; None where there is none.
    """
    if len(new) != len(old):
        raise ValueError("new and old must have one length")
    codes: dict[str | None, int] = {None: _ABSENT}
    values: dict[str, int] = {}
    for prediction in set(new).union(old) - {None}:
        codes[prediction] = values.setdefault(canonical_label(str(prediction)), len(values))
    first = np.fromiter(map(codes.__getitem__, new), np.int64, len(new))
    second = np.fromiter(map(codes.__getitem__, old), np.int64, len(old))
    unequal: NDArray[np.bool_] = first != second
    return unequal


class LabelCollector:
    """Gathers the labels of a table, block by block.

    Parameters
    ----------
    unquote
        Takes a label out of its quotes.
    """

    def __init__(self, unquote: Callable[[str], str]) -> None:
        self._unquote = unquote
        self._by_text: dict[bytes, int] = {}
        self._by_value: dict[str, int] = {}
        self._codes: list[NDArray[np.int64]] = []

    def add(self, text: Bytes, starts: Positions, ends: Positions) -> None:
        """Add one label per row, given by its bounds in a text."""
        content = text.tobytes()
        texts = [content[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
        for label in set(texts) - self._by_text.keys():
            value = canonical_label(self._unquote(label.decode()))
            self._by_text[label] = self._by_value.setdefault(value, len(self._by_value))
        codes = np.fromiter(map(self._by_text.__getitem__, texts), np.int64, len(texts))
        self._codes.append(codes)

    def finish(self) -> Labels:
        """Return the labels.

        Raises
        ------
        LabelsEmpty
            Some are empty or NaN.
        """
        codes = np.concatenate(self._codes)
        empty = [code for value, code in self._by_value.items() if _is_empty(value)]
        bad = np.flatnonzero(np.isin(codes, empty))
        if bad.size:
            raise LabelsEmpty(len(bad), int(bad[0]) + 1)
        return Labels(tuple(self._by_value), codes)


def _is_empty(value: str) -> bool:
    return value.lower().lstrip("+-") in {"", "nan"}
