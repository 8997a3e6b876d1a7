import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easeml_action.testset import TestSet, differ
from easeml_action.testset.canonical import canonical_label

predictions = st.lists(
    st.none() | st.sampled_from(["0", "1", " 1 ", "1.0", "2", "spam", "True", "true", ""])
)


def labelled(*labels: str) -> TestSet:
    rows = "".join(f"0,{label}\n" for label in labels)
    return TestSet.parse(f"x,y\n{rows}".encode(), format="csv", label="y")


def test_predictions_are_right_by_value_and_missing_ones_are_wrong() -> None:
    tests = labelled("7", "7", "7", "spam", "true", "7")
    found = tests.correct(["7", " 7.0 ", None, "spam", "True", "8"])
    assert found.tolist() == [True, True, False, True, True, False]
    assert found.dtype == np.bool_


def test_an_empty_prediction_is_wrong() -> None:
    assert labelled("0").correct([""]).tolist() == [False]


def test_the_number_of_predictions_has_to_be_that_of_the_rows() -> None:
    with pytest.raises(ValueError, match="predictions must have 2 entries"):
        labelled("0", "1").correct(["0"])
    with pytest.raises(ValueError, match="one length"):
        differ(["0"], [])


@given(predictions)
def test_a_model_does_not_differ_from_itself(new: list[str | None]) -> None:
    assert not differ(new, new).any()


@given(st.lists(st.tuples(*[predictions.map(lambda found: (found or [None])[0])] * 2)))
def test_predictions_differ_when_their_values_do(pairs: list[tuple[str | None, ...]]) -> None:
    def value(prediction: str | None) -> str | None:
        return None if prediction is None else canonical_label(prediction)

    new, old = [first for first, _ in pairs], [second for _, second in pairs]
    assert differ(new, old).tolist() == [value(a) != value(b) for a, b in pairs]
    assert differ(new, old).tolist() == differ(old, new).tolist()


two_predictions = [st.sampled_from(["0", "1", None])] * 2


@given(st.lists(st.tuples(st.sampled_from(["0", "1", "x"]), *two_predictions), min_size=1))
def test_models_that_differ_in_being_right_differ(rows: list[tuple[str, str, str]]) -> None:
    tests = labelled(*[label for label, _, _ in rows])
    new, old = [row[1] for row in rows], [row[2] for row in rows]
    discordant = tests.correct(new) != tests.correct(old)
    assert not (discordant & ~differ(new, old)).any()
