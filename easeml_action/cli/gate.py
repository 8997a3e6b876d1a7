# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""``easeml gate``: the main job on one's own machine, without GitHub."""

import os
import re
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from easeml_action.cli.app import app
from easeml_action.cli.errors import WrongUse
from easeml_action.cli.files import work_tree_of
from easeml_action.cli.opening import (
    DEFAULT_LEDGER_BRANCH,
    AllowUnsandboxed,
    LedgerBranch,
    PrivateKey,
    require_secrets,
)
from easeml_action.cli.rehearsal import default_branch, rehearsal_of
from easeml_action.cli.terminal import (
    TerminalProgress,
    show_error,
    show_facts,
    show_json,
    show_note,
)
from easeml_action.git import Git, GitFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from easeml_action.github import Change, Report, SeenCommit, SeenStatus, Settlement
    from easeml_action.measured import MeasuredTestSet
    from easeml_action.world import Retirement

_LOCAL = "local"
# How a remedy writes an input of the workflow that is also an option of this command.
_INPUT = re.compile(r"`(allow-unsandboxed): ([^`]+)`")


@app.command(epilog="Example: easeml gate HEAD --private-key ~/private/key.asc")
def gate(
    *,
    commit: Annotated[str, typer.Argument(help="The commit to judge.")] = "HEAD",
    record: Annotated[
        bool,
        typer.Option("--record", help="Charge the step and write the verdict to the ledger."),
    ] = False,
    config: Annotated[
        str, typer.Option(help="Path of the configuration on the default branch.")
    ] = ".easeml.yml",
    branch: Annotated[
        str | None, typer.Option(help="The default branch. Default: what origin says.")
    ] = None,
    private_key: PrivateKey = None,
    ledger_branch: LedgerBranch = DEFAULT_LEDGER_BRANCH,
    allow_unsandboxed: AllowUnsandboxed = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Judge a commit as the action would, with the same code.

    Without --record nothing is charged or written, and the verdict is for the key holder alone:
    the guarantee ends when somebody who changes the model learns a verdict that was not charged.
    """
    from easeml_action.action import exit_code, settle
    from easeml_action.settings import cache_folder, layers_named
    from easeml_action.world import World

    git = Git(work_tree_of(Path.cwd()) or Path.cwd())
    change = _change(git, commit, branch)
    key, passphrase = require_secrets(private_key)
    progress = TerminalProgress()
    if not record:
        show_note("Nothing is charged: keep the verdict from whoever changes the model.")
    with (
        nullcontext(git) if record else rehearsal_of(git) as checkout,
        tempfile.TemporaryDirectory(prefix="easeml-") as scratch,
    ):
        report = settle(
            World(
                git=checkout,
                change=change,
                config_path=config,
                private_key=key,
                passphrase=passphrase,
                ledger_branch=ledger_branch,
                repository_id=None,
                audience=TerminalAudience(),
                progress=progress,
                scratch=Path(scratch),
                cache=cache_folder(os.environ),
                run_url=_LOCAL,
                allow_unsandboxed=layers_named(allow_unsandboxed),
            )
        )
    if report.verdict == "error":
        progress.show_withheld()
    if as_json:
        show_json({**report.outputs, "problem": report.problem, "recorded": record})
    else:
        _show(report)
    return exit_code(report, "fail")


class TerminalAudience:
    """Hears of a local run; see :class:`easeml_action.world.Audience`."""

    def begin(self) -> None:
        """Say nothing: whoever waits has started the run."""

    def conclude(self, report: "Report") -> None:
        """Say what ended a run without a verdict; the verdict itself is the command's result."""
        if report.verdict == "error":
            lines = [f"easeml: {report.problem} {_as_option(report.remedy)}", report.excerpt]
            show_error("\n".join([*filter(None, lines), f"More: {report.more}"]))

    def mail(self, recipient: str, report: "Report", *, passed: bool) -> None:  # noqa: ARG002
        """Tell the key holder where the verdict is; a local run sends no mail."""
        show_note(f"No mail is sent to {recipient}: `easeml reveal` shows the verdict.")

    def ask_for_test_set(self, retirement: "Retirement") -> None:
        """Ask for a new test set."""
        state = "is used up" if retirement.is_used_up else "is the last period"
        show_note(
            f"The test set {retirement.test_set} {state}: `easeml rotate` replaces it "
            f"({retirement.rows_required:,} rows are required)."
        )

    def open_requests(self) -> dict[str, int]:
        """Return no issues: a terminal has none."""
        return {}

    def close_request(self, number: int, measured: "MeasuredTestSet") -> None:
        """Close nothing, since no issue is ever listed."""

    def look(self, commits: "Sequence[str]") -> "tuple[SeenCommit, ...]":  # noqa: ARG002
        """Return nothing: a terminal's run sets no status, and settles none."""
        return ()

    def recall(self) -> tuple[str, ...]:
        """Return nothing: a terminal has no issues."""
        return ()

    def is_over(self, status: "SeenStatus") -> bool:  # noqa: ARG002
        """Say no, since no status is ever seen."""
        return False

    def settle(self, settlement: "Settlement") -> None:
        """Settle nothing, since no status is ever seen."""


def _change(git: Git, commit: str, branch: str | None) -> "Change":
    from easeml_action.github import Change

    try:
        new = git.text("rev-parse", "--verify", "--end-of-options", f"{commit}^{{commit}}")
    except GitFailed:
        raise WrongUse(
            f"{commit!r} is no commit of the repository in this directory.",
            "Run this in a checkout, and name a commit, a branch or a tag.",
        ) from None
    trusted = branch or default_branch(git)
    if trusted is None:
        raise WrongUse(
            "origin does not say which branch is the default one.", "Name it with --branch."
        )
    return Change(
        event="workflow_dispatch",
        repository=_LOCAL,
        new=new,
        base=None,
        branch=None,
        default_branch=trusted,
        trusted=None,
        fetch_refs=(),
    )


def _as_option(advice: str) -> str:
    """Name an input of the action as the option that it is on the command line."""
    return _INPUT.sub(r"`--\1 \2`", advice)


def _show(report: "Report") -> None:
    terms = report.terms
    facts = {
        "commit": report.commit[:12],
        "condition": terms.condition if terms else "",
        "meaning": report.meaning,
        "step": f"{report.step} of {terms.steps:,}" if report.step and terms else "",
        "what is left": report.left,
        "rows": "" if report.rows is None else f"{report.rows:,}",
        "price": report.price,
        "next": _as_option(report.advice),
    }
    show_facts(report.headline, {name: fact for name, fact in facts.items() if fact})
