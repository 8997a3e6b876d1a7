"""What a key holder can get wrong: one sentence, nothing charged, nothing lost."""

import random
from collections.abc import Mapping

import pytest

from tests.integration.action.stage import (
    MARKER,
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

PASSPHRASE = WATCH.make_up("a passphrase")
ANOTHER = WATCH.make_up("another passphrase")
HEADER, *LINES = table().splitlines(keepends=True)


FOREIGN = "encrypted to a stranger"


def refused(stage: Stage, *words: str) -> None:
    """Judge a model, and insist on an error before anything is charged or opened."""
    seen = stage.pull_request({SCRIPT: model(95)})
    assert_one_sentence(seen, *words)
    assert "No step was used." in seen.run.summary
    assert stage.ledger == []


def test_a_configuration_that_is_nowhere_is_missed_by_name(stage: Stage) -> None:
    stage.team.push("A first model", {SCRIPT: model(50)})

    refused(stage, "There is no configuration .easeml.yml.", "Commit .easeml.yml")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ("the file is empty", "Begin with 'ml:'")),
        (b"ml: [", ("no valid YAML",)),
        (config(reliabilty=0.9), ("no key 'reliabilty'", "Write reliability")),
        (config(reliability=1.0), ("reliability is 1.0", "between 0 and 1")),
        (config(reliability=0), ("reliability is 0", "between 0 and 1")),
        (config(steps=0), ("steps is 0", "from 1 to 10,000")),
        (config(condition="n > 0.6 +/- 0"), ("the tolerance is not above 0", "+/- 0.01")),
        (config(condition=None), ("the key condition is missing",)),
        (config(condition="n > 1.5 +/- 0.1"), ("decides nothing", "Write shares")),
        (config(condition="n > 0.9 +/- 0.1"), ("The condition cannot be tested", "tolerance")),
        (config(test_set=None), ("does not say where the encrypted test set is", "test_set:")),
        (config(label=None), ("which column of the test set is the label", "label:")),
        (config(test_set="data/none.csv.gpg"), ("data/none.csv.gpg is not on the trusted",)),
    ],
)
def test_a_configuration_that_cannot_be_used_says_why_and_what_to_write(
    stage: Stage, content: bytes, words: tuple[str, ...]
) -> None:
    stage.found(files={".easeml.yml": content})

    refused(stage, *words)


def test_a_condition_that_cannot_be_read_is_shown_with_a_caret_under_the_place(
    stage: Stage,
) -> None:
    stage.found(condition="n - p > 0.1 +/- 0.1")

    seen = stage.pull_request({SCRIPT: model(95)})

    assert_one_sentence(seen, "'p' is not a variable", "%0A    n - p > 0.1 +/- 0.1%0A        ^")
    assert "\n    n - p > 0.1 +/- 0.1\n        ^\n" in seen.run.summary
    assert "^" not in seen.status[1]


@pytest.mark.parametrize(
    ("ciphertext", "words"),
    [
        (FOREIGN, ("encrypted to key", "but the private key is", "encrypt the set again")),
        (b"", ("the file is empty", "easeml encrypt")),
        (table(), ("looks like a plain table", "easeml encrypt")),
        (random.Random(1).randbytes(4096), ("not a message encrypted by gpg",)),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n",
            ("Git LFS", "lfs: true"),
        ),
    ],
    ids=["foreign", "empty", "plain", "random", "pointer"],
)
def test_a_file_that_is_not_the_encrypted_test_set_is_told_apart(
    stage: Stage, ciphertext: bytes | str, words: tuple[str, ...]
) -> None:
    content = encrypted(to="stranger") if ciphertext == FOREIGN else ciphertext
    stage.found(ciphertext=content)

    refused(stage, *words)


@pytest.mark.parametrize("kept", [-40, 600])
def test_a_truncated_test_set_is_never_taken_for_a_small_one(stage: Stage, kept: int) -> None:
    stage.found(ciphertext=encrypted()[:kept])

    refused(stage, "truncated or corrupted", "Encrypt it again")


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"private_key": None}, ("Neither `private-key` nor `passphrase` is given", "secrets.")),
        ({"private_key": "stranger"}, ("encrypted to key", "but the private key is")),
        ({"private_key": "not a key"}, ("The private key cannot be read",)),
        ({"private_key": "public"}, ("it is a public key", "--export-secret-keys")),
        ({"private_key": None, "passphrase": PASSPHRASE}, ("there is only a passphrase",)),
    ],
    ids=["none", "another's", "no key", "public", "passphrase"],
)
def test_a_secret_that_does_not_open_the_test_set_is_told_apart(
    stage: Stage, inputs: Mapping[str, str | None], words: tuple[str, ...]
) -> None:
    stage.found()
    keys = {
        "stranger": key_of("stranger").private_key.get_secret_value(),
        "public": key_of("holder").public_key,
    }
    stage.set_inputs(**{name: keys.get(value or "", value) for name, value in inputs.items()})

    refused(stage, *words)


@pytest.mark.parametrize("given", [None, ANOTHER], ids=["none", "another"])
def test_a_passphrase_that_does_not_open_the_key_is_told(stage: Stage, given: str | None) -> None:
    careful = key_of("careful", PASSPHRASE).private_key.get_secret_value()
    stage.found(ciphertext=encrypted(to="holder"))
    stage.set_inputs(private_key=careful, passphrase=given)

    refused(stage, "passphrase", "to the input" if given is None else "Correct the secret")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (table().replace(b"label", b"labels"), ("no column 'label'", "Did you mean 'labels'?")),
        (table().split(b"\n", 1)[1], ("columns 1 and 2 ", "set header to false")),
        (HEADER, ("The test set has no rows.",)),
        (table() + b"1,2\n", ("Row 241 of the test set has 2 fields where 3",)),
        (table().replace(b"\n7,", b"\n7\xff,"), ("is not UTF-8 text", "Save it again")),
        (table().decode().encode("utf-16"), ("UTF-16",)),
        (
            table().replace(f"\n7,0,{MARKER}-odd".encode(), b"\n7,0,NaN"),
            ("1 of the labels is empty or NaN, the first in row 8.", "Label these rows"),
        ),
        (table(50), ("has 50 rows and the configuration requires 112", "easeml plan")),
    ],
    ids=["label", "no header", "empty", "ragged", "bytes", "utf-16", "nan", "few"],
)
def test_a_table_that_cannot_serve_is_told_by_rows_and_columns(
    stage: Stage, rows: bytes, words: tuple[str, ...]
) -> None:
    stage.found(ciphertext=encrypt(rows))

    refused(stage, *words)


def test_a_file_whose_name_tells_no_format_is_told(stage: Stage) -> None:
    stage.found(test_set="data/test.gpg", files={"data/test.gpg": encrypted()})

    refused(stage, "The ending of test.gpg tells no format", ".csv")


def test_a_public_sample_that_is_not_like_the_test_set_is_told_by_its_own_name(
    stage: Stage,
) -> None:
    stage.found(files={SAMPLE: b"number,noise\n1,2\n"})

    seen = stage.pull_request({SCRIPT: model(95)})

    assert_one_sentence(seen, f"The public sample {SAMPLE} ", "no column 'label'")
    assert stage.charged == 0


def test_without_a_public_sample_a_model_is_judged_all_the_same(stage: Stage) -> None:
    files = {**gate_files(), SCRIPT: model(50)}
    stage.team.push("Add the gate", {name: files[name] for name in files if name != SAMPLE})

    seen = stage.pull_request({SCRIPT: model(95)})

    assert seen.verdict == "pass"
    assert f"There is no public sample {SAMPLE}: the smoke run is skipped" in seen.log


def test_terms_that_change_in_the_life_of_a_test_set_are_refused(stage: Stage) -> None:
    stage.found()
    stage.pull_request({SCRIPT: model(55)})
    before = stage.ledger_bytes
    stage.team.push("Ask for more", {".easeml.yml": config(steps=4)})

    seen = stage.pull_request({SCRIPT: model(56)})

    assert_one_sentence(seen, "3 steps", "4 steps", "rotate the test set")
    assert stage.ledger_bytes == before


def test_a_new_test_set_may_come_with_new_terms(stage: Stage) -> None:
    stage.found()
    stage.pull_request({SCRIPT: model(55)})
    stage.team.push("Rotate", {".easeml.yml": config(steps=4), TEST_SET: encrypted(first=1_000)})

    seen = stage.pull_request({SCRIPT: model(56)})

    assert (seen.verdict, seen.run.outputs["step"], seen.run.outputs["steps"]) == ("fail", "1", "4")
