"""The auditor of the other tests finds nothing in a good ledger, and names every damage to it."""

import hashlib
import hmac
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.audit import Audit, Told, audit, audit_file
from tests.integration.ledger.conftest import KEY

Records = list[dict[str, Any]]
FULL = {"reliability": 0.99, "steps": 2, "adaptivity": "full", "passes": None, "pass_rate": None}
METERED = FULL | {"adaptivity": "metered", "steps": 9, "pass_rate": 0.5}


def opened(
    terms: dict[str, Any] = FULL, floor: float | None = None, **changes: Any
) -> dict[str, Any]:
    about = {"test_set": "rows-a", "ciphertext": "a" * 64, "rows": 9, **changes}
    return {"kind": "open", **about, "contract": terms, "ln_alpha_floor": floor}


def charged(
    step: int, model: str, passes: int = 0, fails: int = 0, test_set: str = "rows-a"
) -> dict[str, Any]:
    question = {"test_set": test_set, "condition": "n > 0.5 +/- 0.1", "new": model}
    return {
        "kind": "reserve",
        "question": question,
        "step": step,
        "passes": passes,
        "fails": fails,
    }


def resumed(step: int) -> dict[str, Any]:
    return {"kind": "resume", "test_set": "rows-a", "step": step}


def judged(step: int, passed: bool | None) -> dict[str, Any]:
    return {"kind": "verdict", "test_set": "rows-a", "step": step, "passed": passed}


GENESIS = {"kind": "genesis", "ledger": "0" * 32}
GOOD = [
    GENESIS,
    opened(),
    {"kind": "ciphertext", "test_set": "rows-a", "ciphertext": "b" * 64},
    charged(1, "m1"),
    charged(2, "m2"),
    resumed(1),
    judged(1, False),
    judged(2, True),
]


def period(number: int, rows: int) -> dict[str, Any]:
    return opened(FULL | {"steps": 1}, test_set=f"rows-a.{number}", rows=rows)


SHARED_OUT = {"kind": "rows", "test_set": "rows-a", "rows": 9, "periods": 2}
PERIODS = [
    *(GENESIS, SHARED_OUT, period(1, 5), charged(1, "m1", test_set="rows-a.1")),
    *(period(2, 4), {"kind": "ciphertext", "test_set": "rows-a", "ciphertext": "b" * 64}),
]


def write(records: Records, key: bytes = KEY) -> bytes:
    """Write a ledger with chain and seals, as a holder of the key could whatever it says."""
    lines, prev = [], "0" * 64
    for seq, record in enumerate(records):
        fields = {name: value for name, value in record.items() if name != "kind"}
        said = {"v": 1, "seq": seq, "prev": prev, "kind": record["kind"], "record": fields}
        body = json.dumps(said, separators=(",", ":")).removesuffix("}").encode()
        prev = hashlib.sha256(body).hexdigest()
        seal = hmac.new(key, b"easeml ledger record\0" + prev.encode(), hashlib.sha256).hexdigest()
        lines.append(body + f',"hash":"{prev}","seal":"{seal}"}}\n'.encode())
    return b"".join(lines)


def check(records: Records) -> Audit:
    found = Audit()
    audit_file(write(records), KEY, found)
    return found


def test_a_good_ledger_has_no_flaw() -> None:
    found = check(GOOD)

    assert (found.flaws, found.lost, found.double, found.exceeded) == ([], 0, 0, 0)
    assert len(found.of("reserve")) == 2
    assert check(PERIODS).flaws == []


@pytest.mark.parametrize(
    ("records", "flaw", "steps"),
    [
        ([*GOOD[:4], judged(2, True)], "charged to nobody", (1, 0, 0)),
        ([GENESIS, judged(1, True)], "no open test set", (1, 0, 0)),
        ([*GOOD[:4], charged(3, "m2")], "where 2 was due", (1, 0, 0)),
        ([*GOOD[:4], charged(2, "m1")], "step 2 is charged twice", (0, 1, 0)),
        ([*GOOD[:4], charged(1, "m2")], "step 1 is charged twice", (0, 1, 0)),
        ([*GOOD, judged(2, True)], "step 2 has two verdicts", (0, 1, 0)),
        ([*GOOD, charged(3, "m3", 1, 1)], "all steps were taken", (0, 0, 1)),
        (
            [
                *(GENESIS, opened(FULL | {"steps": 5, "passes": 1}), charged(1, "m1")),
                *(judged(1, True), charged(2, "m2", 1)),
            ],
            "the last pass was there",
            (0, 0, 1),
        ),
        (
            [
                *(GENESIS, opened(FULL | {"steps": 5, "adaptivity": "firstChange"})),
                *(charged(1, "m1"), judged(1, True), charged(2, "m2", 1)),
            ],
            "the last pass was there",
            (0, 0, 1),
        ),
        (
            [
                *(GENESIS, opened(METERED, floor=-7.0), charged(1, "m1"), judged(1, False)),
                charged(2, "m2", 0, 1),
            ],
            "the level was below",
            (0, 0, 1),
        ),
        ([*GOOD[:4], charged(2, "m2", passes=1)], "other verdicts than were known", (0, 0, 0)),
        ([*GOOD, resumed(2)], "not under way", (0, 0, 0)),
        ([*GOOD[:3], resumed(1)], "not under way", (0, 0, 0)),
        ([*GOOD[:4], *[resumed(1)] * 10], "resumed too often", (0, 0, 0)),
        ([*GOOD[:7], judged(2, None)], "a bit that it must not show, or hides", (0, 0, 0)),
        ([*GOOD, opened()], "opened twice", (0, 0, 0)),
        ([*GOOD, GOOD[2]], "ciphertext is given twice", (0, 0, 0)),
        ([*GOOD, opened(test_set="rows-b")], "ciphertext is given twice", (0, 0, 0)),
        ([GENESIS, GOOD[2]], "to an unknown test set", (0, 0, 0)),
        ([*GOOD, SHARED_OUT], "shared out that serve", (0, 0, 0)),
        ([*PERIODS, SHARED_OUT], "shared out twice", (0, 0, 0)),
        ([*PERIODS[:2], period(2, 4)], "out of turn", (0, 0, 0)),
        ([*PERIODS, period(3, 4)], "out of turn", (0, 0, 0)),
        ([*PERIODS[:3], PERIODS[4]], "while the one before it serves", (0, 0, 0)),
        ([*PERIODS[:2], period(1, 4)], "than its share", (0, 0, 0)),
        (GOOD[1:], "one genesis", (0, 0, 0)),
        ([*GOOD, GENESIS], "one genesis", (0, 0, 0)),
        ([*GOOD, {"kind": "gift"}], "unknown", (0, 0, 0)),
    ],
)
def test_what_the_holder_of_the_key_wrote_against_the_rules_is_named(
    records: Records, flaw: str, steps: tuple[int, int, int]
) -> None:
    found = check(records)

    assert any(flaw in each for each in found.flaws), found.flaws
    assert (found.lost, found.double, found.exceeded) == steps


def test_a_level_that_the_rows_still_carry_is_no_flaw() -> None:
    records = [GENESIS, opened(METERED, floor=-8.0), charged(1, "m1"), judged(1, False)]

    assert check([*records, charged(2, "m2", 0, 1)]).flaws == []


@pytest.mark.parametrize(
    ("old", "new", "flaw"),
    [
        (b'"passed":false', b'"passed":true', "does not have the hash"),
        (b'"seq":2', b'"seq": 2', "not in its one form"),
        (b'"seq":2', b'"seq":5', "does not follow"),
        (b'{"v":1,"seq":3', b'{"v":2,"seq":3', "version 2"),
        (b'{"v":1,"seq":1', b'"v":1,"seq":1', "no record"),
        (b'"hash":"', b'"hash":"0', "does not have the hash"),
        (b'"seal":"', b'"seal":"0', "not sealed"),
    ],
)
def test_what_was_changed_without_the_key_is_named(old: bytes, new: bytes, flaw: str) -> None:
    found, data = Audit(), write(GOOD)
    assert old in data
    audit_file(data.replace(old, new, 1), KEY, found)

    assert any(flaw in each for each in found.flaws), found.flaws


def test_lines_in_another_place_are_named() -> None:
    lines = write(GOOD).splitlines(keepends=True)
    for changed in (
        lines[:3] + lines[4:],
        [*lines[:3], lines[2], *lines[3:]],
        [*lines[:3], lines[4], lines[3], *lines[5:]],
        [*lines[:-1], lines[-1][:-9]],
        write([*GOOD[:4]], bytes(32)).splitlines(keepends=True),
    ):
        found = Audit()
        audit_file(b"".join(changed), KEY, found)
        assert found.flaws


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", "-b", "easeml-ledger", tmp_path], check=True)
    return tmp_path


def commit(repository: Path, data: bytes, run_git: Callable[..., str]) -> None:
    (repository / "ledger.jsonl").write_bytes(data)
    run_git(repository, "add", "-A")
    run_git(repository, "commit", "--quiet", "-m", "Append")


def test_every_version_must_keep_what_stood_in_the_one_before(
    repository: Path, run_git: Callable[..., str]
) -> None:
    for records in (GOOD[:3], GOOD[:5], GOOD):
        commit(repository, write(records), run_git)
    assert audit(repository, KEY).flaws == []

    commit(repository, write(GOOD[:4]), run_git)

    found = audit(repository, KEY)
    assert found.flaws == ["a push changed what stood there"]
    assert found.lost == 1


def test_a_merge_into_the_branch_is_named(repository: Path, run_git: Callable[..., str]) -> None:
    commit(repository, write(GOOD), run_git)
    run_git(repository, "checkout", "-q", "--orphan", "other")
    run_git(repository, "commit", "--quiet", "-m", "Another beginning")
    run_git(repository, "checkout", "-q", "easeml-ledger")
    options = ("-q", "--allow-unrelated-histories", "-m", "Merge", "-s", "ours")
    run_git(repository, "merge", *options, "other")

    assert audit(repository, KEY).flaws == ["the branch is not one line of commits"]


def test_what_a_run_was_told_must_be_there(repository: Path, run_git: Callable[..., str]) -> None:
    commit(repository, write(GOOD), run_git)

    def found(*told: Told) -> Audit:
        return audit(repository, KEY, told=told)

    assert found(Told("rows-a", "m1", 1, False), Told("rows-a", "m2", 2, True)).flaws == []
    assert found(Told("rows-a", "m3", 3, False)).lost == 1
    assert found(Told("rows-a", "m2", 1, False)).lost == 1
    assert found(Told("rows-a", "m1", 1, True)).flaws == [
        "a run was told another verdict on step 1"
    ]
