"""What follows when a test set is used up, and when a new one has taken its place."""

from easeml_action.disclosure import disclose
from easeml_action.errors import GateError
from easeml_action.gate import Gate
from easeml_action.ledger import History, KnownTestSet, Question
from easeml_action.minutes import Minutes, past_verdicts, terms_of
from easeml_action.testset import Vault
from easeml_action.world import Retirement, World

# In the comment that closes the issue, whose length GitHub bounds.
_STEPS_SHOWN = 100


class TestSetUsedUp(GateError):
    """No step is left for a new question, however the rows are encrypted."""

    __test__ = False  # the name begins as a test class does

    def __init__(self, test_set: str, rows: int) -> None:
        super().__init__(
            f"The test set is used up: its {rows:,} rows are those of {test_set}, which has no "
            "step left for this model.",
            "The key holder commits a new test set, as the open issue says; then run the job "
            "again.",
        )


def is_used_up(test_set: KnownTestSet, history: History, question: Question) -> bool:
    """Say whether a question can have no step: none is left, and none is reserved for it."""
    return test_set.is_retired and history.reservation_for(question) is None


def is_running_out(history: History, whole: str) -> bool:
    """Say whether it is time for a new test set.

    That is when the last period's turn has come, so that there is time to collect new rows; or
    when the test set is used up, where it serves in one period.
    """
    last = history.turn_of(whole)
    return last.next is None and (last.of > 1 or history.is_used_up(whole))


def ask_for_test_set(
    world: World, minutes: Minutes, gate: Gate, history: History, whole: str
) -> None:
    """Open the issue about a test set that is running out, once however often this is done."""
    last, newest = history.turn_of(whole), history.periods_of(whole)[-1]
    retirement = Retirement(
        terms_of(gate.config),
        last.identity,
        gate.config.require_test_set(),
        None if gate.sample is None else gate.config.sample_path,
        past_verdicts(newest),
        gate.plan.rows,
        minutes.report.mark,
        last.of,
        newest.remaining if newest.period == last else newest.remaining_at_first,
    )
    minutes.note_issue(world.audience.ask_for_test_set(retirement))


def close_requests(
    world: World, minutes: Minutes, current: str, history: History, vault: Vault
) -> None:
    """Close the issues about test sets that have been replaced, with what they had measured.

    An older commit that is judged again has the test set of its time, which has replaced none.

    Of one that served in periods, what the newest that has retired had measured: the last one may
    have been replaced before its time.
    """
    for test_set, number in world.audience.open_requests().items():
        replaced = history.period_of(test_set).whole
        retired = [each for each in history.periods_of(replaced) if each.is_retired]
        if retired and history.has_replaced(current, replaced):
            measured = disclose(retired[-1], vault, newest=_STEPS_SHOWN)
            world.audience.close_request(number, measured)
            minutes.note_closed_issue(number)
