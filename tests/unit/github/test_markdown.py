"""Nothing untrusted acts in Markdown: judged by a parser, not by looking for backslashes."""

import html
import re
import shlex

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from easeml_action.github.markdown import block, cell, code, escape, render_markdown, shell, url
from easeml_action.github.workflow import clean_text

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# A busy machine is no fault.
untimed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Marks that mean something to Markdown, in any order, with any other signs between them.
MARKS = (
    "` `` ``` ~~~ ~~ * ** _ __ # ## + - --- === > | |-| 1. 2) \\ & &lt; &#42; ! [ ] ( ) $ $$ : :-: "
    "<b> </b> <!-- --> <script> <http://e> [x](http://e) ![x](y) [x]: http://e <details> @ a ' \""
)
NASTY = st.lists(
    st.sampled_from([*MARKS.split(), " ", "    ", "\n", "\n\n", "\t"]) | st.text(max_size=2),
    max_size=12,
).map("".join)


def _shown(text: str) -> str:
    """Return what a reader sees of a text in one line."""
    return " ".join(clean_text(text).split())


def _render(markdown: str) -> str:
    return PARSER.render(markdown).strip()


def _text_of(rendered: str) -> str:
    return html.unescape(rendered).replace("\u200b", "")


@untimed
@given(NASTY)
@example("1. one")
@example("2) two")
@example("- dash")
@example("a_b_ *c* 99.9 %")
def test_escaped_text_is_shown_as_it_is_and_makes_no_element(text: str) -> None:
    rendered = _render(escape(text))

    inside = re.fullmatch(r"(?:<p>(.*)</p>)?", rendered, re.DOTALL)
    assert inside is not None
    assert "<" not in (inside[1] or "")
    assert _text_of(inside[1] or "") == _shown(text)


@untimed
@given(NASTY)
def test_escaped_text_stays_text_behind_a_word(text: str) -> None:
    rendered = _render(f"**Said:** {escape(text)}")

    assert rendered.startswith("<p><strong>Said:</strong>")
    assert rendered.count("<") == 4
    assert _text_of(rendered) == f"<p><strong>Said:</strong> {_shown(text)}".rstrip() + "</p>"


@untimed
@given(NASTY)
def test_code_is_one_span_that_holds_the_text(text: str) -> None:
    rendered = _render(f"x {code(text)} y")

    inside = re.fullmatch(r"<p>x <code>(.*)</code> y</p>", rendered, re.DOTALL)
    assert inside is not None
    assert "<" not in inside[1]
    assert html.unescape(inside[1]).strip() == _shown(text)


@untimed
@given(NASTY)
def test_a_cell_is_one_cell(text: str) -> None:
    rendered = _render(f"| a | b |\n|---|---|\n| {cell(text)} | end |")

    cells = re.findall(r"<td>(.*?)</td>", rendered, re.DOTALL)
    assert len(cells) == 2
    assert cells[1] == "end"
    assert html.unescape(cells[0]).removeprefix("<code>").removesuffix("</code>").strip() == (
        _shown(text)
    )


@untimed
@given(NASTY)
def test_a_block_is_one_block_that_holds_the_lines(text: str) -> None:
    rendered = _render(f"before\n\n{block(text)}\n\nafter")

    inside = re.fullmatch(
        r'<p>before</p>\n<pre><code class="language-text">(.*)</code></pre>\n<p>after</p>',
        rendered,
        re.DOTALL,
    )
    assert inside is not None
    assert "<" not in inside[1]
    assert html.unescape(inside[1]).strip() == clean_text(text).strip()


@untimed
@given(NASTY)
def test_a_shell_word_is_one_word(text: str) -> None:
    assert shlex.split(f"git add {shell(text)} end") == ["git", "add", _shown(text), "end"]


@pytest.mark.parametrize(
    "text", ["@octocat", "ask @octo/team", "https://evil.example/x", "WWW.evil.example"]
)
def test_no_mention_and_no_link_is_made(text: str) -> None:
    assert not re.search(r"@\w|:/|www\.", escape(text), re.IGNORECASE)


def test_a_link_is_not_left_by_its_address() -> None:
    rendered = _render(f"[run]({url('https://example.com/a) [x](http://evil')})")

    assert rendered.count("<a ") == 1
    assert rendered.endswith(">run</a></p>")


def test_long_code_is_cut() -> None:
    assert len(code("x" * 10_000)) < 600


def test_a_template_that_lacks_a_value_fails_in_place_of_showing_nothing() -> None:
    with pytest.raises(Exception, match="undefined"):
        render_markdown("closing.md.j2", condition="n > 0.8 +/- 0.1")
