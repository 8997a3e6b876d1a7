# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""``easeml plan``: how many rows and labels a promise takes."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from easeml_action.cli.app import app
from easeml_action.cli.errors import WrongUse
from easeml_action.cli.files import read_file
from easeml_action.cli.terminal import show_facts, show_json, show_table

if TYPE_CHECKING:
    from easeml_action.config import Terms
    from easeml_action.statistics import Plan

_EXAMPLE = (
    "Example: easeml plan --condition 'n - o > 0.02 +/- 0.01' --reliability 0.999 --steps 32 "
    "--adaptivity full --mode fp-free"
)


@app.command("plan", epilog=_EXAMPLE)
def show_plan(
    *,
    condition: Annotated[str | None, typer.Option(help="What a commit must hold.")] = None,
    reliability: Annotated[
        float | None, typer.Option(help="The promise, above 0 and below 1.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Commits that the test set serves.")] = None,
    adaptivity: Annotated[
        str | None, typer.Option(help="none, firstChange, full or metered.")
    ] = None,
    mode: Annotated[str | None, typer.Option(help="fp-free or fn-free.")] = None,
    passes: Annotated[
        int | None, typer.Option(help="Passes that retire the test set, with full.")
    ] = None,
    pass_rate: Annotated[
        float | None, typer.Option(help="Share of commits expected to pass, with metered.")
    ] = None,
    max_disagreement: Annotated[
        float | None, typer.Option(help="Share of predictions assumed to differ at most.")
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="exact (default) or paper, the published formulas.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="A configuration; other options change it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say how many rows and labels a test set needs."""
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
    terms = _terms_from(config, given)
    result = terms.plan()
    if as_json:
        show_json(_as_json(result))
    else:
        _show(terms, result)


def _terms_from(config: Path | None, given: dict[str, Any]) -> "Terms":
    from easeml_action.config import Config, ConfigInvalid, Terms

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
    try:
        return Terms.read(settings | given, "Among the options")
    except ConfigInvalid as error:
        remedy = f"{error.remedy}\n{error.excerpt}".rstrip()
        raise WrongUse(error.problem, remedy) from None


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
    from easeml_action.condition import clause_text

    show_facts(
        str(terms.condition),
        {
            "rows required": f"{result.rows:,}",
            "labels required": f"{result.labels:,}",
            "evaluations that could happen": _count(result.evaluations),
            "error level of one evaluation": _power_of_ten(result.ln_alpha),
        },
    )
    show_table(
        ["clause", "test", "rows", "labels"],
        [
            [clause_text(each.clause), each.test, f"{each.rows:,}", f"{each.labels:,}"]
            for each in result.clauses
        ],
        numbers="rows,labels",
    )


def _count(number: int) -> str:
    return f"{number:,}" if number < 10**12 else _power_of_ten(math.log(number))


def _power_of_ten(logarithm: float) -> str:
    """Write ``exp(logarithm)`` with two digits, however large or small."""
    exponent = math.floor(logarithm / math.log(10))
    digits = math.exp(logarithm - exponent * math.log(10))
    return f"{digits:.1f}e{exponent:+03d}"
