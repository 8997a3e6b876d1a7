import pytest

from easeml_action.action import Unexpected, exit_code
from easeml_action.github import Report
from easeml_action.github.report import VerdictWord
from easeml_action.settings import FailOn

REPORT = Report("error", "0" * 40, "https://github.com/octo/model/actions/runs/1")


@pytest.mark.parametrize(
    ("verdict", "failing"),
    [
        ("pass", set()),
        ("recorded", set()),
        ("unchanged", set()),
        ("first-model", set()),
        ("active-once-merged", set()),
        ("fail", {"fail"}),
        ("error", {"fail", "error"}),
    ],
)
@pytest.mark.parametrize("fail_on", ["fail", "error", "never"])
def test_a_step_fails_on_what_it_was_told_to_fail_on(
    verdict: VerdictWord, failing: set[str], fail_on: FailOn
) -> None:
    report = Report(verdict, REPORT.commit, REPORT.run_url)

    assert exit_code(report, fail_on) == int(fail_on in failing)


def test_a_fault_of_the_program_is_named_by_its_kind_and_place_and_not_by_its_text() -> None:
    try:
        {}["a secret"]
    except KeyError as error:
        unexpected = Unexpected(error)

    assert "KeyError in test_action.py, line " in unexpected.problem
    assert "a secret" not in str(unexpected)


def test_a_fault_that_was_never_raised_has_no_place() -> None:
    assert Unexpected(ValueError("a secret")).problem.endswith("(ValueError).")
