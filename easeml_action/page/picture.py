"""A picture on its own: the charts of a test set together, as SVG and as PNG."""

import math
from pathlib import Path

from easeml_action.errors import GateError
from easeml_action.measured import MeasuredTestSet
from easeml_action.page.charts import charts_of
from easeml_action.page.layout import HEIGHT, lay_out
from easeml_action.page.templates import render

_WIDTH, _COLUMNS = 480, 2
_TITLE = 36  # above each chart
_MARGIN = 24
_SCALE = 2  # pixels of a PNG to one of the drawing


class RasterizerMissing(GateError):
    """A PNG was asked for, and what makes it is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "A PNG needs resvg and matplotlib's fonts, which are not installed.",
            "Install them with: pip install 'easeml-action[plot]'; or ask for an SVG.",
        )


def draw_svg(measured: MeasuredTestSet) -> str:
    """Draw all charts of a test set, two beside each other; equal for equal arguments."""
    drawings = [lay_out(chart, _WIDTH) for chart in charts_of(measured)]
    across, down = _WIDTH + _MARGIN, HEIGHT + _TITLE + _MARGIN
    columns = min(_COLUMNS, len(drawings))
    lines = math.ceil(len(drawings) / columns)
    return render(
        "picture.svg.j2",
        style=render("chart.css"),
        drawings=[
            (_MARGIN + i % columns * across, _MARGIN + i // columns * down, drawing)
            for i, drawing in enumerate(drawings)
        ],
        title_height=_TITLE,
        width=_MARGIN + columns * across,
        height=_MARGIN + lines * down,
        titles=", ".join(each.chart.title for each in drawings),
    )


def draw_png(measured: MeasuredTestSet) -> bytes:
    """Draw the same as pixels, with fonts of our own; equal for equal arguments.

    Raises
    ------
    RasterizerMissing
        An optional package is not installed.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415  an optional package, and slow to import
        import resvg_py  # noqa: PLC0415  likewise
    except ImportError:
        raise RasterizerMissing from None
    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
    picture = resvg_py.svg_to_bytes(
        svg_string=draw_svg(measured),
        zoom=_SCALE,
        skip_system_fonts=True,
        font_files=[str(fonts / "DejaVuSans.ttf"), str(fonts / "DejaVuSans-Bold.ttf")],
        sans_serif_family="DejaVu Sans",
    )
    return bytes(picture)
