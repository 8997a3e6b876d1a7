"""The page of ``easeml reveal`` in a real browser, as it is sent, opened, read and printed."""

import base64
import re
from dataclasses import replace

import pytest

from easeml_action.measured import MeasuredTestSet
from easeml_action.page import charts_of, draw_svg, render_page
from tests.browser.conftest import Open
from tests.measured import make_long_life, make_test_set

SHORT = make_test_set()
LONG = make_long_life()
RETIRED = replace(LONG, test_set="ab" * 16, retired=True)
EVIL = '</style><script>console.log("ran")</script><img src=x onerror="console.log(1)">'


def page(measured: MeasuredTestSet = LONG) -> str:
    return render_page(measured, [RETIRED])


@pytest.mark.parametrize("measured", [SHORT, LONG, make_test_set(steps=())])
def test_it_opens_from_a_file_and_asks_for_nothing(visit: Open, measured: MeasuredTestSet) -> None:
    opened = visit(page(measured))
    assert opened.said == []
    assert opened.asked_for == [opened.page.url]
    assert opened.page.url.startswith("file://")


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1000, "dark")])
def test_axe_finds_nothing_that_shuts_people_out(visit: Open, width: int, scheme: str) -> None:
    opened = visit(page(), width=width, scheme=scheme)
    opened.page.locator("details").last.evaluate("each => each.open = true")
    assert opened.violations() == []


def test_axe_would_find_what_is_wrong(visit: Open) -> None:
    wrong = (
        render_page(SHORT).replace("color: var(--quiet)", "color: #ccc").replace(' lang="en"', "")
    )
    # The policy lets no other style apply, so it has to go for the wrong one to show.
    found = visit(re.sub(r"<meta http-equiv[^>]*>", "", wrong)).violations()
    assert {each.partition(":")[0] for each in found} == {"color-contrast", "html-has-lang"}


@pytest.mark.parametrize("width", [320, 360, 600, 601, 1000])
@pytest.mark.parametrize("measured", [SHORT, LONG])
def test_no_page_is_wider_than_its_window(
    visit: Open, measured: MeasuredTestSet, width: int
) -> None:
    opened = visit(page(measured), width=width)
    assert opened.overflow() == 0


@pytest.mark.parametrize("width", [360, 600, 1000])
def test_the_letters_of_a_picture_are_large_enough_to_read(visit: Open, width: int) -> None:
    opened = visit(page(), width=width)
    pictures = opened.page.locator("figure svg:visible")
    assert pictures.count() == len(charts_of(LONG))
    for picture in pictures.all():
        scale = picture.evaluate("svg => svg.getScreenCTM().a")
        assert 13 * scale >= 11


@pytest.mark.parametrize("width", [360, 1000])
def test_no_text_of_a_picture_is_cut_off_or_written_over_another(visit: Open, width: int) -> None:
    opened = visit(page(), width=width)
    for picture in opened.page.locator("figure svg:visible").all():
        around = picture.bounding_box()
        boxes = [text.bounding_box() for text in picture.locator("text").all()]
        assert around is not None
        for i, box in enumerate(boxes):
            assert box is not None
            assert box["x"] >= around["x"] - 0.5
            assert box["x"] + box["width"] <= around["x"] + around["width"] + 0.5
            for other in boxes[:i]:
                assert other is not None
                apart = (
                    box["x"] + box["width"] <= other["x"]
                    or other["x"] + other["width"] <= box["x"]
                    # The box of a line of text is higher than its letters.
                    or abs(box["y"] - other["y"]) >= 0.7 * box["height"]
                )
                assert apart, (box, other)


def test_the_keyboard_reaches_everything_and_shows_where_it_is(visit: Open) -> None:
    opened = visit(page())
    opened.page.locator("details").last.evaluate("each => each.open = true")
    wanted = opened.page.locator("a, summary, [tabindex='0']").count()
    reached = set()
    for _ in range(wanted):
        opened.page.keyboard.press("Tab")
        place, outline = opened.page.evaluate(
            """() => [
                [...document.querySelectorAll("*")].indexOf(document.activeElement),
                getComputedStyle(document.activeElement).outlineStyle,
            ]"""
        )
        reached.add(place)
        assert outline == "solid"
    assert len(reached) == wanted >= 10


def test_the_keyboard_folds_the_numbers_away(visit: Open) -> None:
    opened = visit(page())
    numbers = opened.page.locator("details").first
    assert numbers.locator("table").is_visible()
    numbers.locator("summary").focus()
    opened.page.keyboard.press("Enter")
    assert not numbers.locator("table").is_visible()


def test_the_colours_follow_the_reader(visit: Open) -> None:
    def colours(scheme: str) -> tuple[str, str]:
        opened = visit(page(), scheme=scheme)
        return (
            opened.page.evaluate("getComputedStyle(document.body).backgroundColor"),
            opened.page.evaluate(
                "getComputedStyle(document.querySelector('svg.wide .pass .sign')).fill"
            ),
        )

    light, dark = colours("light"), colours("dark")
    assert light == ("rgb(255, 255, 255)", "rgb(0, 114, 178)")
    assert dark == ("rgb(20, 23, 28)", "rgb(86, 180, 233)")


def test_it_prints_in_light_colours_with_the_wide_pictures(visit: Open) -> None:
    opened = visit(page(), width=360, scheme="dark")
    pdf = opened.page.pdf(format="A4")
    assert pdf.startswith(b"%PDF")
    opened.page.emulate_media(media="print")
    assert opened.page.locator("figure svg.wide").first.is_visible()
    assert not opened.page.locator("figure svg.narrow").first.is_visible()
    assert not opened.page.locator("nav").is_visible()
    background = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(255, 255, 255)"


def test_nothing_written_into_it_runs(visit: Open) -> None:
    steps = tuple(replace(step, subject=EVIL, condition=EVIL) for step in SHORT.steps)
    opened = visit(page(replace(SHORT, promise=EVIL, steps=steps)))
    assert opened.said == []
    assert opened.asked_for == [opened.page.url]
    assert opened.page.get_by_text("onerror").count() > 0


def test_the_policy_holds_back_what_would_get_past_the_escaping(visit: Open) -> None:
    opened = visit(page().replace("</main>", f"{EVIL}</main>"))
    assert "ran" not in opened.said
    assert sum("Content Security Policy" in each for each in opened.said) >= 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_picture_stands_by_itself_where_it_is_embedded(visit: Open, scheme: str) -> None:
    # As a README embeds it, where no style of the page reaches it.
    data = base64.b64encode(draw_svg(LONG).encode()).decode()
    opened = visit(
        f'<!DOCTYPE html><img alt="" src="data:image/svg+xml;base64,{data}">', scheme=scheme
    )
    assert opened.said == []
    image = opened.page.locator("img")
    assert image.evaluate("each => [each.naturalWidth > 700, each.complete]") == [True, True]
    corner = image.evaluate(
        """each => {
            const canvas = document.createElement("canvas").getContext("2d");
            canvas.drawImage(each, 0, 0);
            return [...canvas.getImageData(1, 1, 1, 1).data];
        }"""
    )
    assert corner == ([255, 255, 255, 255] if scheme == "light" else [20, 23, 28, 255])
