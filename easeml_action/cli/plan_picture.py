# ruff: noqa: PLC0415  matplotlib is imported only where a picture is asked for
"""A plan as a picture: rows against the tolerance, and the chance of a pass of every clause."""

import io
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from easeml_action.cli.errors import MatplotlibMissing
from easeml_action.cli.plan_grid import plan_by, with_tolerances
from easeml_action.condition import clause_text
from easeml_action.config import Terms
from easeml_action.statistics import Clause, Plan, pass_probability, planned_disagreement

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("png", "svg")

# From the palette of Okabe and Ito, which the colour-blind can tell apart.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"

# The tolerances drawn, as multiples of the one asked for: a quarter to twice, evenly by logarithm.
_FACTORS = [Fraction(2) ** exponent for exponent in range(-2, 2)]
_BETWEEN = 3
_COLUMNS = 3
_POINTS = 240


def draw_plan(terms: Terms, planned: Plan, file_format: str) -> bytes:
    """Draw what the rows of a plan depend on, and what they can tell apart.

    Parameters
    ----------
    terms
        What was asked.
    planned
        Its plan.
    file_format
        ``"png"`` or ``"svg"``.

    Returns
    -------
    bytes
        The picture; equal for equal arguments.

    Raises
    ------
    MatplotlibMissing
        It is not installed.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError:
        raise MatplotlibMissing from None

    clauses = terms.condition.clauses
    columns = min(_COLUMNS, 1 + len(clauses))
    lines = math.ceil((1 + len(clauses)) / columns)
    style: dict[Any, Any] = {
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "svg.hashsalt": "easeml",
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(5.2 * columns, 4.2 * lines + 0.5), layout="constrained")
        figure.suptitle(f"{terms.condition}\n{_agreed(terms)}", fontsize=11)
        axes = figure.subplots(lines, columns, squeeze=False).flat
        _draw_rows(next(axes), terms, planned)
        for clause in clauses:
            _draw_power(next(axes), terms, clause, planned)
        for unused in axes:
            unused.set_axis_off()
        return _saved(figure, file_format)


def _agreed(terms: Terms) -> str:
    more = [
        f"{terms.passes} passes" if terms.passes else "",
        f"pass rate {terms.pass_rate:g}" if terms.pass_rate else "",
    ]
    said = [f"{terms.mode}, adaptivity {terms.adaptivity}", f"{terms.steps:,} steps", *more]
    return ", ".join(filter(None, [*said, f"reliability {terms.reliability:.10g}"]))


def _draw_rows(axes: "Axes", terms: Terms, planned: Plan) -> None:
    """Draw rows and labels against the tolerance, with the paper's rows beside them."""
    tolerance = float(max(clause.tolerance for clause in terms.condition.clauses))
    factors = [
        factor * Fraction(2 ** (part / _BETWEEN)).limit_denominator(1000)
        for factor in _FACTORS[:-1]
        for part in range(_BETWEEN)
    ] + _FACTORS[-1:]
    plans = [
        (float(factor) * tolerance, plan_by("exact", changed), plan_by("paper", changed))
        for factor in factors
        if (changed := with_tolerances(terms, factor))
    ]
    rows = [(at, each.rows) for at, each, _ in plans if each]
    labels = [(at, each.labels) for at, each, _ in plans if each and 0 < each.labels < each.rows]
    paper = [(at, each.rows) for at, _, each in plans if each]
    _draw_line(axes, paper, "rows, paper", color=ORANGE, linestyle="--")
    _draw_line(axes, rows, "rows, exact", color=BLUE, linewidth=2.2)
    _draw_line(axes, labels, "labels, exact", color=GREEN, linestyle=":", linewidth=2)
    by_method = {"exact": BLUE, "paper": ORANGE}[terms.method]
    axes.plot([tolerance], [planned.rows], "o", color=by_method, markersize=8)
    axes.annotate(
        f"{planned.rows:,} rows",
        (tolerance, planned.rows),
        xytext=(-8, -8),
        textcoords="offset points",
        horizontalalignment="right",
        verticalalignment="top",
    )
    axes.set(xscale="log", yscale="log", xlabel="tolerance ε", title="Rows required")
    axes.set_xticks(
        [float(factor) * tolerance for factor in _FACTORS],
        labels=[f"{float(factor) * tolerance:.3g}" for factor in _FACTORS],
    )
    axes.set_xticks([], minor=True)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.yaxis.set_minor_formatter(lambda value, _: f"{value:,.0f}" if _is_labelled(value) else "")
    axes.tick_params(axis="y", which="minor", labelsize=8, labelcolor=GREY)
    axes.grid(which="major", alpha=0.3)
    axes.legend(frameon=False, loc="upper right")


def _draw_line(axes: "Axes", points: list[tuple[float, int]], label: str, **style: Any) -> None:
    if points:
        axes.plot(*zip(*points, strict=True), label=label, **style)


def _is_labelled(value: float) -> bool:
    """Say whether a minor tick has its number: only at 2 and 5 times a power of ten."""
    return round(value / 10 ** math.floor(math.log10(value))) in {2, 5}


def _draw_power(axes: "Axes", terms: Terms, clause: Clause, planned: Plan) -> None:
    """Draw the chance that a clause passes against the true value of its expression."""
    sign, plus = (1, "+") if clause.comparison == ">" else (-1, "−")
    marks = [clause.threshold + sign * step * clause.tolerance for step in range(3)]
    disagreement = planned_disagreement(terms.condition.clauses, terms.max_disagreement)
    values, chances = [], []
    for step in range(_POINTS + 1):
        value = clause.threshold + sign * clause.tolerance * Fraction(4 * step - _POINTS, _POINTS)
        try:
            chances.append(pass_probability(clause, planned.rows, value, disagreement))
        except ValueError:  # beyond the range of the expression
            continue
        values.append(float(value))
    axes.plot(values, chances, color=BLUE, linewidth=2.2)
    for mark, name in zip(marks, ("c", f"c {plus} ε", f"c {plus} 2ε"), strict=True):
        if min(values) <= mark <= max(values):
            axes.vlines(float(mark), -0.02, 1, colors=GREY, linestyles=":", linewidth=1)
            axes.text(float(mark), 1.03, name, color=GREY, horizontalalignment="center", fontsize=9)
    several = len(terms.condition.clauses) > 1
    expression = clause_text(clause).partition(f" {clause.comparison} ")[0]
    axes.set(
        xlabel=f"true value of {expression}",
        ylabel="chance of a pass",
        ylim=(-0.02, 1.1),
        xlim=(min(values), max(values)),
    )
    axes.set_title(clause_text(clause) if several else f"With {planned.rows:,} rows")
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.grid(axis="y", alpha=0.3)


def _saved(figure: "Figure", file_format: str) -> bytes:
    picture = io.BytesIO()
    # Without a date in it, the same plan gives the same bytes.
    more: dict[str, Any] = {"dpi": 150} if file_format == "png" else {"metadata": {"Date": None}}
    figure.savefig(picture, format=file_format, **more)
    return picture.getvalue()
