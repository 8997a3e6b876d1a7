"""Whole runs of the action at the same time: one step, one verdict and one issue come of them."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from easeml_action.demo.repository import PullRequest
from tests.audit import Audit
from tests.integration.action.stage import SCRIPT, Seen, Stage, ledger_key, model
from tests.tally import Tally

TAKEN = "used up by another run while this one got ready: all of its 1 steps are taken"


@pytest.fixture
def judge_at_once(stage: Stage, tally: Tally) -> Callable[[Sequence[PullRequest]], list[Seen]]:
    """Judge pull requests at the same time, each on a runner of its own."""

    def judge(opened: Sequence[PullRequest]) -> list[Seen]:
        runners = [stage.beside() for _ in opened]
        with ThreadPoolExecutor(len(opened)) as pool:
            seen = list(pool.map(Stage.judge, runners, opened))
        tally.add("runs", len(opened))
        return seen

    return judge


@pytest.fixture
def audited_stage(stage: Stage, audited: Callable[..., Audit]) -> Callable[[], Audit]:
    return lambda: audited(stage.team.origin, ledger_key())


def test_more_runs_on_a_commit_than_may_begin_its_step_share_its_verdict(
    stage: Stage,
    judge_at_once: Callable[[Sequence[PullRequest]], list[Seen]],
    audited_stage: Callable[[], Audit],
) -> None:
    stage.found(steps=1)
    opened = stage.open({SCRIPT: model(95)})

    seen = judge_at_once([opened] * 12)

    assert [(each.verdict, each.run.exit_code) for each in seen] == [("pass", 0)] * 12, [
        each.log for each in seen
    ]
    assert stage.charged == len(stage.records("verdict")) == len(stage.records("open")) == 1
    assert {each.run.outputs["step"] for each in seen} == {"1"}
    assert stage.server.statuses(opened.head)[0]["state"] == "success"
    assert [issue["state"] for issue in stage.server.issues] == ["open"]
    audited_stage()


def test_of_runs_on_several_commits_one_takes_the_last_step_and_the_others_say_so(
    stage: Stage,
    judge_at_once: Callable[[Sequence[PullRequest]], list[Seen]],
    audited_stage: Callable[[], Audit],
) -> None:
    stage.found(steps=1)
    opened = [stage.open({SCRIPT: model(90 + number)}) for number in range(5)]

    seen = judge_at_once(opened)

    assert sorted(each.verdict for each in seen) == ["error"] * 4 + ["pass"]
    for each in seen:
        [status] = stage.server.statuses(each.commit)[:1]
        assert status["state"] == ("success" if each.verdict == "pass" else "error")
        assert each.verdict == "pass" or TAKEN in each.log or "has no step left" in each.log
    assert stage.charged == len(stage.records("verdict")) == 1
    assert [issue["state"] for issue in stage.server.issues] == ["open"]
    audited_stage()


def test_runs_on_the_same_and_on_other_commits_charge_each_model_once(
    stage: Stage,
    judge_at_once: Callable[[Sequence[PullRequest]], list[Seen]],
    audited_stage: Callable[[], Audit],
) -> None:
    stage.found(steps=5)
    opened = [stage.open({SCRIPT: model(right)}) for right in (20, 90, 95)]

    seen = judge_at_once([*opened, *opened])

    assert [each.verdict for each in seen] == ["fail", "pass", "pass"] * 2
    found = audited_stage()
    assert len({each["question"]["new"] for each in found.of("reserve")}) == 3
    assert len(found.of("reserve")) == len(found.of("verdict")) == 3
    assert stage.server.issues == []
