from dataclasses import replace

import pytest

from easeml_action.errors import GateError
from easeml_action.ledger import (
    AccessDenied,
    BranchProtected,
    BudgetSpent,
    ContractChanged,
    PushRefused,
    ResumedTooOften,
    Verdict,
)
from easeml_action.minutes import Minutes

SEALED = "-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----\n"


@pytest.fixture
def minutes() -> Minutes:
    return Minutes("0" * 40, "https://github.com/octo/model/actions/runs/1")


def test_until_something_is_known_the_report_is_an_error_that_cost_nothing(
    minutes: Minutes,
) -> None:
    assert (minutes.report.verdict, minutes.report.cost) == ("error", "nothing")


@pytest.mark.parametrize(("passed", "word"), [(True, "pass"), (False, "fail"), (None, "recorded")])
@pytest.mark.parametrize("charged", [True, False])
def test_a_verdict_is_noted_with_its_step_and_its_price(
    minutes: Minutes, passed: bool | None, word: str, charged: bool
) -> None:
    minutes.note_verdict(Verdict("abc", 3, passed, SEALED), charged=charged)

    report = minutes.report
    assert (report.verdict, report.step) == (word, 3)
    assert report.cost == ("step" if charged else "nothing")


def test_an_error_keeps_what_was_known_by_then(minutes: Minutes) -> None:
    minutes.note_test_set("abc", 240)

    minutes.note_error(AccessDenied("A problem.", "A remedy.", "  a place\n  ^"))

    report = minutes.report
    assert (report.verdict, report.problem, report.remedy) == ("error", "A problem.", "A remedy.")
    assert report.excerpt == "  a place\n  ^"
    assert (report.test_set, report.rows) == ("abc", 240)


@pytest.mark.parametrize("passed", [True, False, None])
def test_what_goes_wrong_after_a_verdict_does_not_take_its_place(
    minutes: Minutes, passed: bool | None
) -> None:
    minutes.note_verdict(Verdict("abc", 3, passed, SEALED), charged=True)
    before = minutes.report

    minutes.note_error(AccessDenied("A problem.", "A remedy."))

    assert replace(minutes.report, left_undone="") == before
    assert minutes.report.left_undone == (
        "This outcome stands, and the next run does what was to follow it: A problem."
    )


def test_of_two_errors_the_first_is_told_and_the_other_follows(minutes: Minutes) -> None:
    minutes.note_error(BudgetSpent("No step is left.", "Rotate."))
    minutes.note_error(AccessDenied("A problem.", "A remedy."))

    assert (minutes.report.problem, minutes.report.remedy) == ("No step is left.", "Rotate.")
    assert minutes.report.left_undone.endswith("A problem.")


@pytest.mark.parametrize(
    "refusal", [AccessDenied, BranchProtected, BudgetSpent, ContractChanged, ResumedTooOften]
)
def test_a_refused_reservation_cost_nothing(minutes: Minutes, refusal: type[GateError]) -> None:
    with pytest.raises(refusal), minutes.reserving():
        raise refusal("A problem.", "A remedy.")

    assert minutes.report.cost == "nothing"


def test_a_reservation_that_may_have_arrived_is_not_said_to_have_cost_nothing(
    minutes: Minutes,
) -> None:
    with pytest.raises(PushRefused), minutes.reserving():
        raise PushRefused("A problem.", "A remedy.")

    assert minutes.report.cost == "reserved"
    assert "No step was used" not in minutes.report.price
    assert "run the job again" in minutes.report.price
