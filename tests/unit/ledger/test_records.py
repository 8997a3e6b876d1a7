"""A record is bounded and strictly typed, whoever makes it."""

import re
from typing import Any

import pytest
from pydantic import ValidationError

from easeml_action.ledger import (
    Contract,
    Question,
    Record,
    RecordUnknown,
    RecordUnreadable,
    Verdict,
)
from easeml_action.ledger.records import from_json, kind_of, to_json

SECRET = "Accuracy-0.8312"


def test_every_kind_goes_to_json_and_back(records: tuple[Record, ...]) -> None:
    assert {kind_of(each) for each in records} == {
        "genesis",
        "open",
        "ciphertext",
        "reserve",
        "resume",
        "verdict",
        "rows",
    }
    for record in records:
        assert from_json(kind_of(record), to_json(record), 1) == record


def test_a_field_that_is_unknown_or_missing_is_refused(records: tuple[Record, ...]) -> None:
    for record in records:
        fields = to_json(record)
        with pytest.raises(RecordUnreadable, match="Line 9 "):
            from_json(kind_of(record), fields | {"extra": 1}, 9)
        required = next(iter(fields))
        with pytest.raises(RecordUnreadable, match=f"field {required}"):
            from_json(kind_of(record), {k: v for k, v in fields.items() if k != required}, 9)


@pytest.mark.parametrize("kind", ["", "Genesis", 1, None, ["open"], {}])
def test_an_unknown_kind_is_refused(kind: Any) -> None:
    with pytest.raises(RecordUnknown):
        from_json(kind, {}, 3)


@pytest.mark.parametrize("fields", [None, 1, "x", [], {}])
def test_fields_that_are_no_object_are_refused(fields: Any) -> None:
    with pytest.raises(RecordUnreadable):
        from_json("reserve", fields, 3)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("step", 0),
        ("step", "1"),
        ("step", 1.0),
        ("step", True),
        ("step", 10**30),
        ("passes", -1),
        ("commit", "HEAD"),
        ("commit", "C" * 40),
        ("commit", "c" * 40 + "\n"),
        ("time", "yesterday"),
        ("time", "٢٠٢٦-01-02T03:04:05Z"),
        ("run", ""),
        ("run", "x" * 5000),
        ("run", "::error::\n"),
        ("run", "\x1b[2J"),
    ],
)
def test_a_value_out_of_bounds_is_refused_without_repeating_it(
    field: str, value: Any, records: tuple[Record, ...]
) -> None:
    fields = to_json(records[3]) | {field: value}
    with pytest.raises(RecordUnreadable) as refused:
        from_json("reserve", fields, 4)
    assert str(refused.value).startswith(
        f"Line 4 of the ledger is not a record that this action writes (field {field})."
    )


def test_only_a_pgp_message_is_sealed() -> None:
    for text in (
        "",
        SECRET,
        f"-----BEGIN PGP MESSAGE-----\n{SECRET!r}\n",
        "-----BEGIN PGP MESSAGE-----\n\n" + "A" * 70_000 + "\n-----END PGP MESSAGE-----\n",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nA\n-----END PGP PRIVATE KEY BLOCK-----\n",
    ):
        with pytest.raises(ValidationError) as refused:
            Verdict("rows", 1, True, text)
        assert SECRET not in str(refused.value)


@pytest.mark.parametrize("bit", [0, 1, "true", "no"])
def test_a_bit_is_a_bit(bit: Any) -> None:
    with pytest.raises(ValidationError):
        Verdict("rows", 1, bit, "-----BEGIN PGP MESSAGE-----\n\nA\n-----END PGP MESSAGE-----\n")


@pytest.mark.parametrize(
    ("condition", "mode", "new"),
    [("", "fp-free", "m"), ("n > 1\n", "fp-free", "m"), ("n", "fp", "m"), ("n", "fp-free", "m m")],
)
def test_a_question_is_bounded(condition: str, mode: Any, new: str) -> None:
    with pytest.raises(ValidationError):
        Question("rows", condition, mode, new)


@pytest.mark.parametrize(
    "terms",
    [
        (0.0, 7, "full"),
        (1.0, 7, "full"),
        (float("nan"), 7, "full"),
        (0.99, 0, "full"),
        (0.99, 7, "sometimes"),
        (0.99, 7, "none", 3),
    ],
)
def test_a_contract_that_no_budget_can_have_is_refused(terms: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  which of its rules speaks is the budget's matter
        Contract(*terms)


def test_a_contract_says_its_terms() -> None:
    said = str(Contract(0.999, 32, "full", passes=3))
    assert re.findall(r"full|32 steps|0\.999|3 passes", said) == [
        "full",
        "32 steps",
        "0.999",
        "3 passes",
    ]
    assert "pass rate 0.2" in str(Contract(0.999, 32, "metered", pass_rate=0.2))
