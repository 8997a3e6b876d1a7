"""Everything is inside of its picture, in order, and no text is written over another."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easeml_action.page.charts import Chart, Curve, Mark, Threshold
from easeml_action.page.layout import Drawing, lay_out

values = st.floats(-3, 3).map(lambda value: round(value, 6))
marks = st.lists(st.tuples(values, values, values, st.sampled_from(["pass", "fail"])), max_size=60)


def chart(**changes: object) -> Chart:
    empty = {
        "key": "key",
        "title": "",
        "caption": "",
        "alternative": "",
        "steps": (1,),
        "columns": (),
        "rows": (),
    }
    return Chart(**(empty | changes))  # type: ignore[arg-type]


def drawn(points: list[tuple[float, float, float, str]], threshold: float, width: float) -> Drawing:
    steps = tuple(range(1, len(points) + 1))
    made = [
        Mark(step, sorted(ends)[1], min(ends), max(ends), kind)  # type: ignore[arg-type]
        for step, (*ends, kind) in zip(steps, points, strict=True)
    ]
    curve = Curve("n", "new", tuple((mark.step, mark.value) for mark in made))
    return lay_out(
        chart(
            steps=steps,
            marks=tuple(made),
            curves=(curve,) if made else (),
            threshold=Threshold(threshold, threshold + 0.1, "c + 2ε"),
        ),
        width,
    )


@given(marks, values, st.sampled_from([348, 720]))
def test_everything_is_inside(
    points: list[tuple[float, float, float, str]], threshold: float, width: float
) -> None:
    drawing = drawn(points, threshold, width)
    assert drawing.width == width
    for sign in drawing.signs:
        assert drawing.left <= sign.x <= drawing.right
        assert drawing.top <= sign.top <= sign.y <= sign.bottom <= drawing.bottom
    for label in (*drawing.across, *drawing.down, *drawing.named):
        assert 0 <= label.x <= width
        assert 0 <= label.y <= drawing.height


@given(marks, values)
def test_a_higher_value_is_higher_up(
    points: list[tuple[float, float, float, str]], threshold: float
) -> None:
    drawing = drawn(points, threshold, 720)
    by_value = sorted(
        zip(drawing.chart.marks, drawing.signs, strict=True), key=lambda pair: pair[0].value
    )
    heights = [sign.y for _, sign in by_value]
    assert heights == sorted(heights, reverse=True)


@given(marks, values, st.sampled_from([348, 720]))
def test_no_text_is_written_over_another(
    points: list[tuple[float, float, float, str]], threshold: float, width: float
) -> None:
    drawing = drawn(points, threshold, width)
    for labels in (drawing.named[-2:], drawing.down):
        heights = sorted(label.y for label in labels)
        assert all(below - above >= 12 for above, below in pairwise(heights))
    places = [label.x for label in drawing.across]
    assert all(right - left >= 14 for left, right in pairwise(places))


@given(marks, values)
def test_the_ticks_are_round_numbers_that_the_picture_spans(
    points: list[tuple[float, float, float, str]], threshold: float
) -> None:
    ticks = drawn(points, threshold, 720).down
    numbers = [float(tick.text.replace("−", "-")) for tick in ticks]
    assert 2 <= len(numbers) <= 7
    steps = {round(b - a, 9) for a, b in pairwise(numbers)}
    assert len(steps) == 1
    assert len({len(tick.text.partition(".")[2]) for tick in ticks}) == 1


def test_many_steps_are_numbered_in_round_numbers() -> None:
    labels = lay_out(chart(steps=tuple(range(10_001)), whole=True), 720).across
    numbers = [int(label.text) for label in labels]
    assert numbers == list(range(0, 10_001, numbers[1]))
    assert 2 <= len(numbers) <= 20


def test_a_budget_is_counted_in_whole_steps_from_zero() -> None:
    made = chart(
        steps=(0, 1, 2, 3),
        curves=(Curve("1 left", "left", ((0, 3), (1, 2), (2, 1)), stepped=True),),
        whole=True,
    )
    drawing = lay_out(made, 720)
    assert [tick.text for tick in drawing.down] == ["0", "1", "2", "3"]
    assert drawing.down[0].y == drawing.bottom
    (path,) = drawing.paths
    assert path.data.count("H") == path.data.count("V") == 2
    assert len(path.dots) == 1


@pytest.mark.parametrize(("value", "name"), [(-0.02, "c = −0.02"), (0.123456, "c")])
def test_a_threshold_is_named_by_its_number_where_there_is_room(value: float, name: str) -> None:
    drawing = lay_out(chart(threshold=Threshold(value, value + 1, "c + 2ε")), 348)
    assert [label.text for label in drawing.named] == ["c + 2ε", name]


def test_names_at_one_height_are_written_one_below_the_other() -> None:
    made = chart(
        steps=(1,), curves=(Curve("n", "new", ((1, 0.9),)), Curve("o", "old", ((1, 0.9),)))
    )
    first, second = lay_out(made, 720).named
    assert second.y - first.y >= 12


@pytest.mark.parametrize("value", [0.0, 0.5, -2.0])
def test_a_single_value_has_an_axis(value: float) -> None:
    drawing = lay_out(chart(curves=(Curve("n", "new", ((1, value),)),)), 720)
    assert all(math.isfinite(tick.y) for tick in drawing.down)
    assert drawing.down
