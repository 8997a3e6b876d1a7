"""A line of names is told from a row by what stands below it."""

import pytest

from easeml_action.testset import TestSet, begins_with_names


def begins(text: str, label: int = 2, format: str = "csv") -> bool:
    return begins_with_names(TestSet.parse(text.encode(), format=format, label=label))


@pytest.mark.parametrize(
    "text",
    [
        "a,label\n1,0\n2,1\n",  # text above numbers
        "text,label\nx,yes\ny,no\nz,yes\nx,no\n",  # a label that no other row has
        '"a","label"\n"1","2.5"\n"2","3e1"\n',
        "a,0\n1,0\n2,1\n",
        ",label\n0,yes\n1,no\n2,no\n3,yes\n",
        " a ,label\n 1 ,yes\n 2 ,no\n",
    ],
)
def test_names_are_seen(text: str) -> None:
    assert begins(text)
    assert begins(text.replace(",", "\t"), format="tsv")


@pytest.mark.parametrize(
    "text",
    [
        "1,0\n2,1\n",
        "1,7\n2,0\n3,0\n",  # a number is no name
        "x,yes\ny,no\nz,yes\n",  # as "yes" comes again
        "x,yes\ny,no\nz,maybe\n",  # labels that do not come again say nothing
        "x,rare\ny,no\nz,no\nz,odd\n",
        "NA,1\n1,0\n2,1\n",  # a value that is missing
        ",1\n1,0\n2,1\n",
        "x,1\n2,0\ny,1\n",  # not all below are numbers
        "a,label\n",  # nothing is below
    ],
)
def test_rows_are_left_alone(text: str) -> None:
    assert not begins(text)
