"""``python -m documentation.recording``: plays ``easeml demo`` and keeps what its terminal showed.

``docs/demo.svg`` is a moving picture: a window that rolls on from scene to scene. Where motion is
not wanted, it stays at the first ones.
"""

import io
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pexpect
from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).parents[1] / "docs" / "demo.svg"

COLUMNS, LINES = 100, 22
SECONDS_A_SCENE = 2.5
LONGEST = 1800  # seconds that the demo may take

_LINE_HEIGHT = 24.4  # of the picture, as Rich draws it
_CHARACTER_WIDTH = 12.2
_EDGE = 16
_TITLE = re.compile(r"^\d+\. .* ─+$")


def main() -> None:
    """Play the demo and write the picture."""
    PICTURE.write_text(draw(play()))


def play() -> str:
    """Return what a terminal shows of the demo, with its colours."""
    with tempfile.TemporaryDirectory() as folder:
        shown, ended = pexpect.run(
            f"{sys.executable} -m easeml_action demo --brief --html reveal.html",
            cwd=folder,
            dimensions=(LINES, COLUMNS),
            encoding="utf-8",
            timeout=LONGEST,
            withexitstatus=True,
        )
    if ended:
        raise SystemExit(f"The demo ended with {ended}:\n{shown}")
    return str(shown)


def draw(shown: str) -> str:
    """Return the picture of what a terminal showed."""
    text = Text.from_ansi(shown.replace("\r\n", "\n").rstrip())
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), color_system="truecolor")
    console.print(text)
    lines = [line.rstrip() for line in console.export_text(clear=False).splitlines()]
    starts = [number for number, line in enumerate(lines) if _TITLE.match(line)]
    ends = [*starts[1:], len(lines)]
    return console.export_svg(code_format=_frame(ends), unique_id="demo") + "\n"


def _frame(ends: Sequence[int]) -> str:
    """Return the picture without its lines; it shows every scene to the line where it ends."""
    moves = "".join(
        f"{100 * number / len(ends):.2f}% "
        f"{{{{ transform: translateY({-max(0, end - LINES) * _LINE_HEIGHT:.1f}px) }}}}\n"
        for number, end in enumerate(ends)
    )
    width = round(COLUMNS * _CHARACTER_WIDTH) + 2 * _EDGE
    height = round(LINES * _LINE_HEIGHT)
    return f"""\
<svg viewBox="0 0 {width} {height + 2 * _EDGE}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>A recording of easeml demo</title>
<style>
text {{{{ font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 20px }}}}
{{styles}}
@media (prefers-reduced-motion: no-preference) {{{{
.roll {{{{ animation: roll {len(ends) * SECONDS_A_SCENE:g}s step-end infinite }}}}
}}}}
@keyframes roll {{{{
{moves}}}}}
</style>
<defs>
<clipPath id="window"><rect y="6" width="{width}" height="{height}"/></clipPath>
{{lines}}
</defs>
<rect width="100%" height="100%" rx="10" fill="#292929"/>
<g transform="translate({_EDGE} {_EDGE})" clip-path="url(#window)">
<g class="roll">
{{backgrounds}}
{{matrix}}
</g>
</g>
</svg>"""


if __name__ == "__main__":
    main()
