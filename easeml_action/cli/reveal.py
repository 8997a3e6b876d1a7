# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""``easeml reveal``: what a test set measured, for the key holder."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from easeml_action.cli.app import app
from easeml_action.cli.opening import (
    DEFAULT_LEDGER_BRANCH,
    LedgerBranch,
    PrivateKey,
    find_test_set,
    opened_vault,
    read_history,
)
from easeml_action.cli.terminal import show_json, show_note, show_table

if TYPE_CHECKING:
    from easeml_action.ledger import Evaluation
    from easeml_action.sealed import SealedVerdict

    Opened = tuple[Evaluation, SealedVerdict | None]


@app.command(epilog="Example: easeml reveal --private-key ~/.easeml/project.private.asc")
def reveal(
    *,
    test_set: Annotated[
        str | None,
        typer.Argument(help="The beginning of its identity. Default: the newest test set."),
    ] = None,
    private_key: PrivateKey = None,
    ledger_branch: LedgerBranch = DEFAULT_LEDGER_BRANCH,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Decrypt the estimates of every commit that a test set has judged."""
    from easeml_action.sealed import unseal

    with opened_vault(private_key) as vault:
        known = find_test_set(read_history(vault, ledger_branch), test_set)
        opened = [
            (each, None if each.verdict is None else unseal(vault, each.verdict.sealed))
            for each in known.evaluations
        ]
    if not known.is_retired:
        show_note(
            "This test set is in use. Keep these numbers to yourself: the guarantee ends when "
            "somebody who changes the model learns them."
        )
    if as_json:
        show_json(
            {
                "test_set": known.test_set,
                "retired": known.is_retired,
                "steps": [_as_json(evaluation, content) for evaluation, content in opened],
            }
        )
    else:
        _show(opened)


def _as_json(evaluation: "Evaluation", content: "SealedVerdict | None") -> dict[str, object]:
    return {
        "step": evaluation.reserved.step,
        "commit": evaluation.reserved.commit,
        "time": evaluation.reserved.time,
        "condition": evaluation.question.condition,
        "verdict": content.word if content else evaluation.word,
        "estimates": dict(content.estimates) if content else {},
        "clauses": [asdict(each) for each in content.clauses] if content else [],
    }


def _show(opened: "list[Opened]") -> None:
    names = dict.fromkeys(name for _, content in opened if content for name, _ in content.estimates)
    rows = []
    for evaluation, content in opened:
        estimates = dict(content.estimates) if content else {}
        shown = [f"{estimates[name]:.4f}" if name in estimates else "" for name in names]
        step, word = evaluation.reserved, content.word if content else evaluation.word
        rows.append([str(step.step), step.commit[:12], word, *shown])
    show_table(["step", "commit", "verdict", *names], rows, numbers=",".join(["step", *names]))
