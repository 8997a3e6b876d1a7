from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easeml_action.testset.canonical import canonical, canonical_label, canonical_loosely
from easeml_action.testset.cells import canonical_cells
from easeml_action.testset.fields import Dialect, Table, blocks


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


doubles = st.floats(1e-300, 1e300) | st.floats(-1e3, 1e3).filter(lambda x: abs(x) > 1e-300)


@given(doubles)
def test_a_double_has_one_loose_text_however_many_digits_are_written(number: float) -> None:
    shortest = canonical_loosely(repr(number))
    if abs(number) < 1e15:
        assert canonical_loosely(f"{number:.17g}") == shortest
        assert canonical_loosely(f"{number:.18e}") == shortest
        assert canonical_loosely(f"{number:+.24e}") == shortest
    assert canonical_loosely(shortest) == shortest


@given(st.decimals(places=9, min_value=-1_000_000, max_value=1_000_000))
def test_a_fraction_that_comes_through_a_double_stays_as_it_is(number: Decimal) -> None:
    assert canonical_loosely(str(number)) == canonical(str(number))


written = st.one_of(
    st.text('0123456789.eE+-nNaAulLtrTRfs/<>" ', max_size=25),
    st.text("0123456789", min_size=1, max_size=40).map(lambda digits: "." + digits),
    doubles.map(repr),
    doubles.map("{:.17g}".format),
    doubles.map("{:.30f}".format),
    st.sampled_from(["0.99999999999999999", "-9.9999999999999999", "1234567890123456.7"]),
)


@given(st.lists(written, min_size=1, max_size=5))
def test_a_block_of_cells_is_read_as_its_cells_are_one_by_one(texts: list[str]) -> None:
    fields = ['"' + text.replace('"', '""') + '"' if '"' in text else text for text in texts]
    data = ",".join([*fields, "x"]).encode() + b"\n"
    dialect = Dialect(ord(","), quoted=b'"' in data)
    [block] = blocks(Table(data, 0, len(data), dialect, ("name",) * (len(texts) + 1)))
    for loosely, one_text in ((False, canonical), (True, canonical_loosely)):
        cells = canonical_cells(block, dialect, loosely=loosely)
        replaced = dict(zip(cells.replaced.tolist(), cells.replacements, strict=True))
        for number, text in enumerate(texts):
            plain = cells.text[cells.starts[number] : cells.ends[number]].tobytes()
            assert replaced.get(number, plain).decode() == one_text(text)
