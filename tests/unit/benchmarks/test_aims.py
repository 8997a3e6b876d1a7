"""What the measurements that need no clock must come to."""

from fractions import Fraction
from pathlib import Path
from statistics import geometric_mean

import pytest

from benchmarks import commits, rows
from benchmarks.table import show


@pytest.fixture(scope="module")
def measured() -> list[rows.RowsRequired]:
    return rows.measure()


def test_rows_are_at_most_two_thirds_of_the_papers_best(measured) -> None:
    assert len({each.condition for each in measured}) >= 12
    assert {each.adaptivity for each in measured} == {"none", "full"}
    assert geometric_mean([each.ours / each.paper for each in measured]) <= 0.65


def test_no_plan_is_below_what_any_test_needs_or_above_the_papers(measured) -> None:
    for each in measured:
        assert each.bound <= each.ours <= each.paper <= each.reference


def test_metered_serves_twice_the_commits_when_one_in_thirty_passes() -> None:
    by_rate = {each.pass_rate: each for each in commits.measure()}
    rare = by_rate[Fraction(1, 30)]
    assert rare.metered >= 2 * rare.full
    assert [each.metered for each in by_rate.values()] == sorted(
        (each.metered for each in by_rate.values()), reverse=True
    )


def test_a_table_in_a_pipe_is_plain_text_in_whole_lines(capsys) -> None:
    show("Title", ["what", "number"], [["x" * 60, "1"], ["[b]y[/b]", "22"]], "A note.")
    shown = capsys.readouterr().out
    assert shown.isascii()
    assert "x" * 60 in shown
    assert "[b]y[/b]" in shown
    assert shown.startswith("Title\n")
    assert shown.endswith("A note.\n\n")


def test_the_documentation_shows_what_is_measured(measured) -> None:
    text = (Path(__file__).parents[3] / "docs/statistics.md").read_text()
    for each in measured:
        numbers = f"{each.reference:,} | {each.paper:,} | {each.ours:,} | {each.bound:,} |"
        assert f"{each.reliability:g}, {each.steps}, `{each.adaptivity}` | {numbers}" in text
    for served in commits.measure():
        assert f"| {1 / served.pass_rate} | {served.full} | {served.metered} |" in text
