"""What a verdict costs, when it is on record already, and how a test set ends."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from easeml_action.testset import encrypt_to, encrypt_with
from tests.integration.action.stage import (
    PAIRED,
    SAMPLE,
    SCRIPT,
    TEST_SET,
    Stage,
    assert_one_sentence,
    config,
    encrypt,
    encrypted,
    gate_files,
    key_of,
    model,
    table,
)
from tests.leaks import WATCH

REPOSITORY = {"full_name": "octo/model", "default_branch": "main"}


def test_a_model_that_is_not_good_enough_fails_and_uses_a_step(stage: Stage) -> None:
    stage.found()

    seen = stage.pull_request({SCRIPT: model(60)})

    assert (seen.verdict, seen.run.exit_code) == ("fail", 1)
    assert seen.status == ("failure", "Fail: step 1 of 3, 2 left")
    assert seen.run.outputs == {
        "verdict": "fail",
        "step": "1",
        "steps": "3",
        "remaining": "2",
        "rows": "240",
        "rows-required": "112",
        "test-set": stage.records("open")[0]["test_set"],
        "period": "1",
        "periods": "1",
        "issue-number": "",
    }
    assert stage.charged == 1


def test_the_same_commit_again_gets_the_recorded_verdict_and_nothing_is_decrypted(
    stage: Stage,
) -> None:
    stage.found()
    first = stage.pull_request({SCRIPT: model(95)})
    assert first.pull_request
    before = stage.ledger_bytes

    again = stage.judge(first.pull_request)

    assert again.verdict == "pass"
    assert again.run.outputs == first.run.outputs
    assert stage.ledger_bytes == before
    assert "Decrypt" not in again.log
    assert "asking again cost nothing" in again.run.summary


def test_the_same_files_in_another_commit_are_the_same_model(stage: Stage) -> None:
    stage.found()
    first = stage.pull_request({SCRIPT: model(60)})

    second = stage.pull_request({SCRIPT: model(60)})

    assert first.commit != second.commit
    assert (first.verdict, second.verdict) == ("fail", "fail")
    assert stage.charged == 1


def test_models_are_compared_with_the_newest_accepted_one_across_squash_merges(
    stage: Stage,
) -> None:
    stage.found(40, condition=PAIRED, max_disagreement=0.6, steps=4)
    accepted = stage.pull_request({SCRIPT: model(75)})
    merged = stage.merge(accepted.pull_request)
    sneaked = stage.push({SCRIPT: model(45)})  # past the gate, to main itself

    worse = stage.pull_request({SCRIPT: model(70)})
    better = stage.pull_request({SCRIPT: model(100)})

    verdicts = [each.verdict for each in (accepted, merged, sneaked, worse, better)]
    assert verdicts == ["pass", "pass", "fail", "fail", "pass"]
    questions = [each["question"] for each in stage.records("reserve")]
    assert len(questions) == 4
    assert {each["old"] for each in questions[1:]} == {questions[0]["new"]}


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Lend a folder in which every model can write."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


@pytest.mark.parametrize("way", ["crashes", "is late", "predicts too little"])
def test_a_model_does_not_pass_because_the_old_one_did_not_run(stage: Stage, way: str) -> None:
    broken = {
        "crashes": model(50, before="if secret: sys.exit(3)"),
        "is late": model(50, before="if secret: __import__('time').sleep(999)"),
        "predicts too little": model(50, some="[: 9 if secret else None]"),
    }[way]
    condition = "n - o > 0 +/- 0.15"
    stage.found(condition=condition, max_disagreement=0.6, time_limit=5, files={SCRIPT: broken})

    assert stage.pull_request({SCRIPT: model(50, before="# no better")}).verdict == "fail"
    assert stage.charged == 1


def test_a_new_model_cannot_make_the_old_one_fail(stage: Stage, open_folder: Path) -> None:
    mark = open_folder / "mark"
    marked = f"__import__('os').path.exists({str(mark)!r})"
    watchful = model(100, before=f"if {marked}: numbers = [1] * len(numbers)")
    condition = "n - o > 0 +/- 0.15"
    stage.found(condition=condition, max_disagreement=0.6, files={SCRIPT: watchful})
    sly = model(85, before=f"if secret: open({str(mark)!r}, 'w').close()")

    assert stage.pull_request({SCRIPT: sly}).verdict == "fail"


def test_the_same_files_started_by_another_script_are_another_model(stage: Stage) -> None:
    stage.found()
    passed = stage.pull_request({SCRIPT: model(95), "other.py": model(5)})
    stage.merge(passed.pull_request)
    stage.team.push("Start the other script", {".easeml.yml": config(script="./other.py")})

    seen = stage.act("workflow_dispatch", {"repository": REPOSITORY, "inputs": {}})

    assert (passed.verdict, seen.verdict) == ("pass", "fail")
    assert stage.charged == 2


def test_the_label_of_rows_that_were_used_does_not_become_a_feature(stage: Stage) -> None:
    stage.found(95)
    passed = stage.act("workflow_dispatch", {"repository": REPOSITORY, "inputs": {}})
    changed = {".easeml.yml": config(label="noise"), SAMPLE: None}
    stage.team.push("Predict something else", changed)

    seen = stage.act("workflow_dispatch", {"repository": REPOSITORY, "inputs": {}})

    assert passed.verdict == "pass"
    assert_one_sentence(seen, 'with the label "label"', 'now says "noise"', "Restore label")
    assert "No step was used." in seen.run.summary
    assert stage.charged == 1


def test_a_wrong_label_can_be_corrected_until_a_step_is_used(stage: Stage) -> None:
    stage.found(label="noise", model_paths=[SCRIPT])
    assert stage.push({"README.md": b"Another text.\n"}).verdict == "unchanged"
    stage.team.push("Correct the label", gate_files(model_paths=[SCRIPT]))

    assert stage.pull_request({SCRIPT: model(95)}).verdict == "pass"


def test_the_same_file_is_not_read_as_other_rows(stage: Stage) -> None:
    """Its header would be a row, and the rows be dealt out anew."""
    stage.found(periods=2)
    assert stage.pull_request({SCRIPT: model(95)}).verdict == "pass"
    stage.team.push("Read it otherwise", {".easeml.yml": config(label=3, periods=2), SAMPLE: None})

    seen = stage.pull_request({SCRIPT: model(96)})

    assert_one_sentence(seen, "is read otherwise than when it was first used", "Restore label")
    assert stage.charged == 1


@pytest.mark.parametrize(("mode", "verdict"), [("fp-free", "fail"), ("fn-free", "pass")])
def test_a_model_in_doubt_fails_fp_free_and_passes_fn_free(
    stage: Stage, mode: str, verdict: str
) -> None:
    stage.found(mode=mode)

    assert stage.pull_request({SCRIPT: model(61)}).verdict == verdict


def test_fn_free_fails_a_model_that_is_shown_to_miss_the_condition(stage: Stage) -> None:
    stage.found(mode="fn-free")

    assert stage.pull_request({SCRIPT: model(30)}).verdict == "fail"


def test_first_change_retires_the_test_set_at_the_first_pass(stage: Stage) -> None:
    stage.found(adaptivity="firstChange")

    failed = stage.pull_request({SCRIPT: model(55)})
    passed = stage.pull_request({SCRIPT: model(95)})
    late = stage.pull_request({SCRIPT: model(96)})

    assert failed.verdict == "fail"
    assert passed.status == ("success", "Pass: step 2 of 3, the test set is used up (#1)")
    assert passed.run.outputs["issue-number"] == "1"
    assert_one_sentence(late, "used up")


def test_a_test_set_retires_at_the_pass_that_was_agreed(stage: Stage) -> None:
    stage.found(passes=2)

    first = stage.pull_request({SCRIPT: model(95)})
    second = stage.pull_request({SCRIPT: model(96)})

    assert first.run.outputs["remaining"] == "2"
    assert second.run.outputs["remaining"] == "0"
    assert [issue["state"] for issue in stage.server.issues] == ["open"]


def test_a_used_up_test_set_asks_for_a_new_one_once_and_shows_what_it_measured_when_replaced(
    stage: Stage,
) -> None:
    stage.found(condition=PAIRED, steps=2, max_disagreement=0.6, model_paths=[SCRIPT])
    stage.pull_request({SCRIPT: model(45)})
    last = stage.pull_request({SCRIPT: model(85)})
    refused = [stage.pull_request({SCRIPT: model(right)}) for right in (96, 97)]
    merged = stage.merge(last.pull_request)

    for seen in refused:
        assert_one_sentence(seen, "The test set is used up")
        assert seen.run.outputs["remaining"] == "0"
        assert seen.run.outputs["issue-number"] == "1"
    assert merged.verdict == "pass"
    assert stage.charged == 2
    [issue] = stage.server.issues
    assert issue["state"] == "open"
    assert "easeml rotate" in issue["body"]
    before = f"{stage.server.requests}{[seen.public for seen in (last, *refused, merged)]}"
    for estimate in ("0.4542", "0.8500", "0.5042", "0.45,", "0.85,"):
        assert estimate not in before

    rotated = stage.push({TEST_SET: encrypted(first=1_000)})
    after = stage.pull_request({SCRIPT: model(60)})

    assert rotated.verdict == "unchanged"
    assert rotated.run.outputs["remaining"] == "2"
    [issue] = stage.server.issues
    assert issue["state"] == "closed"
    [comment] = [each["body"] for each in stage.server.comments(1)]
    rows = [line.split("|")[1:-1] for line in comment.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in row] for row in rows]
    assert cells[0] == ["Step", "Commit", "Verdict", "`n`", "`o`", "`d`", "`n - o`"]
    assert cells[2][2:5] == ["❌ fail", "0.4542", "0.5042"]
    assert cells[3][2:5] == ["✅ pass", "0.8500", "0.5042"]
    assert (after.verdict, after.run.outputs["step"]) == ("fail", "1")


def test_the_same_rows_encrypted_again_are_the_same_test_set(stage: Stage) -> None:
    stage.found(model_paths=[SCRIPT])
    first = stage.pull_request({SCRIPT: model(60)})
    header, *rows = table().splitlines(keepends=True)
    shuffled = header + b"".join(reversed(rows))

    stage.push({TEST_SET: encrypt(shuffled)})
    again = stage.pull_request({SCRIPT: model(60)})

    assert again.verdict == "fail"
    assert again.run.outputs["test-set"] == first.run.outputs["test-set"]
    assert stage.charged == 1
    assert len(stage.records("ciphertext")) == 1


def test_a_passphrase_alone_can_open_a_test_set(stage: Stage) -> None:
    passphrase = WATCH.make_up("a passphrase")
    stage.found(ciphertext=encrypt_with(SecretStr(passphrase), table()), steps=1)
    stage.set_inputs(private_key=None, passphrase=passphrase)

    seen = stage.pull_request({SCRIPT: model(95)})

    assert seen.status == ("success", "Pass: step 1 of 1, the test set is used up (#1)")


def test_a_key_may_have_a_passphrase(stage: Stage) -> None:
    passphrase = WATCH.make_up("a passphrase")
    holder = key_of("careful", passphrase)
    stage.found(ciphertext=encrypt_to(holder.public_key, table()))
    stage.set_inputs(private_key=holder.private_key.get_secret_value(), passphrase=passphrase)

    assert stage.pull_request({SCRIPT: model(95)}).verdict == "pass"


def test_two_runs_at_once_share_the_last_step_between_them(stage: Stage) -> None:
    stage.found(steps=1)
    first, second = stage.open({SCRIPT: model(95)}), stage.open({SCRIPT: model(96)})
    with stage.job(first) as one, stage.job(second) as other:
        processes = one.start(), other.start()
        jobs = zip((one, other), processes, (first, second), strict=True)
        for _, process, _ in jobs:
            process.wait()
        jobs = zip((one, other), processes, (first, second), strict=True)
        seen = [stage.finish(job, process, opened.head, opened) for job, process, opened in jobs]

    assert sorted(each.verdict for each in seen) == ["error", "pass"]
    [refused] = [each for each in seen if each.verdict == "error"]
    assert_one_sentence(refused, "used up")
    assert stage.charged == 1
    assert [issue["state"] for issue in stage.server.issues] == ["open"]


def test_two_runs_at_once_for_one_model_charge_one_step(stage: Stage) -> None:
    stage.found()
    opened = stage.open({SCRIPT: model(95)})
    with stage.job(opened) as one, stage.job(opened) as other:
        processes = one.start(), other.start()
        for process in processes:
            process.wait()
        seen = [
            stage.finish(job, process, opened.head, opened)
            for job, process in zip((one, other), processes, strict=True)
        ]

    assert [each.verdict for each in seen] == ["pass", "pass"]
    assert stage.charged == 1
    assert len(stage.records("verdict")) == 1


def test_the_outputs_are_those_of_action_yml_whatever_the_verdict(stage: Stage) -> None:
    described = yaml.safe_load((Path(__file__).parents[3] / "action.yml").read_text())["outputs"]
    stage.found()

    seen = [stage.pull_request({SCRIPT: script}) for script in (model(95), model(55), None)]
    unread = stage.push({".easeml.yml": b""})

    assert [each.verdict for each in [*seen, unread]] == ["pass", "fail", "error", "error"]
    assert all(set(each.run.outputs) == set(described) for each in [*seen, unread])


@pytest.mark.parametrize(
    ("fail_on", "codes"), [("fail", (0, 1, 1)), ("error", (0, 0, 1)), ("never", (0, 0, 0))]
)
def test_fail_on_says_which_verdicts_fail_the_job(
    stage: Stage, fail_on: str, codes: tuple[int, int, int]
) -> None:
    stage.found(steps=2)
    stage.set_inputs(fail_on=fail_on)

    seen = [stage.pull_request({SCRIPT: model(right)}) for right in (95, 55, 96)]

    assert [each.verdict for each in seen] == ["pass", "fail", "error"]
    assert tuple(each.run.exit_code for each in seen) == codes
