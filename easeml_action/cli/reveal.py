# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""``easeml reveal``: what a test set measured, for the key holder."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from easeml_action.cli.app import app
from easeml_action.cli.files import PRIVATE, PUBLIC, replace, work_tree_of
from easeml_action.cli.opening import (
    DEFAULT_LEDGER_BRANCH,
    LedgerBranch,
    PrivateKey,
    find_test_set,
    opened_vault,
    read_history,
)
from easeml_action.cli.terminal import show_json, show_note, show_table
from easeml_action.errors import GateError
from easeml_action.git import Git, GitFailed

if TYPE_CHECKING:
    from easeml_action.measured import MeasuredStep, MeasuredTestSet


class EstimatesInRepository(GateError):
    """A page or a picture of a test set in use would lie where it is committed by mistake."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is inside of a repository, and the test set is in use.",
            "Write it somewhere else: nobody who changes the model may see these numbers.",
        )


@app.command(
    epilog="Example: easeml reveal --private-key ~/.easeml/project.private.asc --html ~/reveal.html"
)
def reveal(
    *,
    test_set: Annotated[
        str | None,
        typer.Argument(help="The beginning of its identity. Default: the newest test set."),
    ] = None,
    private_key: PrivateKey = None,
    ledger_branch: LedgerBranch = DEFAULT_LEDGER_BRANCH,
    html: Annotated[
        Path | None, typer.Option(help="Write a page that needs nothing but itself.")
    ] = None,
    svg: Annotated[Path | None, typer.Option(help="Write its pictures as an SVG.")] = None,
    png: Annotated[Path | None, typer.Option(help="Write its pictures as a PNG.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Decrypt the estimates of every commit that a test set has judged."""
    from easeml_action.disclosure import disclose
    from easeml_action.page import draw_png, draw_svg, render_page

    with opened_vault(private_key) as vault:
        history = read_history(vault, ledger_branch)
        known = find_test_set(history, test_set)
        if not known.is_retired:
            _insist_on_secrecy(html, svg, png)
        measured = disclose(known, vault, subject_of=_subject)
        others = [
            disclose(each, vault, subject_of=_subject)
            for each in history.retired_test_sets
            if html is not None and each.test_set != known.test_set
        ]
    if not measured.retired:
        show_note(
            "This test set is in use. Keep these numbers to yourself: the guarantee ends when "
            "somebody who changes the model learns them."
        )
    if html is not None:
        _write(html, render_page(measured, others).encode(), measured)
    if svg is not None:
        _write(svg, draw_svg(measured).encode(), measured)
    if png is not None:
        _write(png, draw_png(measured), measured)
    if as_json:
        show_json(_as_json(measured))
    else:
        _show(measured)


def _insist_on_secrecy(*paths: Path | None) -> None:
    for path in paths:
        if path is not None and work_tree_of(path) is not None:
            raise EstimatesInRepository(path)


def _subject(commit: str) -> str:
    """Return the first line of a commit's message; empty where the commit is not here."""
    try:
        return Git(Path.cwd()).text("show", "--no-patch", "--format=%s", f"{commit}^{{commit}}")
    except GitFailed:
        return ""


def _write(path: Path, content: bytes, measured: "MeasuredTestSet") -> None:
    replace(path, content, PUBLIC if measured.retired else PRIVATE)
    show_note(f"Wrote {path}.")


def _as_json(measured: "MeasuredTestSet") -> dict[str, object]:
    steps = [asdict(step) | {"estimates": step.estimates} for step in measured.steps]
    return asdict(measured) | {"steps": steps}


def _show(measured: "MeasuredTestSet") -> None:
    names = measured.names
    show_table(
        ["step", "commit", "verdict", *names],
        [
            [str(step.step), step.commit[:12], step.verdict, *(_cell(step, n) for n in names)]
            for step in measured.steps
        ],
        numbers=",".join(["step", *names]),
    )


def _cell(step: "MeasuredStep", name: str) -> str:
    if name not in step.estimates:
        return ""
    estimate = f"{step.estimates[name]:.4f}"
    if name not in step.intervals:
        return estimate
    low, high = step.intervals[name]
    return f"{estimate} ({low:.4f} to {high:.4f})"
