"""A picture and its table say the same, and both say what was measured."""

from dataclasses import replace
from typing import Any

import pytest

from easeml_action.page import charts_of
from easeml_action.page.words import signed
from tests.measured import make_test_set


def test_every_clause_has_a_picture_and_so_have_the_steps_and_the_models() -> None:
    titles = [chart.title for chart in charts_of(make_test_set())]
    assert titles == ["n - o > 0.02 +/- 0.01", "Steps left", "Accuracy of the models"]


def test_the_table_beside_a_clause_has_the_numbers_of_its_picture() -> None:
    chart = charts_of(make_test_set())[0]
    drawn = [[str(m.step), signed(m.value), signed(m.low), signed(m.high)] for m in chart.marks]
    assert [[row[0], *row[2:5]] for row in chart.rows] == drawn
    assert drawn[0] == ["1", "−0.0456", "−0.0579", "−0.0222"]
    assert [row[-1] for row in chart.rows] == [mark.kind for mark in chart.marks]


def test_the_table_beside_the_budget_has_the_numbers_of_its_picture() -> None:
    chart = charts_of(make_test_set())[1]
    (curve,) = chart.curves
    assert curve.points == ((0, 5), (1, 4), (2, 3), (3, 2), (4, 1))
    assert [(int(row[0]), int(row[-1])) for row in chart.rows] == list(curve.points[1:])
    assert curve.name == "1 left"


def test_the_table_beside_the_accuracies_has_the_numbers_of_its_picture() -> None:
    chart = charts_of(make_test_set())[2]
    for curve, column in zip(chart.curves, ("n", "o"), strict=True):
        place = chart.columns.index(column)
        shown = [(int(row[0]), row[place]) for row in chart.rows if row[place]]
        assert shown == [(step, signed(value)) for step, value in curve.points]
    assert [row[-1] for row in chart.rows] == ["fail", "pass", "unfinished", "fail"]


def test_a_step_without_a_verdict_has_no_mark() -> None:
    chart = charts_of(make_test_set())[0]
    assert chart.steps == (1, 2, 3, 4)
    assert [mark.step for mark in chart.marks] == [1, 2, 4]


@pytest.mark.parametrize(
    ("comparison", "mode", "sure", "name"),
    [
        (">", "fp-free", 0.04, "c + 2ε"),
        (">", "fn-free", 0.0, "c − 2ε"),
        ("<", "fp-free", 0.0, "c − 2ε"),
        ("<", "fn-free", 0.04, "c + 2ε"),
    ],
)
def test_chance_decides_where_a_verdict_is_not_promised(
    comparison: Any, mode: Any, sure: float, name: str
) -> None:
    made = make_test_set()
    steps = tuple(
        replace(
            step,
            mode=mode,
            clauses=tuple(replace(each, comparison=comparison) for each in step.clauses),
        )
        for step in made.steps
    )
    threshold = charts_of(replace(made, steps=steps))[0].threshold
    assert threshold is not None
    assert (threshold.value, threshold.sure) == pytest.approx((0.02, sure))
    assert threshold.name == name


def test_a_condition_that_changed_has_a_picture_for_each_of_its_clauses() -> None:
    made = make_test_set()
    *others, last = made.steps
    other = replace(last.clauses[0], clause="n > 0.9 +/- 0.1", expression="n", threshold=0.9)
    charts = charts_of(replace(made, steps=(*others, replace(last, clauses=(other,)))))
    assert [chart.title for chart in charts[:2]] == ["n - o > 0.02 +/- 0.01", "n > 0.9 +/- 0.1"]
    assert [[mark.step for mark in chart.marks] for chart in charts[:2]] == [[1, 2], [4]]


def test_a_test_set_without_a_step_has_its_budget() -> None:
    (budget,) = charts_of(make_test_set(steps=()))
    assert budget.curves[0].points == ((0, 5),)
    assert budget.rows == ()


def test_who_does_not_see_a_picture_is_told_what_it_shows() -> None:
    clause, budget, accuracy = (chart.alternative for chart in charts_of(make_test_set()))
    assert clause.startswith("n - o of 3 commits against the threshold 0.02: shown to hold for 1.")
    assert budget.startswith("4 commits of 5 judged, 1 left at most.")
    assert accuracy.startswith("n from 85.4 % to 95.7 %; o from 90.0 % to 90.0 %.")
