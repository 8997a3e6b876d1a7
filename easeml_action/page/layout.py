"""Where everything in a picture goes: from values to places, in pixels."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from easeml_action.page.charts import Chart, Kind, Threshold
from easeml_action.page.words import MINUS, short, signed

HEIGHT = 264
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 76.0, 14.0, 40.0
_LINE = 15.0  # the least distance of two lines of text
_DIGIT = 8.0  # about the width of a digit
_LONGEST = 5  # signs of a number for which there is room beside the picture
_TICKS = 5
_AIR = 0.06  # of the range, above and below


@dataclass(frozen=True)
class Label:
    """A short text at a place."""

    x: float
    y: float
    text: str
    style: str = ""


@dataclass(frozen=True)
class Sign:
    """The sign of one commit with its bar."""

    x: float
    y: float
    top: float
    bottom: float
    kind: Kind
    title: str


@dataclass(frozen=True)
class Path:
    """A line, as the data of an SVG path, and the dots on it."""

    data: str
    style: str
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Band:
    """Where chance decides, and the threshold that it begins at."""

    top: float
    height: float
    threshold: float


@dataclass(frozen=True)
class Drawing:
    """A chart, laid out.

    Parameters
    ----------
    width, height
        Of all of it.
    left, right, top, bottom
        The edges of the part with the axes.
    """

    chart: Chart
    width: float
    left: float
    right: float
    top: float
    bottom: float
    height: float
    across: tuple[Label, ...]
    down: tuple[Label, ...]
    named: tuple[Label, ...]
    signs: tuple[Sign, ...]
    paths: tuple[Path, ...]
    band: Band | None


def lay_out(chart: Chart, width: float) -> Drawing:
    """Give everything in a chart its place in a picture of some width."""
    ticks = _ticks(chart)
    low, high = _range(chart, ticks)
    left, right = _LEFT, width - _RIGHT
    top, bottom = _TOP, HEIGHT - _BOTTOM

    def down(value: float) -> float:
        return round(bottom - (value - low) / (high - low) * (bottom - top), 2)

    across = _across(chart.steps, left, right)
    return Drawing(
        chart=chart,
        width=width,
        height=HEIGHT,
        left=left,
        right=right,
        top=top,
        bottom=bottom,
        across=tuple(_step_labels(chart.steps, across, bottom, right - left)),
        down=tuple(Label(left - 8, down(tick), text) for tick, text in _tick_texts(ticks)),
        named=(*_curve_names(chart, across, down), *_threshold_names(chart, right, down)),
        signs=tuple(
            Sign(
                across(mark.step),
                down(mark.value),
                down(mark.high),
                down(mark.low),
                mark.kind,
                f"step {mark.step}, {mark.kind}: {signed(mark.value)} "
                f"({signed(mark.low)} to {signed(mark.high)})",
            )
            for mark in chart.marks
        ),
        paths=tuple(
            Path(
                _path([(across(step), down(v)) for step, v in curve.points], curve.stepped),
                curve.style,
                tuple((across(s), down(v)) for s, v in curve.points[-1 if curve.stepped else 0 :]),
            )
            for curve in chart.curves
        ),
        band=_band(chart.threshold, down),
    )


def _across(steps: Sequence[int], left: float, right: float) -> Callable[[int], float]:
    room = (right - left) / max(1, len(steps))
    places = {step: round(left + (i + 0.5) * room, 2) for i, step in enumerate(steps)}
    return places.__getitem__


def _step_labels(
    steps: Sequence[int], across: Callable[[int], float], bottom: float, room: float
) -> list[Label]:
    """Return the numbers of the steps: all, or every second, fifth or tenth of many."""
    if not steps:
        return []
    width = _DIGIT * len(str(steps[-1])) + 6
    every = next(
        factor * 10**power
        for power in range(9)
        for factor in (1, 2, 5)
        if len(steps) * width <= room * factor * 10**power
    )
    return [
        Label(across(step), bottom + 20, str(step))
        for step in steps
        if step % every == 0 or every == 1
    ]


def _curve_names(
    chart: Chart, across: Callable[[int], float], down: Callable[[float], float]
) -> list[Label]:
    """Name every curve at its end."""
    ends = [(each, *each.points[-1]) for each in chart.curves if each.points]
    return _apart([Label(across(s) + 10, down(v), each.name, each.style) for each, s, v in ends])


def _threshold_names(chart: Chart, right: float, down: Callable[[float], float]) -> list[Label]:
    """Name the threshold and the other edge of the band, beside the picture."""
    if chart.threshold is None:
        return []
    at, sure = down(chart.threshold.value), down(chart.threshold.sure)
    number = short(chart.threshold.value)
    return _apart(
        [
            Label(right + 8, at, f"c = {number}" if len(number) <= _LONGEST else "c", "threshold"),
            Label(right + 8, sure, chart.threshold.name, "sure"),
        ]
    )


def _apart(labels: Sequence[Label]) -> list[Label]:
    """Push texts apart that would be written over each other."""
    placed: list[Label] = []
    for label in sorted(labels, key=lambda each: each.y):
        least = placed[-1].y + _LINE if placed else label.y
        placed.append(replace(label, y=max(label.y, least)))
    return placed


def _tick_texts(ticks: Sequence[float]) -> list[tuple[float, str]]:
    """Write ticks with the decimals that tell them all apart, and no more."""
    decimals = max((len(short(tick).partition(".")[2]) for tick in ticks), default=0)
    return [(tick, f"{tick:,.{decimals}f}".replace("-", MINUS)) for tick in ticks]


def _values(chart: Chart) -> list[float]:
    values = [end for mark in chart.marks for end in (mark.low, mark.high)]
    values += [value for curve in chart.curves for _, value in curve.points]
    if chart.threshold is not None:
        values += [chart.threshold.value, chart.threshold.sure]
    return values or [0.0, 1.0]


def _ticks(chart: Chart) -> list[float]:
    """Return round numbers that span the values."""
    values = _values(chart)
    low, high = (0.0 if chart.whole else min(values)), max(values)
    span = high - low or max(abs(high), 1.0) / 10
    rough = span / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    if chart.whole:
        step = max(1.0, step)
    first, last = math.ceil(low / step - 1e-9), math.floor((low + span) / step + 1e-9)
    return [round(i * step, 10) for i in range(first, last + 1)]


def _range(chart: Chart, ticks: Sequence[float]) -> tuple[float, float]:
    values = [*_values(chart), *ticks]
    low, high = min(values), max(values)
    air = (high - low or 1.0) * _AIR
    return (0.0 if chart.whole else low - air), high + air


def _path(points: Sequence[tuple[float, float]], stepped: bool) -> str:
    """Return the data of an SVG path through points; a stepped one falls at each new point."""
    if not points:
        return ""
    (x, y), *rest = points
    data = [f"M{x:g} {y:g}"]
    data += [f"H{x:g}V{y:g}" if stepped else f"L{x:g} {y:g}" for x, y in rest]
    return "".join(data)


def _band(threshold: Threshold | None, down: Callable[[float], float]) -> Band | None:
    if threshold is None:
        return None
    at, sure = down(threshold.value), down(threshold.sure)
    return Band(min(at, sure), round(abs(at - sure), 2), at)
