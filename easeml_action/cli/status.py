# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""``easeml status``: what the ledger says of every test set, and to whom it was not said yet."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from easeml_action.cli.app import app
from easeml_action.cli.credentials import given_passphrase, read_private_key
from easeml_action.cli.hosting import repository_at, require_github
from easeml_action.cli.opening import (
    DEFAULT_LEDGER_BRANCH,
    LedgerBranch,
    PrivateKey,
    opened_vault,
    read_history,
)
from easeml_action.cli.terminal import show_facts, show_json, show_note, show_table

if TYPE_CHECKING:
    from easeml_action.ledger import History, KnownTestSet

# Each commit takes a request.
_LOOKED_AT = 20


@app.command(epilog="Example: easeml status --private-key ~/.easeml/project.private.asc")
def status(
    *,
    private_key: PrivateKey = None,
    ledger_branch: LedgerBranch = DEFAULT_LEDGER_BRANCH,
    settle: Annotated[
        bool,
        typer.Option(
            "--settle",
            help="Settle the commit statuses that runs left open (token: GITHUB_TOKEN).",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the steps taken, what is left and the verdicts of every test set."""
    verified = read_private_key(private_key) is not None or given_passphrase() is not None
    if verified:
        with opened_vault(private_key) as vault:
            history = read_history(vault, ledger_branch)
    else:
        history = read_history(None, ledger_branch)
        show_note(
            "Without the private key only the chain of the records was checked, not their seals: "
            "whoever can write to the branch could have rewritten all of it."
        )
    if settle:
        _settle(history)
    if as_json:
        show_json(
            {"verified": verified, "test_sets": [_as_json(each) for each in history.test_sets]}
        )
        return
    if not history.test_sets:
        show_note(
            f"No step is on record on the branch {ledger_branch} of origin. If the ledger is kept "
            "on another one, name it with --ledger-branch."
        )
    for test_set in history.test_sets:
        _show(test_set)


def _settle(history: "History") -> None:
    """Settle what runs left open on the newest commits here and in the ledger."""
    from easeml_action.github import is_over, list_statuses, set_status
    from easeml_action.neighbours import find_unsettled, nearby_commits, recent_commits

    git = repository_at(Path.cwd())
    github = require_github(git, "Settling statuses")
    nearby = nearby_commits(git, "--all", count=_LOOKED_AT)
    commits = dict.fromkeys([*recent_commits(history, _LOOKED_AT), *nearby])
    seen = list_statuses(github, list(commits))
    now = datetime.now(UTC)
    unsettled = list(find_unsettled(history, seen, lambda each: is_over(github, each, now)))
    for each in unsettled:
        url = each.target_url or None
        set_status(github, each.commit, each.state, each.description, target_url=url)
        show_note(f"{each.commit[:12]}: {each.state}: {each.description}")
    if not unsettled:
        show_note(f"Nothing is left open on the {len(seen):,} newest commits.")


def _as_json(test_set: "KnownTestSet") -> dict[str, object]:
    contract = test_set.contract
    return {
        "test_set": test_set.test_set,
        "rows": test_set.rows,
        "period": test_set.period.number,
        "periods": test_set.period.of,
        "step": test_set.steps_taken,
        "steps": contract.steps,
        "remaining": test_set.remaining.most,
        "remaining_if_all_fail": test_set.remaining.if_all_fail,
        "remaining_if_all_pass": test_set.remaining.if_all_pass,
        "retired": test_set.is_retired,
        "passes": test_set.passes,
        "fails": test_set.fails,
        "adaptivity": contract.adaptivity,
        "reliability": contract.reliability,
        "history": [
            {
                "step": each.reserved.step,
                "commit": each.reserved.commit,
                "verdict": each.word,
                "condition": each.question.condition,
                "mode": each.question.mode,
                "time": each.reserved.time,
                "run": each.reserved.run,
            }
            for each in test_set.evaluations
        ],
    }


def _show(test_set: "KnownTestSet") -> None:
    from easeml_action.github import left_text

    period = test_set.period
    left = "retired" if test_set.is_retired else left_text(test_set.remaining)
    show_facts(
        f"Test set {test_set.test_set}",
        {
            "step": f"{test_set.steps_taken:,} of {test_set.contract.steps:,} ({left})",
            "rows": f"{test_set.rows:,}",
            **({"period": f"{period.number:,} of {period.of:,}"} if period.of > 1 else {}),
            "terms": str(test_set.contract),
        },
    )
    if test_set.evaluations:
        show_table(
            ["step", "time", "commit", "verdict", "condition"],
            [
                [
                    str(each.reserved.step),
                    each.reserved.time,
                    each.reserved.commit[:12],
                    each.word,
                    each.question.condition,
                ]
                for each in test_set.evaluations
            ],
            numbers="step",
        )
