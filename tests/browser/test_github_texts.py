"""The job summary, the issue and the closing comment, in the style that GitHub shows them in."""

from functools import cache

import pytest
from markdown_it import MarkdownIt

from easeml_action.github import render_closing, render_summary
from tests.browser.conftest import Open, asset
from tests.measured import make_long_life
from tests.reports import LONG_HISTORY, REPORTS, issue

READER = MarkdownIt("gfm-like")
TEXTS = {name: render_summary(report) for name, report in REPORTS.items()} | {
    "issue": issue(sample="data_test/test.sample.csv", history=LONG_HISTORY),
    "closing": render_closing(make_long_life()),
}


@cache
def style() -> str:
    return asset("markdown")


def page(markdown: str) -> str:
    return (
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>A text on GitHub</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{style()} body {{ margin: 0 }} main {{ max-width: 900px; padding: 16px }}</style>"
        f'<main class="markdown-body">{READER.render(markdown)}</main></html>'
    )


@pytest.mark.parametrize("width", [360, 1000])
@pytest.mark.parametrize("name", TEXTS)
def test_no_text_is_wider_than_its_window(visit: Open, name: str, width: int) -> None:
    opened = visit(page(TEXTS[name]), width=width)
    opened.page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    assert opened.overflow() == 0
    assert opened.said == []
    assert opened.asked_for == [opened.page.url]


@pytest.mark.parametrize("name", [name for name in REPORTS if name != "error"])
def test_a_summary_begins_with_one_heading_and_folds_the_rest(visit: Open, name: str) -> None:
    opened = visit(page(TEXTS[name]))
    assert opened.page.locator("main > :first-child").evaluate("each => each.tagName") == "H2"
    assert opened.page.locator("h1, h2, h3, h4, h5, h6").count() == 1
    assert opened.page.locator("main > table").count() == 0
    assert opened.page.locator("details").count() >= 1
    assert opened.page.locator("details[open]").count() == 0
    # All of it is read without scrolling.
    assert opened.page.evaluate("document.documentElement.scrollHeight") <= 800


def test_the_place_of_an_error_is_shown_as_it_was_written(visit: Open) -> None:
    opened = visit(page(TEXTS["error"]))
    lines = opened.page.locator("pre").inner_text().splitlines()
    assert lines[1].index("^") == lines[0].index("p")


def test_the_commands_of_the_issue_stand_in_one_block(visit: Open) -> None:
    opened = visit(page(TEXTS["issue"]))
    assert opened.page.locator("ol > li").count() == 3
    assert opened.page.locator("pre").inner_text().splitlines()[0] == "git fetch origin"


@pytest.mark.parametrize("name", ["pass", "error", "issue", "closing"])
def test_axe_finds_nothing_that_a_text_shuts_people_out_by(visit: Open, name: str) -> None:
    opened = visit(page(TEXTS[name]))
    opened.page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    # A page of GitHub has headings before ours, and its own regions.
    theirs = ("heading-order", "page-has-heading-one")
    found = [each for each in opened.violations() if not each.startswith(theirs)]
    assert found == []
