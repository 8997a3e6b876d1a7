"""Reports of runs, an issue and a retired test set, for the tests of what GitHub shows."""

from dataclasses import replace
from typing import Any

from easeml_action.github import PastVerdict, Report, Terms, render_issue
from easeml_action.measured import MeasuredStep, MeasuredTestSet
from easeml_action.statistics import Remaining

CONDITION = "n - o > 0.02 +/- 0.01 /\\ d < 0.1 +/- 0.01"
RUN = "https://github.com/octo/model/actions/runs/1"
COMMIT = "b" * 40
SET = "3f" * 16
TERMS = Terms(CONDITION, 0.999, "fp-free", "full", 32)
HISTORY = (
    PastVerdict(1, "a" * 40, "fail"),
    PastVerdict(2, COMMIT, "pass"),
    PastVerdict(3, "c" * 40, "unfinished"),
)
LONG_HISTORY = tuple(
    PastVerdict(step, f"{step:040x}"[::-1], "pass" if step % 5 == 0 else "fail")
    for step in range(1, 33)
)
PASS = Report(
    "pass",
    COMMIT,
    RUN,
    TERMS,
    cost="step",
    step=2,
    remaining=Remaining(29, 29),
    rows=7000,
    rows_required=6543,
    test_set=SET,
    history=HISTORY,
)
REPORTS = {
    "pass": PASS,
    "fail": replace(PASS, verdict="fail", step=3),
    "on-record": replace(PASS, cost="nothing"),
    "last-step": replace(
        PASS,
        verdict="fail",
        step=32,
        remaining=Remaining(0, 0),
        history=LONG_HISTORY,
        retired=True,
        issue=12,
    ),
    "metered": replace(
        PASS,
        terms=replace(TERMS, adaptivity="metered"),
        remaining=Remaining(if_all_fail=9, if_all_pass=4),
        closed_issues=(12,),
    ),
    "period": replace(PASS, period=2, periods=3, test_set=f"{SET}.2", rows=2333),
    "period-over": replace(
        PASS,
        period=2,
        periods=3,
        test_set=f"{SET}.2",
        rows=2333,
        remaining=Remaining(0, 0),
        period_over=True,
        issue=12,
    ),
    "recorded": replace(
        PASS,
        verdict="recorded",
        terms=replace(TERMS, adaptivity="none"),
        history=tuple(replace(past, verdict="recorded") for past in HISTORY[:2]),
    ),
    "unchanged": replace(PASS, verdict="unchanged", cost="nothing", step=None),
    "first-model": replace(PASS, verdict="first-model", cost="nothing", step=None, history=()),
    "active-once-merged": Report("active-once-merged", COMMIT, RUN, TERMS, rows_required=6543),
    "error": Report(
        "error",
        COMMIT,
        RUN,
        problem="The configuration .easeml.yml has no condition that can be read.",
        remedy="Correct the place that is marked.",
        excerpt="    n - p > 0.1 +/- 0.1\n        ^\nexpected n, o or d",
        more="https://github.com/easeml/ci-action/blob/v0/docs/errors.md#config-invalid",
    ),
    "reserved": replace(
        PASS,
        verdict="error",
        problem="The ledger could not be pushed.",
        remedy="Run the job again.",
        cost="reserved",
    ),
}


def issue(**changes: Any) -> str:
    """Render the issue about a used-up test set, with some things changed."""
    values = {
        "terms": TERMS,
        "repository": "acme/model",
        "test_set": SET,
        "path": "data_test/test.csv.gpg",
        "history": HISTORY,
        "rows_required": 6543,
        "default_branch": "main",
    } | changes
    return render_issue(values.pop("terms"), **values)


def revealed_step(
    number: int, verdict: Any, variables: dict[str, float], **more: Any
) -> MeasuredStep:
    """Return a step of a test set that has retired."""
    values = {"commit": COMMIT, "condition": CONDITION} | more
    return MeasuredStep(
        number,
        values.pop("commit"),
        "2026-01-02T03:04:05Z",
        values.pop("condition"),
        "fp-free",
        verdict,
        left=32 - number,
        variables=variables,
        **values,
    )


def measured(*steps: MeasuredStep) -> MeasuredTestSet:
    """Return a test set that has retired."""
    return MeasuredTestSet(
        SET, 7_000, True, 0.999, 32, "full", TERMS.promise, TERMS.retirement, steps
    )
