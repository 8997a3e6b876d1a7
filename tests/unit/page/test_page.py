"""The page is whole by itself, says who may read it, and nothing written into it acts."""

import base64
import hashlib
import re
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from easeml_action.page import RasterizerMissing, charts_of, draw_png, draw_svg, render_page
from tests.measured import make_test_set

EVIL = "</title></style></svg><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


class Reader(HTMLParser):
    """Gathers elements with their attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def test_a_page_of_a_test_set_in_use_is_for_the_key_holder_only() -> None:
    said = "For the key holder only: whoever changes the model must not see this."
    assert said in Reader(render_page(make_test_set())).text
    retired = Reader(render_page(make_test_set(retired=True))).text
    assert said not in retired
    assert "This test set has retired." in retired


def test_nothing_is_loaded_and_no_style_but_ours_applies() -> None:
    page = render_page(make_test_set(), [make_test_set(retired=True)])
    reader = Reader(page)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = [
        each["content"]
        for each in reader.all("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert "url(" not in style
    assert "@import" not in style
    tags = {tag for tag, _ in reader.elements}
    assert tags.isdisjoint({"script", "link", "img", "iframe", "object", "image", "use"})
    for tag, attributes in reader.elements:
        assert not {name for name in attributes if name.startswith("on") or name == "style"}
        assert attributes.get("href", "#").startswith("#"), tag


def test_every_picture_has_a_table_beside_it() -> None:
    measured = make_test_set()
    page = render_page(measured)
    for chart in charts_of(measured):
        section = page.partition(f'<section id="{chart.key}"')[2].partition("</section>")[0]
        assert section.count("<svg") - section.count('<svg viewBox="-8') == 2  # wide and narrow
        assert section.count("<table>") == 1
        cells = re.findall(r"<td[^>]*>(.*?)</td>", section)
        shown = [re.sub(r"<[^>]*>", "", each) for each in cells]
        assert shown == [text for row in chart.rows for text in row]


def test_the_page_has_the_promise_the_facts_and_the_messages() -> None:
    text = Reader(render_page(make_test_set())).text
    assert "Nothing undeserved passes. It retires after step 5." in text
    assert "verdicts 1 pass, 2 fail, 1 unfinished" in text
    assert "left 1 at most" in text
    assert "6,543" in text
    assert "Try number 4" in text


def test_the_retired_test_sets_are_listed_with_what_they_measured() -> None:
    other = make_test_set(test_set="ab" * 16, retired=True)
    text = Reader(render_page(make_test_set(), [other])).text
    assert "Retired test sets abababababab : 6,543 rows, 4 of 5 judged, 1 pass, 2 fail" in text
    assert "0.0567 (0.0444 to 0.0801)" in text
    assert "Retired test sets" not in Reader(render_page(make_test_set())).text


def test_terms_that_changed_are_told_with_every_commit() -> None:
    made = make_test_set()
    *others, last = made.steps
    changed = replace(made, steps=(*others, replace(last, mode="fn-free")))
    assert "fn-free" in Reader(render_page(changed)).text
    assert "fp-free" not in Reader(render_page(made)).text


def test_untrusted_text_acts_nowhere() -> None:
    made = make_test_set()
    evil = replace(
        made,
        test_set=EVIL,
        promise=EVIL,
        steps=tuple(
            replace(
                step,
                subject=EVIL,
                condition=EVIL,
                commit=EVIL,
                clauses=tuple(replace(each, clause=EVIL, expression=EVIL) for each in step.clauses),
            )
            for step in made.steps
        ),
    )
    plain, page = Reader(render_page(made)), Reader(render_page(evil, [evil]))
    assert {tag for tag, _ in page.elements} == {tag for tag, _ in plain.elements} | {"details"}
    assert "<script>alert(1)</script>" in page.text
    root = ET.fromstring(draw_svg(evil))
    assert {each.tag.rpartition("}")[2] for each in root.iter()} <= {
        *("svg", "title", "style", "rect", "text", "g", "line", "path", "circle")
    }


def test_a_picture_is_an_svg_of_its_own_with_every_chart() -> None:
    measured = make_test_set()
    root = ET.fromstring(draw_svg(measured))
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {chart.title for chart in charts_of(measured)} <= set(texts)
    assert draw_svg(measured) == draw_svg(measured)


def test_a_png_is_the_same_picture_in_pixels() -> None:
    measured = make_test_set()
    png = draw_png(measured)
    root = ET.fromstring(draw_svg(measured))
    assert png.startswith(b"\x89PNG")
    width, height = (int.from_bytes(png[place : place + 4], "big") for place in (16, 20))
    assert (width, height) == (2 * int(root.attrib["width"]), 2 * float(root.attrib["height"]))
    assert png == draw_png(measured)


@pytest.mark.parametrize("missing", ["matplotlib", "resvg_py"])
def test_a_png_without_what_makes_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(RasterizerMissing, match=r"easeml-action\[plot\]"):
        draw_png(make_test_set())
