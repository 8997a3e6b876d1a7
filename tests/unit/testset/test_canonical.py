from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easeml_action.testset.canonical import canonical, canonical_label


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", "7"),
        (" 7\t", "7"),
        ("7.0", "7"),
        ("+7.", "7"),
        ("007", "7"),
        ("0.7e1", "7"),
        ("700E-2", "7"),
        ("-0.0", "0"),
        (".5", "0.5"),
        ("-.50", "-0.5"),
        ("1e-05", "0.00001"),
        ("1e999999", ".1e1000000"),
        ("100", "100"),
        ("", ""),
        (" a b ", "a b"),
        ("1_000", "1_000"),
        ("1.2.3", "1.2.3"),
        ("e5", "e5"),
        ("0x10", "0x10"),
        ("\u0667", "\u0667"),
        ("nan", "nan"),
        ("True", "True"),
    ],
)
def test_a_value_has_one_text(text: str, expected: str) -> None:
    assert canonical(text) == expected


def test_long_identifiers_stay_apart_where_doubles_would_not() -> None:
    assert canonical("12345678901234567890") != canonical("12345678901234567891")


def test_a_label_may_be_written_as_python_or_as_json_writes_a_boolean() -> None:
    assert canonical_label("True") == canonical_label(" true ") == "true"
    assert canonical_label("FALSE") == "false"
    assert canonical_label("Positive") == "Positive"


numbers = st.decimals(-1_000_000_000, 1_000_000_000, places=9)


@given(numbers, st.integers(0, 5), st.integers(-20, 20))
def test_every_way_to_write_a_number_gives_one_text(
    number: Decimal, zeros: int, shift: int
) -> None:
    plain = f"{number:f}"
    padded = plain + ("0" * zeros if "." in plain else "." + "0" * zeros)
    scientific = f"{number.scaleb(shift):f}e{-shift}"
    assert canonical(plain) == canonical(padded) == canonical(scientific)


@given(numbers, numbers)
def test_different_numbers_have_different_texts(first: Decimal, second: Decimal) -> None:
    assert (canonical(str(first)) == canonical(str(second))) == (first == second)


@given(st.text())
def test_the_canonical_text_is_its_own_canonical_text(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)
