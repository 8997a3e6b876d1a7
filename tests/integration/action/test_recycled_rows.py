"""Rows that come back in a new test set, in every disguise: found, counted and refused."""

import random

import pytest

from easeml_action.git import Git
from easeml_action.ledger import RememberedRows, chain
from easeml_action.ledger.witness import witness_ref
from easeml_action.testset import open_vault
from tests.integration.action.stage import (
    MARKER,
    SCRIPT,
    TEST_SET,
    Stage,
    assert_one_sentence,
    encrypt,
    key_of,
    model,
    table,
)

ROWS = table().decode().splitlines()


def written(rows: list[str], header: str = ROWS[0]) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def shuffled(rows: list[str]) -> list[str]:
    return random.Random(1).sample(rows, len(rows))


def reordered(row: str) -> str:
    number, noise, label = row.split(",")
    return f"{label},{number},{noise}"


def respelled(row: str) -> str:
    number, noise, label = row.split(",")
    return f'{number}.000, "+{noise}e0" ,{label}'


def relabelled(row: str) -> str:
    return row.replace("odd", "other").replace("even", "odd").replace("other", "even")


FRESH = table(10, first=5_000).decode().splitlines()[1:]

DISGUISES = {
    "a few rows added": (written([*ROWS[1:], *FRESH]), 240),
    "shuffled and rows added": (written(shuffled([*ROWS[1:], *FRESH])), 240),
    "columns reordered and a row left out": (
        written([reordered(row) for row in ROWS[1:-1]], "label,number,noise"),
        239,
    ),
    "numbers written differently and a row left out": (
        written([respelled(row) for row in ROWS[2:]]),
        239,
    ),
    "other labels": (written([relabelled(row) for row in ROWS[1:]]), 240),
    "one row among new ones": (
        written([*table(240, first=9_000).decode().split()[1:], ROWS[7]]),
        1,
    ),
}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_rows_of_the_test_set_in_use_are_refused_in_every_disguise(
    stage: Stage, disguise: str
) -> None:
    data, count = DISGUISES[disguise]
    stage.found()
    stage.pull_request({SCRIPT: model(60)})
    used = stage.records("open")[0]["test_set"]
    before = stage.ledger_bytes
    stage.team.push("Rotate", {TEST_SET: encrypt(data)})

    refused = stage.pull_request({SCRIPT: model(95)})

    rows = len(data.splitlines()) - 1
    said = f"{count} of the {rows} rows {'is' if count == 1 else 'are'} also in the test set {used}"
    assert_one_sentence(refused, said)
    assert (f"`allow_overlap: {count}`" in refused.log) == (count == 1)  # may be so by chance
    assert stage.ledger_bytes == before


def test_rows_of_two_used_up_test_sets_are_counted_together(stage: Stage) -> None:
    first, second = table(240), table(240, first=1_000)
    stage.found(steps=1, files={TEST_SET: encrypt(first)})
    stage.pull_request({SCRIPT: model(60)})
    stage.team.push("Rotate", {TEST_SET: encrypt(second)})
    stage.pull_request({SCRIPT: model(61)})
    mixed = [
        *first.decode().splitlines()[1:101],
        *second.decode().splitlines()[1:61],
        *table(100, first=7_000).decode().splitlines()[1:],
    ]
    stage.team.push("Mix", {TEST_SET: encrypt(written(shuffled(mixed)))})

    refused = stage.pull_request({SCRIPT: model(95)})

    one, other = (each["test_set"] for each in stage.records("open"))
    said = f"160 of the 260 rows are also in the test sets {one} (100), {other} (60)"
    assert_one_sentence(refused, said)


def test_the_same_rows_encrypted_again_stay_used_up(stage: Stage) -> None:
    stage.found(steps=1)
    stage.pull_request({SCRIPT: model(60)})
    again = written([reordered(row) for row in shuffled(ROWS[1:])], "label,number,noise")
    stage.team.push("Encrypt again", {TEST_SET: encrypt(again)})

    refused = stage.pull_request({SCRIPT: model(95)})

    used = stage.records("open")[0]["test_set"]
    assert_one_sentence(refused, "used up", f"its 240 rows are those of {used}")
    assert stage.charged == 1
    assert len(stage.records("rows")) == 1


def test_as_many_rows_may_be_shared_as_the_configuration_says(stage: Stage) -> None:
    stage.found(allow_overlap=5)
    stage.pull_request({SCRIPT: model(60)})
    for shared in (6, 5):
        rows = [*ROWS[1 : 1 + shared], *table(240, first=3_000).decode().splitlines()[1:]]
        stage.team.push("Rotate", {TEST_SET: encrypt(written(rows))})
        seen = stage.pull_request({SCRIPT: model(95)})
        assert seen.verdict == ("pass" if shared == 5 else "error")
    assert len(stage.records("open")) == 2


def test_a_ledger_of_an_older_version_remembers_its_rows_from_the_next_run_on(
    stage: Stage,
) -> None:
    stage.found()
    stage.pull_request({SCRIPT: model(60)})
    stage.rewrite_ledger(_without_rows)
    Git(stage.team.origin).run("update-ref", "-d", witness_ref("easeml-ledger"))
    assert stage.records("rows") == []

    stage.pull_request({SCRIPT: model(61)})
    again = stage.pull_request({SCRIPT: model(60)})

    assert (again.verdict, stage.charged) == ("fail", 2)
    assert [each["periods"] for each in stage.records("rows")] == [1]
    stage.team.push("Rotate", {TEST_SET: encrypt(written([*ROWS[1:], *FRESH]))})
    refused = stage.pull_request({SCRIPT: model(95)})
    assert_one_sentence(refused, "240 of the 250 rows are also in the test set")


def test_digests_that_were_taken_away_stop_a_new_test_set_and_no_other_run(stage: Stage) -> None:
    stage.found()
    stage.pull_request({SCRIPT: model(60)})
    [rows] = stage.records("rows")
    path = f"rows/{rows['digests']}.bin"
    stage.change_ledger(lambda folder: (folder / path).unlink())

    assert stage.pull_request({SCRIPT: model(61)}).verdict == "fail"
    stage.team.push("Rotate", {TEST_SET: encrypt(table(240, first=1_000))})
    assert_one_sentence(stage.pull_request({SCRIPT: model(62)}), path, "is missing")


def test_what_lies_beside_the_ledger_tells_nothing_of_the_rows(stage: Stage) -> None:
    stage.found(files={TEST_SET: encrypt(written([ROWS[1]] * 240))})
    stage.pull_request({SCRIPT: model(60)})
    [rows] = stage.records("rows")
    digests = stage.ledger_file(f"rows/{rows['digests']}.bin")
    assert len(digests) == 240 * 8
    assert MARKER.encode() not in digests
    words = {digests[place : place + 8] for place in range(0, len(digests), 8)}
    assert len(words) == 240


def _without_rows(data: bytes) -> bytes:
    """Write a ledger again as a version did that remembered no rows."""
    with open_vault(key_of("holder").private_key, None) as vault:
        key = vault.derive("ledger")
    records = [link.record for link in chain.read(data, key)]
    kept = [each for each in records if not isinstance(each, RememberedRows)]
    return chain.to_bytes(chain.extend((), kept, key))
