"""What a new test set must have in common with the old one: its columns, and its labels.

A model reads columns by their names or places, and answers with the labels that it was trained on.
Of rows in another form every model gets every answer wrong, and a step is charged for each.

No error names a column or a label that is not in the public sample.
"""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from easeml_action.errors import GateError

if TYPE_CHECKING:
    from easeml_action.cli.encryption import Layout
    from easeml_action.testset import TestSet

_FEW = 100  # labels: of so many none is expected to be missing in an old test set
_KNOWN = 10  # of more, one row in so many must have one that the old test set has
_NAMED = 5  # columns or labels that an error names


class OldFormUnread(GateError):
    """The rows to be replaced are not in the form that the configuration says."""

    def __init__(self, where: str, fault: GateError) -> None:
        cause = fault.problem.replace("The test set", "it").replace("test set", "file")
        super().__init__(
            f"{where.capitalize()} is not in the form that the configuration says: {cause}",
            "Correct label, header or format in the configuration, or add --other-form if the new "
            "rows have another form.",
        )


class ColumnsDiffer(GateError):
    """The new rows have not the columns of the old ones."""

    def __init__(self, lost: int, added: int, columns: int, shown: str) -> None:
        super().__init__(
            f"The new rows lack {lost:,} of the {columns:,} columns of the old ones{shown}, and "
            f"have {added:,} that those lack.",
            "Models read columns by name: rename them, or add --other-form if the models change "
            "with the rows.",
        )


class ColumnsMoved(GateError):
    """The new rows have the columns of the old ones in another order."""

    def __init__(self) -> None:
        super().__init__(
            "The new rows have the columns of the old ones in another order.",
            "Models may read them by their places: restore the order, or add --other-form if they "
            "read them by name.",
        )


class LabelsDiffer(GateError):
    """The new rows have labels that the old ones have not."""

    def __init__(self, unknown: int, rows: int, shown: str) -> None:
        super().__init__(
            f"{unknown:,} of the {rows:,} new rows have a label that the old test set has not.",
            f"Models answer with the labels they were trained on{shown}: write them as before, or "
            "add --other-form if the models change with the rows.",
        )


def parse_before(layout: "Layout", data: bytes, where: str) -> "TestSet":
    """Read rows that are to be replaced.

    Parameters
    ----------
    where
        What an error calls them.

    Raises
    ------
    OldFormUnread
        They are in another form.
    """
    try:
        return layout.parse(data)
    except GateError as error:
        raise OldFormUnread(where, error) from None


def insist_on_form(new: "TestSet", old: "TestSet", public: "TestSet | None") -> None:
    """Refuse rows that models of the old ones could not be right on.

    Parameters
    ----------
    public
        The sample beside the old ones: what errors may name.

    Raises
    ------
    ColumnsDiffer, ColumnsMoved, LabelsDiffer
    """
    if new.columns != old.columns:
        lost, added = set(old.columns) - set(new.columns), set(new.columns) - set(old.columns)
        if not lost and not added:
            raise ColumnsMoved
        shown = () if public is None else [name for name in public.columns if name in lost]
        raise ColumnsDiffer(len(lost), len(added), len(old.columns), _in_words(shown))
    _insist_on_labels(new, old, () if public is None else public.labels.tolist())


def _insist_on_labels(new: "TestSet", old: "TestSet", public: Sequence[str]) -> None:
    """Compare the labels, as far as it can be expected that they come back.

    Where most labels of the old rows occur once, they are taken for measurements and not compared.
    """
    before = Counter(old.labels.tolist())
    if 2 * sum(count == 1 for count in before.values()) > old.rows:
        return
    known = before.keys() | set(public)
    unknown = sum(label not in known for label in new.labels.tolist())
    if unknown and (len(before) <= _FEW or _KNOWN * (new.rows - unknown) <= new.rows):
        raise LabelsDiffer(unknown, new.rows, _in_words(sorted(set(public)), "such as "))


def _in_words(names: Sequence[str], before: str = "") -> str:
    """Return a few names in brackets; nothing for none."""
    shown = ", ".join(map(repr, names[:_NAMED]))
    more = ", ..." if len(names) > _NAMED else ""
    return f" ({before}{shown}{more})" if names else ""
