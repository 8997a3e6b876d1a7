"""What is offered where the rows are too few does fit, and gives up no more than it must."""

import pytest

from easeml_action.cli.setup.fit import nearest, options
from easeml_action.config import Terms


def terms(condition: str, **changes: object) -> Terms:
    settings = {
        "condition": condition,
        "reliability": 0.999,
        "mode": "fp-free",
        "adaptivity": "full",
        "steps": 32,
    }
    return Terms.read(settings | changes, "Here")


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        (terms("n > 0.8 +/- 0.01"), 400),
        (terms("n > 0.8 +/- 0.05"), 3_000),
        (terms("n - o > 0.02 +/- 0.05", max_disagreement=0.1), 390),
        (terms("n - o > 0.02 +/- 0.01 /\\ d < 0.1 +/- 0.01", mode="fn-free"), 5_000),
        (terms("n > 0.5 +/- 0.1", adaptivity="metered", pass_rate=0.2), 500),
        (terms("n > 0.5 +/- 0.1", passes=3), 200),
        (terms("n > 0.5 +/- 0.1", passes=30), 200),
    ],
)
def test_every_offer_fits(asked: Terms, rows: int) -> None:
    assert asked.plan().rows > rows
    offers = nearest(asked, rows)
    assert offers
    for change in offers:
        settings = {key: value for key, value in asked.model_dump().items() if value is not None}
        settings["condition"] = str(asked.condition)
        assert Terms.read(settings | dict(change), "Here").plan().rows <= rows


def test_a_tolerance_is_offered_in_round_numbers_and_no_wider_than_it_must_be() -> None:
    change = nearest(terms("n > 0.8 +/- 0.01"), 400)[0]
    assert options(change) == "--condition 'n > 0.8 +/- 0.13'"
    assert terms("n > 0.8 +/- 0.12").plan().rows > 400


def test_fewer_steps_are_as_many_as_the_rows_serve() -> None:
    change = nearest(terms("n > 0.8 +/- 0.05"), 3_000)[0]
    [steps] = change.values()
    assert terms("n > 0.8 +/- 0.05", steps=steps).plan().rows <= 3_000
    assert terms("n > 0.8 +/- 0.05", steps=int(steps) + 1).plan().rows > 3_000


def test_where_no_tolerance_is_left_verdicts_up_to_the_first_pass_are_offered() -> None:
    offered = [
        options(each) for each in nearest(terms("n - o > 0.02 +/- 0.05", max_disagreement=0.1), 390)
    ]
    assert any("--adaptivity firstChange" in each for each in offered)


def test_rows_that_are_good_for_nothing_get_no_offer() -> None:
    assert nearest(terms("n - o > 0.02 +/- 0.01"), 3) == []
