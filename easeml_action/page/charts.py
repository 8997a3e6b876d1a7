"""Which pictures a test set has, and what is in each: values, no places."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from easeml_action.measured import MeasuredClause, MeasuredStep, MeasuredTestSet
from easeml_action.page.words import commits, share, short, signed

Kind = Literal["pass", "fail"]


@dataclass(frozen=True)
class Mark:
    """One commit in a picture: an estimate, and the interval around it.

    Parameters
    ----------
    step
        Where it stands.
    value, low, high
        The estimate and the ends of its interval.
    kind
        Which sign it is drawn as: by its verdict.
    """

    step: int
    value: float
    low: float
    high: float
    kind: Kind


@dataclass(frozen=True)
class Curve:
    """A line through several steps.

    Parameters
    ----------
    name
        Written at its end.
    style
        Which of the colours it has.
    points
        Steps and values; a step that is missing leaves a gap.
    stepped
        Whether it stays where it is until the next step.
    """

    name: str
    style: Literal["new", "old", "left"]
    points: tuple[tuple[int, float], ...]
    stepped: bool = False


@dataclass(frozen=True)
class Threshold:
    """The value that an expression is held against, and how far chance decides.

    Parameters
    ----------
    value
        ``c``.
    sure
        The true value from which on the verdict is as sure as the reliability: twice the
        tolerance away from it.
    name
        How that one is written: ``c + 2ε`` or ``c - 2ε``.
    """

    value: float
    sure: float
    name: str


@dataclass(frozen=True)
class Chart:
    """One picture, with the table that says the same.

    Parameters
    ----------
    key
        Names it inside the page.
    title, caption
        What it shows, and how to read it.
    alternative
        What a reader is told who does not see it.
    steps
        The steps along its axis.
    marks, curves, threshold
        What is drawn.
    columns, rows
        The table.
    whole
        Whether its values are whole numbers, counted from 0.
    """

    key: str
    title: str
    caption: str
    alternative: str
    steps: tuple[int, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marks: tuple[Mark, ...] = ()
    curves: tuple[Curve, ...] = ()
    threshold: Threshold | None = None
    whole: bool = False


def charts_of(measured: MeasuredTestSet) -> tuple[Chart, ...]:
    """Return the pictures of a test set: each clause, the steps left, the models' accuracy."""
    charts = [
        _clause_chart(number, clause, measured) for number, clause in enumerate(measured.clauses, 1)
    ]
    charts.append(_budget_chart(measured))
    if any("n" in step.variables or "o" in step.variables for step in measured.steps):
        charts.append(_accuracy_chart(measured))
    return tuple(charts)


def _clause_chart(number: int, clause: MeasuredClause, measured: MeasuredTestSet) -> Chart:
    found = [
        (step, each)
        for step in measured.steps
        for each in step.clauses
        if each.clause == clause.clause
    ]
    beyond = _sure_side(clause, found[0][0])
    name = f"c {'+' if beyond > 0 else '−'} 2ε"
    proved = sum(each.truth == "true" for _, each in found)
    return Chart(
        key=f"clause-{number}",
        title=clause.clause,
        caption=(
            "A bar holds the values that the step's test left open. The clause is shown to hold "
            f"where all of the bar is {'above' if clause.comparison == '>' else 'below'} the "
            f"threshold c. In the band, from c to {name}, chance decides."
        ),
        alternative=(
            f"{clause.expression} of {commits(len(found))} against the threshold "
            f"{short(clause.threshold)}: shown to hold for {proved}. The table below has the "
            "numbers."
        ),
        steps=_axis(measured),
        marks=tuple(
            Mark(step.step, each.estimate, *each.interval, kind=_kind(step)) for step, each in found
        ),
        threshold=Threshold(
            clause.threshold, clause.threshold + beyond * 2 * clause.tolerance, name
        ),
        columns=("step", "commit", "estimate", "from", "to", "the clause is", "verdict"),
        rows=tuple(
            (
                str(step.step),
                step.commit[:12],
                signed(each.estimate),
                signed(each.interval[0]),
                signed(each.interval[1]),
                each.truth,
                step.verdict,
            )
            for step, each in found
        ),
    )


def _sure_side(clause: MeasuredClause, step: MeasuredStep) -> Literal[1, -1]:
    """Return on which side of the threshold chance decides.

    Without undeserved passes it is where the clause holds, without undeserved fails where it does
    not.
    """
    return 1 if (clause.comparison == ">") == (step.mode == "fp-free") else -1


def _budget_chart(measured: MeasuredTestSet) -> Chart:
    steps = measured.steps
    points = [(0, measured.steps_allowed), *((step.step, step.left) for step in steps)]
    left = points[-1][1]
    return Chart(
        key="budget",
        title="Steps left",
        caption="Every new model takes one step. " + measured.retirement,
        alternative=(
            f"{commits(len(steps))} of {measured.steps_allowed:,} judged, {left:,} left at most. "
            "The table below has the numbers."
        ),
        steps=tuple(range(measured.steps_allowed + 1)),
        curves=(Curve(f"{left:,} left", "left", tuple(points), stepped=True),),
        columns=("step", "commit", "verdict", "left at most"),
        rows=tuple(
            (str(step.step), step.commit[:12], step.verdict, f"{step.left:,}") for step in steps
        ),
        whole=True,
    )


def _accuracy_chart(measured: MeasuredTestSet) -> Chart:
    def curve(name: str, style: Literal["new", "old"]) -> Curve:
        return Curve(name, style, tuple(_points(measured.steps, name)))

    curves = [curve("n", "new"), curve("o", "old")]
    measured_names = [name for name in ("n", "o", "d") if name in measured.names]
    return Chart(
        key="accuracy",
        title="Accuracy of the models",
        caption=(
            "n is the share of rows that the new model got right, o that of the old model which "
            "it was compared with, d the share of rows on which the two differ. These are "
            "estimates; the bars above say how far they can be trusted."
        ),
        alternative=(
            "; ".join(
                f"{each.name} from {share(min(values))} to {share(max(values))}"
                for each in curves
                if (values := [value for _, value in each.points])
            )
            + ". The table below has the numbers."
        ),
        steps=_axis(measured),
        curves=tuple(each for each in curves if each.points),
        columns=("step", "commit", *measured_names, "verdict"),
        rows=tuple(
            (
                str(step.step),
                step.commit[:12],
                *(
                    signed(step.variables[name]) if name in step.variables else ""
                    for name in measured_names
                ),
                step.verdict,
            )
            for step in measured.steps
        ),
    )


def _points(steps: Iterable[MeasuredStep], name: str) -> Iterable[tuple[int, float]]:
    return ((step.step, step.variables[name]) for step in steps if name in step.variables)


def _axis(measured: MeasuredTestSet) -> tuple[int, ...]:
    return tuple(step.step for step in measured.steps)


def _kind(step: MeasuredStep) -> Kind:
    return "pass" if step.verdict == "pass" else "fail"
