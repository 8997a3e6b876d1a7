"""The language of conditions: what is read, exactly, and what its canonical text is."""

from dataclasses import FrozenInstanceError
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easeml_action.condition import Condition, ConditionSyntaxError, clause_text, parse
from easeml_action.statistics import Clause

NO = Fraction(0)


def only(text: str) -> Clause:
    (clause,) = parse(text).clauses
    return clause


def test_a_clause_is_read_with_exact_numbers() -> None:
    assert only("n - 1.1*o > 0.02 +/- 0.01") == Clause(
        n=Fraction(1),
        o=Fraction(-11, 10),
        d=NO,
        comparison=">",
        threshold=Fraction(1, 50),
        tolerance=Fraction(1, 100),
    )


def test_clauses_keep_their_order() -> None:
    first, second = parse(r"n - o > 0.02 +/- 0.01 /\ d < 0.1 +/- 0.01").clauses
    assert (first.n, first.o, first.comparison) == (1, -1, ">")
    assert (second.d, second.comparison, second.threshold) == (1, "<", Fraction(1, 10))


@pytest.mark.parametrize("joint", [r"/\ ", " /\\", " and ", " AND ", "&&"])
def test_clauses_are_joined_by_the_sign_the_word_and_the_ampersands(joint: str) -> None:
    text = f"n > 0.8 +/- 0.05{joint}d < 0.1 ± 0.01"
    assert str(parse(text)) == r"n > 0.8 +/- 0.05 /\ d < 0.1 +/- 0.01"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("n>0.8+/-0.05", "n > 0.8 +/- 0.05"),
        ("n > 0.80 +/- 5e-2", "n > 0.8 +/- 0.05"),
        ("n > .8 ± .05", "n > 0.8 +/- 0.05"),
        ("n > 0. +/- 1", "n > 0 +/- 1"),
        ("n - o > -0.02 +/- 0.01", "n - o > -0.02 +/- 0.01"),
        ("n - o > +0.02 +/- 0.01", "n - o > 0.02 +/- 0.01"),
        ("n - o > -0 +/- 0.01", "n - o > 0 +/- 0.01"),
        ("o - n < 0 +/- 0.01", "-n + o < 0 +/- 0.01"),
        ("n*1.1 > 0 +/- 0.1", "1.1*n > 0 +/- 0.1"),
        ("2*(n - o) - d > 0 +/- 0.1", "2*n - 2*o - d > 0 +/- 0.1"),
        ("(n - o)*0.5 > 0 +/- 0.1", "0.5*n - 0.5*o > 0 +/- 0.1"),
        ("(1 + 0.1)*o < 1 +/- 0.1", "1.1*o < 1 +/- 0.1"),
        ("-(n - -o) > -1 +/- 0.1", "-n - o > -1 +/- 0.1"),
        ("n + n + n - o - o > 0 +/- 0.1", "3*n - 2*o > 0 +/- 0.1"),
        ("n - o + o > 0.8 +/- 0.1", "n > 0.8 +/- 0.1"),
        ("0.1*n + 0.2*n > 0.1 +/- 0.1", "0.3*n > 0.1 +/- 0.1"),
        ("n\t> 0.8\n+/- 0.05", "n > 0.8 +/- 0.05"),
        ("1e3*d < 1e1 +/- 1E0", "1000*d < 10 +/- 1"),
    ],
)
def test_equal_meanings_have_one_text(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical
    assert clause_text(only(text)) == canonical


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("n > 0.8 +/- 0.05", "n"),
        (r"n > 0.8 +/- 0.05 /\ d < 0.1 +/- 0.01", "nd"),
        ("n - 1.1*o + d > 0 +/- 0.1", "nod"),
        ("n - o + o > 0.8 +/- 0.1", "n"),
    ],
)
def test_the_variables_are_those_that_the_condition_depends_on(text: str, variables: str) -> None:
    assert parse(text).variables == frozenset(variables)


def test_deep_nesting_is_read_without_recursion() -> None:
    text = f"{'(' * 480}n{')' * 480} > 0.8 +/- 0.05"
    assert str(parse(text)) == "n > 0.8 +/- 0.05"
    assert str(parse(f"{'-' * 900}n > 0.8 +/- 0.05")) == "n > 0.8 +/- 0.05"


def test_a_condition_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        parse("n > 0.8 +/- 0.05").clauses = ()  # type: ignore[misc]


def test_a_condition_has_a_clause() -> None:
    with pytest.raises(ValueError, match="clauses"):
        Condition(())


def test_a_number_without_an_end_has_no_text() -> None:
    with pytest.raises(ValueError, match="20 decimals"):
        clause_text(Clause(Fraction(1, 3), NO, NO, ">", NO, Fraction(1)))


decimals = st.decimals(min_value=-999_999, max_value=999_999, places=6).map(Fraction)
patterns = ((0, 0, 0), (1, 1, 0), (1, 0, 1), (0, 1, 1), (0, 0, 1))


@st.composite
def clauses(draw: st.DrawFn) -> Clause:
    n, o, d = draw(decimals), draw(decimals), draw(decimals.filter(bool))
    values = [n * a + o * b + d * e for a, b, e in patterns]
    low, high = min(values), max(values)
    share = Fraction(draw(st.integers(0, 10**6)), 10**6)
    threshold = low + share * (high - low)
    comparison = draw(st.sampled_from((">", "<"))) if low < threshold < high else "<>"[share < 1]
    tolerance = draw(decimals.filter(lambda number: number > 0))
    return Clause(n, o, d, comparison, threshold, tolerance)


@given(st.lists(clauses(), min_size=1, max_size=5))
def test_the_canonical_text_reads_as_the_same_condition(found: list[Clause]) -> None:
    condition = Condition(tuple(found))
    assert parse(str(condition)) == condition


words = st.sampled_from(
    ["n", "o", "d", ">", "<", "+/-", "±", "+", "-", "*", "(", ")", "/\\", "and", "0.1", "1e9", "x"]
)


@given(st.one_of(st.text(max_size=60), st.lists(words, max_size=15).map(" ".join)))
def test_any_text_is_a_condition_or_a_pointed_error(text: str) -> None:
    answer = read(text)
    if isinstance(answer, Condition):
        assert parse(str(answer)) == answer
    else:
        assert "\n" not in answer.problem + answer.remedy
        assert str(answer).splitlines()[-1].strip() == "^"


def read(text: str) -> Condition | ConditionSyntaxError:
    try:
        return parse(text)
    except ConditionSyntaxError as error:
        return error
