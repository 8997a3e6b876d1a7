"""What a change of the ledger takes: pure decisions on the history, each with what it refuses.

A decision returns the records that its effect still lacks: none, where the history has it already.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from easeml_action.ledger.errors import (
    BudgetSpent,
    ContractChanged,
    IdentityConflict,
    ResumedTooOften,
)
from easeml_action.ledger.history import History
from easeml_action.ledger.known import Evaluation, KnownTestSet
from easeml_action.ledger.records import (
    KnownCiphertext,
    OpenedTestSet,
    Question,
    Record,
    RememberedRows,
    ReservedStep,
    ResumedStep,
    Verdict,
)


@dataclass(frozen=True)
class Claim:
    """What a run brings to have a step: its question, and what tells it from other runs.

    Parameters
    ----------
    question
        What the step is to answer.
    commit
        Id of the commit under test.
    run
        Address or id of the workflow run, for people.
    mark
        Random; by it the run knows its own records again.
    """

    question: Question
    commit: str
    run: str | None
    mark: str


def remember(
    history: History, rows: RememberedRows, inspect: Callable[[], None]
) -> Sequence[Record]:
    """Remember a test set's rows, after an inspection where it does not serve yet."""
    if history.rows_of(rows.test_set):
        return []
    if not history.periods_of(rows.test_set):
        inspect()
    return [rows]


def open_as(history: History, wanted: OpenedTestSet) -> Sequence[Record]:
    """Open a test set, or insist that it is known as it is now presented.

    Raises
    ------
    ContractChanged
        It was opened under other terms.
    IdentityConflict
        The ciphertext is known as another test set, or the test set with another number of rows.
    """
    known = history.find(wanted.test_set)
    owner = history.identify(wanted.ciphertext)
    whole = history.period_of(wanted.test_set).whole
    if (owner and owner.period.whole != whole) or (known and known.rows != wanted.rows):
        raise IdentityConflict(
            "The ledger knows this ciphertext as another test set, or the test set with "
            "another number of rows.",
            "Use the private key that the ledger was begun with.",
        )
    if known is None:
        return [wanted]
    known.require(wanted.contract)
    return [] if owner else [KnownCiphertext(whole, wanted.ciphertext)]


def charge(history: History, claim: Claim, time: str, *, had_one_left: bool) -> Sequence[Record]:
    """Charge a step, or begin the one that was charged for the question once more.

    Parameters
    ----------
    had_one_left
        Whether this run has seen a step left; then another run took it.

    Raises
    ------
    BudgetSpent
        No step is left.
    ContractChanged
        Steps of the test set were used with another label.
    ResumedTooOften
        The question's step was begun as often as a step may be.
    ValueError
        The test set was not opened.
    """
    question = claim.question
    evaluation = history.evaluation_of(question)
    if evaluation is not None:
        step = evaluation.reserved.step
        return _resume(
            evaluation, ResumedStep(question.test_set, step, time, claim.mark, claim.run)
        )
    _insist_on_label(history, question)
    state = history.find(question.test_set)
    if state is None:
        raise ValueError("question: its test set must be opened before a step is reserved")
    _insist_on_a_step_left(state, had_one_left=had_one_left)
    step, known = state.steps_taken + 1, (state.passes, state.fails)
    return [ReservedStep(question, step, *known, claim.commit, time, claim.run, claim.mark)]


def answer(history: History, question: Question, verdict: Verdict) -> Sequence[Record]:
    """Answer the step charged for a question, also where its test set has retired meanwhile.

    Raises
    ------
    ValueError
        The step is not reserved for this question, or the bit does not go with the adaptivity.
    """
    evaluation = history.evaluation_of(question)
    if evaluation is None or evaluation.reserved.step != verdict.step:
        raise ValueError("reservation: the step is not reserved for this question")
    adaptivity = history.test_set(question.test_set).contract.adaptivity
    if (verdict.passed is None) != (adaptivity == "none"):
        raise ValueError("passed must be None under adaptivity 'none', and only there")
    return [] if evaluation.verdict else [verdict]


def _resume(evaluation: Evaluation, resumption: ResumedStep) -> Sequence[Record]:
    """Return what begins a charged step again: nothing where it is judged, or ours already."""
    marks = {evaluation.reserved.mark, *(each.mark for each in evaluation.resumed)}
    if evaluation.verdict is not None or resumption.mark in marks:
        return []
    if not evaluation.may_resume:
        raise ResumedTooOften(
            f"Step {evaluation.reserved.step} was begun {1 + len(evaluation.resumed)} times for "
            "this model, and no run came to a verdict.",
            "Look in those runs for what ended them (memory, cancelled jobs); the step stays "
            "charged, and a changed model takes a step of its own.",
        )
    return [resumption]


def _insist_on_label(history: History, question: Question) -> None:
    """Insist on the label that the rows were used with: as a feature, models could tell of it."""
    whole = history.period_of(question.test_set).whole
    for period in history.periods_of(whole):
        for each in period.evaluations:
            used = each.question.label
            if used not in {None, question.label}:
                raise ContractChanged(
                    f"Steps of this test set were used with the label {used}, and the "
                    f"configuration now says {question.label}.",
                    "Restore label, or rotate the test set.",
                )


def _insist_on_a_step_left(state: KnownTestSet, *, had_one_left: bool) -> None:
    if not state.is_retired:
        return
    if state.steps_taken >= state.contract.steps:
        why = f"all of its {state.contract.steps} steps are taken"
    elif state.contract.adaptivity == "metered":
        why = f"after {state.passes} passed and {state.fails} failed commits its rows are too few"
    else:
        why = f"it retired after {state.passes} passed and {state.fails} failed commits"
    by_whom = " by another run while this one got ready" if had_one_left else ""
    raise BudgetSpent(
        f"The test set is used up{by_whom}: {why}.", "Rotate the test set: commit a new one."
    )
