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
    """No step is left for a new question."""

    __test__ = False  # the name begins as a test class does

    def __init__(self) -> None:
        super().__init__(
            "The test set is used up: it has no step left for this model.",
            "The key holder commits a new test set, as the open issue says; then run the job "
            "again.",
        )


def is_used_up(test_set: KnownTestSet, history: History, question: Question) -> bool:
    """Say whether a question can have no step: none is left, and none is reserved for it."""
    return test_set.is_retired and history.reservation_for(question) is None


def ask_for_test_set(world: World, minutes: Minutes, gate: Gate, used_up: KnownTestSet) -> None:
    """Open the issue about a used-up test set, once however often this is done."""
    retirement = Retirement(
        terms_of(gate.config),
        used_up.test_set,
        gate.config.require_test_set(),
        None if gate.sample is None else gate.config.sample_path,
        past_verdicts(used_up),
        gate.plan.rows,
        minutes.report.mark,
    )
    minutes.note_issue(world.audience.ask_for_test_set(retirement))


def close_requests(
    world: World, minutes: Minutes, current: str, history: History, vault: Vault
) -> None:
    """Close the issues about test sets that have been replaced, with what they had measured."""
    for test_set, number in world.audience.open_requests().items():
        replaced = history.find(test_set)
        if replaced is not None and replaced.is_retired and test_set != current:
            measured = disclose(replaced, vault, newest=_STEPS_SHOWN)
            world.audience.close_request(number, measured)
            minutes.note_closed_issue(number)
