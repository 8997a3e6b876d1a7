"""What a run sees of others: statuses that remember the ledger, and some that nobody settled.

A run that was killed leaves its commit pending, and one that could not reach GitHub at its end
leaves a verdict that nobody sees. Any later run settles what it comes across, from what the ledger
says in public.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from easeml_action.git import Git
from easeml_action.github import (
    STATUS_RESERVED,
    STATUS_UNFINISHED,
    STATUS_UNFINISHED_STEP,
    Report,
    SeenCommit,
    SeenStatus,
    Settlement,
    Terms,
    status_description,
    status_state,
)
from easeml_action.ledger import Evaluation, History, KnownTestSet, Ledger
from easeml_action.world import World

# A run looks at a handful of commits: each takes a request, and GitHub counts them.
_NEARBY = 5
_RECENT_STEPS = 3


def nearby_commits(git: Git, *commits: str, count: int = _NEARBY) -> tuple[str, ...]:
    """Return the newest commits of the history that leads to the commits given."""
    listed = git.text("rev-list", f"--max-count={count}", *commits, "--")
    return tuple(listed.split())


def recent_commits(history: History, count: int = _RECENT_STEPS) -> tuple[str, ...]:
    """Return the commits of the newest steps in the ledger, the newest first."""
    steps = [each.reserved for test_set in history.test_sets for each in test_set.evaluations]
    newest = sorted(steps, key=lambda step: step.time)[-count:]
    return tuple(dict.fromkeys(step.commit for step in reversed(newest)))


def read_ledger(world: World, ledger: Ledger, seen: Sequence[SeenCommit]) -> History:
    """Read the ledger and hold it against what was seen before, which it can only have outgrown.

    Raises
    ------
    LedgerRolledBack
        It lacks a record that a status or an issue remembers.
    """
    statuses = [status.description for each in seen for status in each.statuses]
    texts = [*statuses, *world.audience.recall()]
    history = ledger.read()
    ledger.heed(texts)
    return history


def settle_others(world: World, ledger: Ledger, seen: Sequence[SeenCommit]) -> None:
    """Settle the statuses of other commits that this run comes across.

    Parameters
    ----------
    seen
        Commits that were looked at already.
    """
    history = ledger.history
    known = {each.commit for each in seen} | {world.change.new}
    others = [commit for commit in recent_commits(history) if commit not in known]
    everything = [*seen, *world.audience.look(others)]
    rest = [each for each in everything if each.commit != world.change.new]
    for settlement in find_unsettled(history, rest, world.audience.is_over, ledger.mark):
        world.audience.settle(settlement)


def find_unsettled(
    history: History,
    seen: Sequence[SeenCommit],
    is_over: Callable[[SeenStatus], bool],
    mark: str = "",
) -> Iterator[Settlement]:
    """Find the commits whose status does not say what the ledger says, or will say nothing more.

    Parameters
    ----------
    is_over
        Says whether the run that set a status is known to be at work no more. A status of a run
        that may be at work is left alone.
    mark
        Names the newest record of the ledger.
    """
    for each in seen:
        steps = _steps_of(history, each.commit)
        newest = each.statuses[0] if each.statuses else None
        if newest is None:
            told = [step for step in steps if each.is_whole and _has_a_page(step[1])]
        elif newest.state == "error":
            told = _left_by(history, newest)
        elif newest.state == "pending":
            told = [step for step in steps if _is_of(newest, step[1])]
        else:
            continue
        if told and told[-1][1].verdict:
            yield _tell(each.commit, *told[-1], mark)
        elif newest is not None and newest.state == "pending" and is_over(newest):
            if steps:
                yield _tell(each.commit, *steps[-1], mark)
            else:
                yield _unfinished(each.commit, newest)


def _steps_of(history: History, commit: str) -> list[tuple[KnownTestSet, Evaluation]]:
    steps = [
        (test_set, each)
        for test_set in history.test_sets
        for each in test_set.evaluations
        if each.reserved.commit == commit
    ]
    return sorted(steps, key=lambda step: step[1].reserved.time)


def _has_a_page(step: Evaluation) -> bool:
    """Say whether a workflow's run charged the step; a terminal's run sets no status."""
    return (step.reserved.run or "").startswith(("http://", "https://"))


def _is_of(status: SeenStatus, step: Evaluation) -> bool:
    """Say whether a run said "pending" and then reserved the step.

    A run that was started again has the same address. It says "pending" after the step was
    reserved, and may be at work on another question.
    """
    reserved = datetime.fromisoformat(step.reserved.time)
    return status.target_url == step.reserved.run and status.time <= reserved


def _left_by(history: History, status: SeenStatus) -> list[tuple[KnownTestSet, Evaluation]]:
    """Return the step that a run left to whoever comes next when it ended in an error, if it did.

    It is the one that the run has begun last. Another commit may have charged it, for the same
    model; and a test set that was replaced may have a judged step of the same number.
    """
    begun = [
        (time, test_set, each)
        for test_set in history.test_sets
        for each in test_set.evaluations
        for time, run in each.starts
        if run == status.target_url
    ]
    if not begun:
        return []
    _, test_set, step = max(begun, key=lambda each: each[0])
    is_left = status.description.endswith(STATUS_RESERVED.format(step=step.reserved.step))
    return [(test_set, step)] if is_left else []


def _tell(commit: str, test_set: KnownTestSet, step: Evaluation, mark: str) -> Settlement:
    """Return a commit's status as it follows from the public part of the ledger alone."""
    reserved, contract = step.reserved, test_set.contract
    url = (reserved.run or "") if _has_a_page(step) else ""
    if step.verdict is None:
        text = STATUS_UNFINISHED_STEP.format(step=reserved.step)
        return Settlement(commit, "error", text, url)
    terms = Terms(
        step.question.condition,
        contract.reliability,
        step.question.mode,
        contract.adaptivity,
        contract.steps,
        contract.passes,
    )
    report = Report(
        step.verdict.word,
        commit,
        url,
        terms,
        step=reserved.step,
        remaining=test_set.remaining,
        retired=test_set.is_retired,
        mark=mark,
    )
    return Settlement(commit, status_state(report), status_description(report), url)


def _unfinished(commit: str, status: SeenStatus) -> Settlement:
    return Settlement(commit, "error", STATUS_UNFINISHED, status.target_url)
