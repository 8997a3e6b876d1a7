"""The action: from an event to a verdict.

:func:`main` builds the real world of a workflow run. :func:`settle` begins a run and always ends
it. :func:`run` decides, from top to bottom.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from easeml_action.audience import GitHubAudience
from easeml_action.cancellation import Cancellation, Cancelled, Interrupted
from easeml_action.comparison import compare
from easeml_action.config import Config
from easeml_action.errors import GateError
from easeml_action.evaluation import Case, evaluate
from easeml_action.gate import (
    read_config,
    read_gate,
    require_config,
    trusted_commit,
)
from easeml_action.git import Git, connect
from easeml_action.github import (
    Change,
    GitHub,
    NothingToJudge,
    Report,
    Workflow,
    read_event,
    read_payload,
)
from easeml_action.ledger import Branch, Ledger
from easeml_action.locked import LockedTestSet, enter
from easeml_action.minutes import Minutes
from easeml_action.neighbours import nearby_commits, read_ledger, settle_others
from easeml_action.patience import Patience
from easeml_action.retirement import (
    TestSetUsedUp,
    ask_for_test_set,
    close_requests,
    is_running_out,
    is_used_up,
)
from easeml_action.sealed import SealedVerdict, unseal
from easeml_action.seclusion import take_private
from easeml_action.settings import FailOn, Settings
from easeml_action.testset import open_vault
from easeml_action.world import World


class Unexpected(GateError):
    """A fault of this program. The exception's own text stays out: it may quote a secret."""

    def __init__(self, error: Exception) -> None:
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = "" if place is None else f" in {Path(place.tb_frame.f_code.co_filename).name}"
        line = "" if place is None else f", line {place.tb_lineno}"
        super().__init__(
            f"The action met a fault of its own ({type(error).__name__}{where}{line}).",
            "Run the job again; if it happens again, please report this sentence.",
        )


def main() -> int:
    """Run as a workflow step; return the exit code."""
    workflow = Workflow(sys.stdout, os.environ)
    try:
        settings = Settings.from_environ(take_private(os.environ))
        for secret in settings.secrets:
            workflow.mask(secret)
        change = read_change(settings)
        with scratch_folder() as scratch:
            patience = Patience(settings.retry_seconds, say=workflow.say)
            github = GitHub(
                settings.repository, settings.token, settings.api_url, patience=patience
            )
            report = settle(
                World(
                    git=Git(settings.workspace, settings.token, patience),
                    change=change,
                    config_path=settings.config,
                    private_key=settings.private_key,
                    passphrase=settings.passphrase,
                    ledger_branch=settings.ledger_branch,
                    repository_id=settings.repository_id,
                    audience=GitHubAudience(
                        github, workflow, change, settings.run_url, settings.smtp_url
                    ),
                    progress=workflow,
                    scratch=scratch,
                    cache=settings.cache,
                    run_url=settings.run_url,
                    allow_unsandboxed=settings.allow_unsandboxed,
                    is_rerun=settings.is_rerun,
                    ledger_git=connect_ledger(settings, scratch, patience),
                )
            )
    except NothingToJudge as nothing:
        workflow.notice(nothing.reason)
        return 0
    except GateError as error:
        workflow.error(error.told)
        return 1
    except Exception as error:
        workflow.error(Unexpected(error).told)
        return 1
    return exit_code(report, settings.fail_on)


def connect_ledger(settings: Settings, scratch: Path, patience: Patience) -> Git | None:
    """Return a way to the repository of the ledger, or None where that is the checkout's own."""
    address, token = settings.ledger_address, settings.ledger_token or settings.token
    return None if address is None else connect(scratch / "ledger", address, token, patience)


def read_change(settings: Settings) -> Change:
    """Return the commit under test."""
    change = read_event(os.environ, read_payload(os.environ))
    # A pull request's branch may have any name, also in a fork.
    if change.number is None and change.branch == settings.ledger_branch:
        raise NothingToJudge("The push is of the ledger, which holds no model.")
    return change


def settle(world: World) -> Report:
    """Run with a beginning and an end that others see, whatever happens in between."""
    minutes = Minutes(world.change.new, world.run_url)
    with Cancellation() as cancellation:
        try:
            with cancellation.allowed():
                world.audience.begin()
                run(world.with_own_repository(), minutes)
        except Interrupted:
            minutes.note_error(Cancelled())
        except GateError as error:
            minutes.note_error(error)
        except Exception as error:
            minutes.note_error(Unexpected(error))
        world.audience.conclude(minutes.report)
    return minutes.report


def run(world: World, minutes: Minutes) -> None:
    """Judge one change; what becomes known on the way goes into the minutes."""
    git, change = world.git, world.change
    trusted = trusted_commit(git, change)
    git.ensure_commit(change.new, refs=change.fetch_refs)
    config = read_config(git, trusted, world.config_path)
    if config is None:
        proposed = require_config(git, change.new, world.config_path)
        minutes.note_terms(proposed, proposed.plan())
        minutes.note("active-once-merged")
        return
    plan = config.plan()
    minutes.note_terms(config, plan)
    world.require_secrets()
    gate = read_gate(git, trusted, config, plan, world.config_path)
    seen = world.audience.look(nearby_commits(git, change.new, trusted))
    with open_vault(world.private_key, world.passphrase) as vault:
        branch = Branch(world.ledger_git or git, world.ledger_branch)
        ledger = Ledger(branch, vault.derive("ledger"), repository=world.repository_id)
        test_set = LockedTestSet(gate, vault, read_ledger(world, ledger, seen), world.progress)
        minutes.note_test_set(test_set.identity, test_set.rows)
        period = enter(ledger, gate, test_set).period
        comparison = compare(git, change, gate, ledger.history)
        case = Case(gate, test_set, period, comparison).as_asked_before(ledger.history)
        state = ledger.history.test_set(case.period.identity)
        verdict = ledger.history.verdict_on(case.question)
        if verdict is not None:
            minutes.note_verdict(verdict, charged=False)
        elif case.comparison.is_unchanged:
            minutes.note("unchanged")
        elif case.comparison.is_first:
            minutes.note("first-model")
        elif is_used_up(state, ledger.history, case.question):
            minutes.note_error(TestSetUsedUp(test_set.identity, test_set.rows))
        else:
            verdict = evaluate(world, minutes, case, ledger, vault)
            state = ledger.history.test_set(verdict.test_set)
        minutes.note_state(state, used_up=ledger.history.is_used_up(test_set.identity))
        minutes.note_mark(ledger.mark)
        if is_running_out(ledger.history, test_set.identity):
            ask_for_test_set(world, minutes, gate, ledger.history, test_set.identity)
        close_requests(world, minutes, test_set.identity, ledger.history, vault)
        if verdict is not None and verdict.passed is None:
            mail_verdict(world, minutes, config, unseal(vault, verdict.sealed))
        settle_others(world, ledger, seen)


def mail_verdict(world: World, minutes: Minutes, config: Config, sealed: SealedVerdict) -> None:
    """Tell the key holder the bit that nobody else may know; again only in a run started again."""
    is_news = minutes.report.cost == "step" or world.is_rerun
    if is_news and config.recipient is not None:
        world.audience.mail(config.recipient, minutes.report, passed=sealed.passed)


def exit_code(report: Report, fail_on: FailOn) -> int:
    """Return what the step ends with: 1 where the verdict is one that it shall fail on."""
    failing = {"fail": {"fail", "error"}, "error": {"error"}, "never": set[str]()}[fail_on]
    return int(report.verdict in failing)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Lend a folder in which every temporary file of the run is made, and which ends with it.

    A signal may come in the midst of a room's own clearing up.
    """
    with tempfile.TemporaryDirectory(prefix="easeml-") as folder:
        before, tempfile.tempdir = tempfile.tempdir, folder
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = before
