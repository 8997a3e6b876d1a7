# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""``easeml plan``: how many rows and labels a promise takes."""

import dataclasses
import math
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from easeml_action.cli.app import app
from easeml_action.cli.errors import WrongUse, read_as_options
from easeml_action.cli.files import read_file, replace
from easeml_action.cli.term_options import (
    Adaptivity,
    Condition,
    MaxDisagreement,
    Mode,
    Passes,
    PassRate,
    Reliability,
    Steps,
)
from easeml_action.cli.terminal import (
    show_facts,
    show_json,
    show_note,
    show_paragraph,
    show_table,
)

if TYPE_CHECKING:
    from fractions import Fraction

    from easeml_action.config import Terms
    from easeml_action.statistics import Plan

# Far beyond any test set, and still quick to search.
_MOST_ROWS = 10**10

_EXAMPLE = (
    "Example: easeml plan --condition 'n > 0.8 +/- 0.05' --reliability 0.999 --steps 32 "
    "--adaptivity full --mode fp-free"
)


class Unknown(StrEnum):
    """What a number of rows is asked about."""

    TOLERANCE = "tolerance"
    STEPS = "steps"
    PERIODS = "periods"


@app.command("plan", epilog=_EXAMPLE)
def show_plan(
    *,
    condition: Condition = None,
    reliability: Reliability = None,
    steps: Steps = None,
    adaptivity: Adaptivity = None,
    mode: Mode = None,
    passes: Passes = None,
    pass_rate: PassRate = None,
    max_disagreement: MaxDisagreement = None,
    method: Annotated[
        str | None, typer.Option(help="exact (default) or paper, the published formulas.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="A configuration; other options change it.")
    ] = None,
    rows: Annotated[
        int | None,
        typer.Option(
            min=1, max=_MOST_ROWS, help="Rows that there are: ask what they are good for."
        ),
    ] = None,
    solve: Annotated[
        Unknown,
        typer.Option(help="With --rows: the smallest tolerance, the most steps, or periods."),
    ] = Unknown.TOLERANCE,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the plan into a file, .png or .svg.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say how many rows and labels a test set needs, or what its rows are good for."""
    changes = {
        "condition": condition,
        "reliability": reliability,
        "steps": steps,
        "adaptivity": adaptivity,
        "mode": mode,
        "passes": passes,
        "pass_rate": pass_rate,
        "max_disagreement": max_disagreement,
        "method": method,
    }
    given = {key: value for key, value in changes.items() if value is not None}
    if solve is Unknown.STEPS:
        # Any number will do where it is what is asked for.
        given["steps"] = passes or 1
    terms = _terms_from(config, given)
    _check_together(terms, rows, solve, plot)
    if rows is None:
        _answer_plan(terms, plot, as_json=as_json)
    elif solve is Unknown.STEPS:
        _answer_steps(terms, rows, as_json=as_json)
    elif solve is Unknown.PERIODS:
        _answer_periods(terms, rows, as_json=as_json)
    else:
        _answer_tolerances(terms, rows, as_json=as_json)


def _check_together(terms: "Terms", rows: int | None, solve: Unknown, plot: Path | None) -> None:
    from easeml_action.cli.plan_picture import FORMATS

    if plot is not None and plot.suffix.lower().removeprefix(".") not in FORMATS:
        raise WrongUse(f"The name {plot} tells no format.", "End it in .png or .svg.")
    if rows is None:
        if solve is not Unknown.TOLERANCE:
            raise WrongUse(f"--solve {solve} needs --rows.", "Add the rows that there are.")
        return
    if plot is not None:
        raise WrongUse("--plot draws a plan, not what rows are good for.", "Leave out --rows.")
    if terms.method != "exact":
        raise WrongUse(
            "What rows are good for is found by the exact method only.", "Add --method exact."
        )


def _terms_from(config: Path | None, given: dict[str, Any]) -> "Terms":
    from easeml_action.config import Config, Terms

    settings: dict[str, Any] = {}
    if config is not None:
        loaded = Config.load(read_file(config), str(config))
        settings = {
            key: value for key in Terms.model_fields if (value := getattr(loaded, key)) is not None
        }
        settings["condition"] = str(loaded.condition)
    missing = [
        f"--{key.replace('_', '-')}"
        for key, field in Terms.model_fields.items()
        if field.is_required() and key not in settings | given
    ]
    if missing:
        raise WrongUse(
            f"The plan needs {', '.join(missing)}.",
            "Add them, or name a configuration with --config .easeml.yml.",
        )
    with read_as_options():
        return Terms.read(settings | given, "Among the options")


def _answer_plan(terms: "Terms", plot: Path | None, *, as_json: bool) -> None:
    from easeml_action.cli.plan_picture import draw_plan

    result = terms.plan()
    if plot is not None:
        replace(plot, draw_plan(terms, result, plot.suffix.lower().removeprefix(".")))
        show_note(f"The plan is drawn in {plot}.")
    if as_json:
        show_json(_as_json(result))
    else:
        _show(terms, result)


def _answer_tolerances(terms: "Terms", rows: int, *, as_json: bool) -> None:
    from easeml_action.condition import clause_text

    found = _smallest(terms, rows)
    tolerances = [None if each is None else float(each) for each in found]
    texts = [clause_text(clause) for clause in terms.condition.clauses]
    pairs = list(zip(texts, tolerances, strict=True))
    if as_json:
        answers = [{"clause": text, "tolerance": tolerance} for text, tolerance in pairs]
        show_json({"rows": rows, "clauses": answers})
        return
    show_facts(f"The smallest tolerances that {rows:,} rows reach", {})
    show_table(
        ["clause", "smallest tolerance"],
        [[text, "none" if value is None else f"{value:.10g}"] for text, value in pairs],
        numbers="smallest tolerance",
    )
    if None in found:
        show_paragraph(_advice(terms, rows))


def _smallest(terms: "Terms", rows: int) -> "tuple[Fraction | None, ...]":
    from easeml_action.statistics import smallest_tolerances

    clauses = terms.condition.clauses
    return smallest_tolerances(clauses, terms.budget, terms.mode, rows, terms.max_disagreement)


def _fewest_steps(terms: "Terms") -> "Terms":
    return terms.model_copy(update={"steps": terms.passes or 1})


def _advice(terms: "Terms", rows: int) -> str:
    """Say what there is to do where rows carry no tolerance."""
    ways = [] if None in _smallest(_fewest_steps(terms), rows) else ["fewer --steps"]
    enough = _carried(terms, rows)
    if enough is not None:
        ways.append(f"more rows: {enough.plan().rows:,} carry {enough.condition}")
    take = f" Take {', or '.join(ways)}." if ways else ""
    return f"{rows:,} rows carry no tolerance for this promise.{take}"


def _carried(terms: "Terms", rows: int) -> "Terms | None":
    """Return the terms with tolerances that more rows carry, and that models can meet."""
    from easeml_action.cli.promise import room_of
    from easeml_action.condition import Condition

    while rows <= _MOST_ROWS:
        found = [each for each in _smallest(terms, rows) if each is not None]
        if len(found) == len(terms.condition.clauses):
            pairs = zip(terms.condition.clauses, found, strict=True)
            clauses = tuple(dataclasses.replace(each, tolerance=least) for each, least in pairs)
            changed = terms.model_copy(update={"condition": Condition(clauses)})
            if room_of(changed) > 0:
                return changed
        rows *= 2
    return None


def _answer_steps(terms: "Terms", rows: int, *, as_json: bool) -> None:
    from easeml_action.config import ConditionImpossible
    from easeml_action.statistics import most_steps

    try:
        steps = most_steps(
            terms.condition.clauses, terms.budget, terms.mode, rows, terms.max_disagreement
        )
    except ValueError as error:
        raise ConditionImpossible(str(error)) from None
    if as_json:
        show_json({"rows": rows, "steps": steps})
    else:
        show_facts(
            str(terms.condition),
            {"rows": f"{rows:,}", "steps at most": f"{steps:,}" if steps else "none"},
        )
        if not steps:
            required = _fewest_steps(terms).plan().rows
            show_paragraph(f"{rows:,} rows serve no commit: the fewest steps take {required:,}.")


def _answer_periods(terms: "Terms", rows: int, *, as_json: bool) -> None:
    required = terms.plan().rows
    periods, steps = rows // required, terms.steps
    if as_json:
        show_json({"rows": rows, "rows_required": required, "periods": periods, "steps": steps})
        return
    show_facts(
        str(terms.condition),
        {
            "rows": f"{rows:,}",
            "rows required for a period": f"{required:,}",
            "periods": f"{periods:,}" if periods else "none",
            "commits in all, at most": f"{periods * steps:,}",
        },
    )


def _as_json(result: "Plan") -> dict[str, object]:
    from easeml_action.condition import clause_text

    return {
        "rows": result.rows,
        "labels": result.labels,
        "ln_alpha": result.ln_alpha,
        "evaluations": result.evaluations,
        "clauses": [
            {
                "clause": clause_text(each.clause),
                "test": each.test,
                "rows": each.rows,
                "labels": each.labels,
            }
            for each in result.clauses
        ],
    }


def _show(terms: "Terms", result: "Plan") -> None:
    from easeml_action.cli.promise import explain
    from easeml_action.condition import clause_text

    show_facts(
        str(terms.condition),
        {
            "rows required": f"{result.rows:,}",
            "labels required": f"{result.labels:,}",
            "verdict histories that the error is shared among": _count(result.evaluations),
            "error level of one evaluation": _power_of_ten(result.ln_alpha),
        },
    )
    show_paragraph(f"\n{explain(terms, result)}")
    show_table(
        ["clause", "test", "rows", "labels"],
        [
            [clause_text(each.clause), each.test, f"{each.rows:,}", f"{each.labels:,}"]
            for each in result.clauses
        ],
        numbers="rows,labels",
    )
    _show_around(terms)


def _show_around(terms: "Terms") -> None:
    """Show what other tolerances and reliabilities would take, and what the paper asks for."""
    from easeml_action.cli.plan_grid import plans_around

    show_table(
        ["reliability", "tolerance", "rows", "labels", "paper's rows", ""],
        [
            [
                f"{point.terms.reliability:.10g}",
                point.tolerance,
                "impossible" if point.exact is None else f"{point.exact.rows:,}",
                "" if point.exact is None else f"{point.exact.labels:,}",
                "" if point.paper is None else f"{point.paper.rows:,}",
                "asked" if point.asked else "",
            ]
            for point in plans_around(terms)
        ],
        numbers="reliability,tolerance,rows,labels,paper's rows",
    )


def _count(number: int) -> str:
    return f"{number:,}" if number < 10**12 else _power_of_ten(math.log(number))


def _power_of_ten(logarithm: float) -> str:
    """Write ``exp(logarithm)`` with two digits, however large or small."""
    exponent = math.floor(logarithm / math.log(10))
    digits = math.exp(logarithm - exponent * math.log(10))
    return f"{digits:.1f}e{exponent:+03d}"
