"""What is offered where the rows are too few does fit, and gives up no more than it must."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from easeml_action.cli.setup.fit import keys, nearest, options
from easeml_action.condition import parse
from easeml_action.config import Terms
from easeml_action.statistics import Clause, smallest_tolerances
from tests.terms import terms


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        (terms("n > 0.8 +/- 0.01"), 400),
        (terms("n > 0.8 +/- 0.05"), 3_000),
        (terms("n - o > 0.02 +/- 0.01", max_disagreement=0.1), 3_000),
        (terms("n - o > 0.02 +/- 0.01 /\\ d < 0.1 +/- 0.01", mode="fn-free"), 5_000),
        (terms("n > 0.5 +/- 0.1", adaptivity="metered", pass_rate=0.2), 500),
        (terms("n > 0.5 +/- 0.1", passes=3), 200),
        (terms("n > 0.5 +/- 0.1", passes=30), 200),
        (terms("n > 0.5 +/- 0.1", method="paper"), 1_200),
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
    change = nearest(terms("n > 0.5 +/- 0.01"), 400)[0]
    assert options(change) == "--condition 'n > 0.5 +/- 0.18'"
    assert terms("n > 0.5 +/- 0.17").plan().rows > 400


def test_an_offer_can_be_written_as_options_and_as_keys() -> None:
    change = {"steps": 8, "condition": "n > 0.8 +/- 0.1"}
    assert options(change) == "--steps 8 --condition 'n > 0.8 +/- 0.1'"
    assert keys(change) == "`steps: 8` and `condition: n > 0.8 +/- 0.1`"


def test_fewer_steps_are_as_many_as_the_rows_serve() -> None:
    change = nearest(terms("n > 0.8 +/- 0.05"), 3_000)[0]
    [steps] = change.values()
    assert terms("n > 0.8 +/- 0.05", steps=steps).plan().rows <= 3_000
    assert terms("n > 0.8 +/- 0.05", steps=int(steps) + 1).plan().rows > 3_000


def test_where_no_tolerance_is_left_verdicts_up_to_the_first_pass_are_offered() -> None:
    asked = terms("n - o > 0.02 +/- 0.01", max_disagreement=0.1)
    offered = [options(each) for each in nearest(asked, 2_000)]
    assert any("--adaptivity firstChange" in each for each in offered)


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        (terms("n > 0.9 +/- 0.02"), 500),
        (terms("d < 0.1 +/- 0.01"), 500),
        (terms("n - o > 0.02 +/- 0.01 /\\ d < 0.1 +/- 0.01"), 5_000),
        (terms("n > 0.05 +/- 0.005", mode="fn-free"), 2_000),
    ],
)
def test_no_tolerance_is_offered_that_leaves_every_verdict_to_chance(
    asked: Terms, rows: int
) -> None:
    # With the terms as they are, these rows carry only tolerances that reach beyond what a model
    # can be.
    clauses = asked.condition.clauses
    [*tolerances] = smallest_tolerances(clauses, asked.budget, asked.mode, rows)
    wide = [
        replace(clause, tolerance=max(clause.tolerance, tolerance or 0))
        for clause, tolerance in zip(clauses, tolerances, strict=True)
    ]
    assert None not in tolerances
    assert beyond(wide, asked.mode)
    for change in nearest(asked, rows):
        offered = parse(str(change.get("condition", asked.condition)))
        assert not beyond(offered.clauses, asked.mode)


def beyond(clauses: Iterable[Clause], mode: str) -> bool:
    """Whether twice the tolerance leads out of what shares and their differences can be.

    Counted out for the clauses of these tests: about n or d alone, or a gain within d.
    """
    ends = {}
    for clause in clauses:
        towards = (clause.comparison == ">") == (mode == "fp-free")
        ends[clause.n, clause.o, clause.d] = clause.threshold + clause.tolerance * (
            2 if towards else -2
        )
    gain = ends.pop((1, -1, 0), None)
    if gain is not None:
        return gain >= ends[0, 0, 1]
    return not all(0 < end < 1 for end in ends.values())


def test_who_stops_at_few_passes_is_offered_to_stop_at_the_first() -> None:
    offered = [options(each) for each in nearest(terms("n > 0.5 +/- 0.1", passes=30), 200)]
    assert any("--passes 1" in each for each in offered)


def test_rows_that_are_good_for_nothing_get_no_offer() -> None:
    assert nearest(terms("n - o > 0.02 +/- 0.01"), 3) == []
