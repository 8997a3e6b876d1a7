"""A test set that serves several periods: each on rows of its own, until they are used up."""

import tempfile
from pathlib import Path

import pytest

from easeml_action.sealed import unseal
from easeml_action.testset import TestSet, open_vault
from tests.integration.action.stage import (
    SCRIPT,
    TEST_SET,
    Seen,
    Stage,
    assert_one_sentence,
    config,
    encrypt,
    encrypted,
    key_of,
    model,
    table,
)


def place(seen: Seen) -> tuple[str, str, str]:
    outputs = seen.run.outputs
    return outputs["verdict"], outputs["step"], f"{outputs['period']} of {outputs['periods']}"


def right_rows(stage: Stage) -> list[int]:
    """Count the rows that each judged model was right on, as the key holder can."""
    rows = {each["test_set"]: each["rows"] for each in stage.records("open")}
    with open_vault(key_of("holder").private_key, None) as vault:
        return [
            round(unseal(vault, each["sealed"]).tally.shares["n"] * rows[each["test_set"]])
            for each in stage.records("verdict")
        ]


def same(number: int) -> bytes:
    """Return one of many models that make the same predictions."""
    return model(40, before=f"# model {number}")


def test_periods_follow_one_another_until_the_rows_are_used_up(stage: Stage) -> None:
    stage.found(steps=1, periods=3, ciphertext=encrypted(350))

    runs = [stage.pull_request({SCRIPT: same(number)}) for number in (1, 2, 3)]

    assert [place(each) for each in runs] == [
        ("fail", "1", "1 of 3"),
        ("fail", "1", "2 of 3"),
        ("fail", "1", "3 of 3"),
    ]
    assert [each.run.outputs["rows"] for each in runs] == ["117", "117", "116"]
    with open_vault(key_of("holder").private_key, None) as vault:
        whole = TestSet.parse(table(350), format="csv", label="label")
        shares = [whole.share(vault.derive("rows"), number, 3) for number in (1, 2, 3)]
    seen = [[int(row.split(b",")[0]) for row in each.features.split()[1:]] for each in shares]
    assert sorted(row for rows in seen for row in rows) == list(range(350))
    assert right_rows(stage) == [sum(row * 37 % 100 < 40 for row in rows) for rows in seen]
    assert [each.status[1] for each in runs] == [
        "Fail: step 1 of 1 in period 1 of 3, which is used up",
        "Fail: step 1 of 1 in period 2 of 3, which is used up",
        "Fail: step 1 of 1 in period 3 of 3, the test set is used up (#1)",
    ]
    assert "**Period:** 1 of 3" in runs[0].run.summary
    assert "judged on the next period" in runs[0].run.summary
    [issue] = stage.server.issues
    assert [each.run.outputs["issue-number"] for each in runs] == ["", "1", "1"]
    assert "is in its last period" in issue["title"]
    assert "is in the last of its 3 periods." in issue["body"]
    assert "- **Commits:** 1 left" in issue["body"]

    spent = stage.pull_request({SCRIPT: model(95)})
    assert_one_sentence(spent, "used up", "350 rows")
    assert spent.run.outputs["issue-number"] == "1"
    assert len(stage.records("open")) == 3
    assert len({each["test_set"] for each in stage.records("open")}) == 3


def test_a_model_that_was_judged_in_an_earlier_period_keeps_its_verdict(stage: Stage) -> None:
    stage.found(adaptivity="firstChange", periods=2)
    passed = stage.pull_request({SCRIPT: model(95)})
    stage.pull_request({SCRIPT: model(40)})

    merged = stage.merge(passed.pull_request)

    assert place(passed) == place(merged) == ("pass", "1", "1 of 2")
    assert "asking again cost nothing" in merged.run.summary
    assert stage.charged == 2


def test_the_same_rows_in_another_order_stay_in_their_periods(stage: Stage) -> None:
    stage.found(steps=2, periods=2)
    stage.pull_request({SCRIPT: same(1)})
    lines = table().decode().splitlines()
    again = "\n".join([lines[0], *reversed(lines[1:]), ""]).encode()
    stage.team.push("Encrypt again", {TEST_SET: encrypt(again)})

    second = stage.pull_request({SCRIPT: same(2)})

    assert place(second) == ("fail", "2", "1 of 2")
    first, other = right_rows(stage)
    assert first == other
    assert len(stage.records("rows")) == 1


@pytest.mark.parametrize(
    ("terms", "verdicts"),
    [
        ({"adaptivity": "none", "steps": 1}, ["recorded", "recorded"]),
        ({"adaptivity": "firstChange", "steps": 3}, ["pass", "pass"]),
        ({"adaptivity": "full", "steps": 3, "passes": 1}, ["pass", "pass"]),
        ({"adaptivity": "metered", "steps": 2, "pass_rate": 0.9}, ["pass", "pass", "pass", "pass"]),
    ],
)
def test_every_kind_of_budget_is_full_again_in_the_next_period(
    stage: Stage, terms: dict[str, object], verdicts: list[str]
) -> None:
    stage.found(periods=2, **terms)
    runs = [stage.pull_request({SCRIPT: model(90 + extra)}) for extra in range(len(verdicts))]
    assert [each.verdict for each in runs] == verdicts
    half = len(runs) // 2
    assert [each.run.outputs["period"] for each in runs] == ["1"] * half + ["2"] * half
    assert [each.run.outputs["step"] for each in runs[:half]] == [
        each.run.outputs["step"] for each in runs[half:]
    ]
    assert_one_sentence(stage.pull_request({SCRIPT: model(89)}), "used up")


def test_the_number_of_periods_holds_whatever_the_configuration_says_later(stage: Stage) -> None:
    stage.found(periods="auto")
    assert place(stage.pull_request({SCRIPT: model(40)})) == ("fail", "1", "1 of 2")

    stage.team.push("Ask for less", {".easeml.yml": config(periods=5, condition="n > 0.6 +/- 0.2")})
    assert place(stage.pull_request({SCRIPT: model(41)})) == ("fail", "2", "1 of 2")

    finer = config(periods="auto", condition="n > 0.6 +/- 0.09")
    stage.team.push("Ask for more", {".easeml.yml": finer})
    refused = stage.pull_request({SCRIPT: model(42)})
    assert_one_sentence(refused, "A period, one of 2, has 120 rows and the configuration requires")


def test_more_periods_than_the_rows_serve_are_refused_before_one_begins(stage: Stage) -> None:
    stage.found(periods=3)
    refused = stage.pull_request({SCRIPT: model(40)})
    assert_one_sentence(refused, "one of 3, has 80 rows and the configuration requires 112")
    assert stage.records("rows") == []


def test_new_terms_begin_with_the_next_period(stage: Stage) -> None:
    stage.found(steps=1, periods=2)
    stage.pull_request({SCRIPT: model(40)})
    stage.team.push("More commits", {".easeml.yml": config(steps=2, periods=2)})
    second = stage.pull_request({SCRIPT: model(41)})
    assert second.status[1] == "Fail: step 1 of 2 in period 2 of 2, 1 left"
    assert [each["contract"]["steps"] for each in stage.records("open")] == [1, 2]


def test_the_issue_closes_once_a_new_test_set_serves_though_the_last_period_was_not_used_up(
    stage: Stage,
) -> None:
    stage.found(steps=1, periods=2)
    stage.pull_request({SCRIPT: model(40)})
    [issue] = stage.server.issues
    assert issue["state"] == "open"
    stage.team.push("Rotate", {TEST_SET: encrypted(first=1_000)})

    seen = stage.pull_request({SCRIPT: model(41)})

    assert place(seen) == ("fail", "1", "1 of 2")
    first, second = stage.server.issues
    states = {first["number"]: first["state"], second["number"]: second["state"]}
    assert states == {issue["number"]: "closed", max(states): "open"}
    assert "was one period" in stage.server.comments(issue["number"])[0]["body"]


def test_runs_that_race_for_the_end_of_a_period_agree_on_the_next(stage: Stage) -> None:
    stage.found(steps=1, periods=2)
    first, second = (stage.open({SCRIPT: model(right)}) for right in (40, 41))
    with stage.job(first) as one:
        # A run leaves its temporary folder empty: the other has one of its own.
        folder = Path(tempfile.mkdtemp(dir=stage.runner.cache))
        folder.chmod(0o711)
        stage.set(variables={"TMPDIR": str(folder)})
        with stage.job(second) as other:
            processes = one.start(), other.start()
            seen = [
                stage.finish(one, processes[0], first.head, first),
                stage.finish(other, processes[1], second.head, second),
            ]

    assert sorted(place(each) for each in seen) == [
        ("fail", "1", "1 of 2"),
        ("fail", "1", "2 of 2"),
    ]
    assert len(stage.server.issues) == 1
    assert len(stage.records("open")) == 2
