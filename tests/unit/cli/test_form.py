"""New rows are held to the columns and labels of the old ones, as far as these say anything."""

import pytest

from easeml_action.cli.form import ColumnsDiffer, ColumnsMoved, LabelsDiffer, insist_on_form
from easeml_action.testset import TestSet

SHOWN = "a,label\n1,yes\n"


def parse(text: str, format: str = "csv") -> TestSet:
    return TestSet.parse(text.encode(), format=format, label="label")


def labelled(*labels: object) -> TestSet:
    rows = (f"{number},{label}\n" for number, label in enumerate(labels))
    return parse("a,label\n" + "".join(rows))


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("b,label\n1,yes\n", r"lack 1 of the 2 columns of the old ones \('a'\), and have 1 that"),
        ("a,b,label\n1,2,yes\n", "lack 0 of the 2 columns of the old ones, and have 1 that"),
        ("SECRET,label\n1,yes\n", "lack 1 of the 2 columns"),
    ],
)
def test_other_columns_are_counted_and_those_in_public_are_named(new: str, said: str) -> None:
    with pytest.raises(ColumnsDiffer, match=said) as raised:
        insist_on_form(parse(new), parse("a,label\n1,yes\n"), parse(SHOWN))
    assert "SECRET" not in str(raised.value)


def test_without_a_public_sample_no_column_and_no_label_is_named() -> None:
    old = parse("HIDDEN,label\n1,SECRET\n2,SECRET\n")
    for new in ("b,label\n1,SECRET\n", "HIDDEN,label\n1,other\n"):
        with pytest.raises((ColumnsDiffer, LabelsDiffer)) as raised:
            insist_on_form(parse(new), old, None)
        assert "HIDDEN" not in str(raised.value)
        assert "SECRET" not in str(raised.value)


def test_columns_in_another_order_are_another_form_but_for_json() -> None:
    with pytest.raises(ColumnsMoved):
        insist_on_form(parse("label,a\nyes,1\n"), parse("a,label\n1,yes\n"), None)
    first, second = '{"a": 1, "label": "yes"}\n', '{"label": "yes", "a": 2}\n'
    insist_on_form(parse(first, "jsonl"), parse(second, "jsonl"), None)


def test_a_few_labels_are_all_there_are() -> None:
    old = labelled(*["yes", "no"] * 20)
    insist_on_form(labelled("yes", "yes"), old, None)
    with pytest.raises(LabelsDiffer, match="1 of the 3 new rows have a label") as raised:
        insist_on_form(labelled("yes", "SECRET", "no"), old, parse(SHOWN))
    assert "(such as 'yes')" in str(raised.value)
    assert "SECRET" not in str(raised.value)


def test_labels_are_compared_by_value() -> None:
    insist_on_form(labelled("1.0", "true"), labelled(*["1", "True"] * 5), None)


def test_a_label_that_the_sample_alone_has_is_known() -> None:
    insist_on_form(labelled("yes", "no"), labelled("no", "no"), parse(SHOWN))


def test_of_many_labels_some_may_be_new_but_not_nearly_all() -> None:
    old = labelled(*[f"label {number}" for number in range(150)] * 2)
    insist_on_form(labelled(*[f"label {number}" for number in range(130, 200)]), old, None)
    with pytest.raises(LabelsDiffer, match="190 of the 200"):
        insist_on_form(labelled(*[f"label {number}" for number in range(140, 340)]), old, None)


def test_labels_that_hardly_repeat_are_not_compared() -> None:
    old = labelled(*[f"{number}.5" for number in range(30)], "7", "7")
    insist_on_form(labelled("100.25", "100.75"), old, None)
