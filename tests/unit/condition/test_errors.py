"""What is no condition is refused with the text, a caret under the place and a sentence."""

import pytest

from easeml_action.condition import ConditionSyntaxError, parse


def refusal(text: str) -> ConditionSyntaxError:
    with pytest.raises(ConditionSyntaxError) as caught:
        parse(text)
    return caught.value


def test_the_error_shows_the_text_with_a_caret_under_the_place() -> None:
    assert str(refusal("n * o > 0.1 +/- 0.1")) == (
        "The condition is wrong at character 3: a product of variables is not linear. "
        "Multiply a variable by a number only, as in 1.1*o.\n"
        "    n * o > 0.1 +/- 0.1\n"
        "      ^"
    )


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("n >= 0.8 +/- 0.1", ">=", "only > and < can be tested"),
        ("n <= 0.8 +/- 0.1", "<=", "only > and < can be tested"),
        ("n ≥ 0.8 +/- 0.1", "≥", "only > and < can be tested"),
        ("n == 0.8 +/- 0.1", "==", "equality cannot be tested"),
        ("n = 0.8 +/- 0.1", "=", "equality cannot be tested"),
        ("n <> 0.8 +/- 0.1", "<>", "equality cannot be tested"),
        ("n > 80% +/- 0.1", "%", "0.05 for 5%"),
        ("n > 0,8 +/- 0.1", ",", "numbers with a point"),
        ("n > 0.8 /\\ d < 0.1 +/- 0.1", "/\\", "expected +/- and the tolerance"),
        ("n > 0.8 +- 0.1", "+-", "Write +/-"),
        ("n > .5 +/- 0", "0", "the tolerance is not above 0"),
        ("n > 0.8 +/- -0.1", "0.1", "the tolerance is not above 0"),
        ("new > 0.8 +/- 0.1", "new", "Did you mean n?"),
        ("n - old > 0.8 +/- 0.1", "old", "Did you mean o?"),
        ("n - 1.1*O > 0.8 +/- 0.1", "O", "Did you mean o?"),
        ("max(n, o) > 0.8 +/- 0.1", "max", "'max' is not a variable"),
        ("n - n > 0.8 +/- 0.1", "n - n", "the variables cancel out"),
        ("0*n > 0.8 +/- 0.1", "0*n", "the variables cancel out"),
        ("n - 0 > 0.02 +/- 0.1", "0 >", "Write the letter o"),
        ("n > 80 +/- 5", "80", "0.8 for 80%"),
        ("n > 1 +/- 0.1", "1", "always from 0 to 1, so this threshold decides nothing"),
        ("n > -0.1 +/- 0.1", "0.1", "always from 0 to 1"),
        ("d < 0 +/- 0.1", "0", "always from 0 to 1"),
        ("n - o > 1.5 +/- 0.1", "1.5", "always from -1 to 1"),
        ("n + o - d > 2 +/- 0.1", "2", "always from -1 to 2"),
        ("n + 0.5 > 0.02 +/- 0.1", "0.5", "this number has no variable"),
        ("1 > 0.02 +/- 0.1", "1", "this number has no variable"),
        ("0.8 < n +/- 0.1", "n", "Bring every variable to the left"),
        ("n > o +/- 0.1", "o", "Bring every variable to the left"),
        ("2n > 0.8 +/- 0.1", "n", "as in 2*n"),
        ("2(n - o) > 0.8 +/- 0.1", "(", "as in 2*n or 2*(n - o)"),
        ("n o > 0.8 +/- 0.1", "o", "an operator is missing"),
        ("n/2 > 0.8 +/- 0.1", "/", "0.5*n for n/2"),
        ("n**2 > 0.8 +/- 0.1", "*2", "powers are not linear"),
        ("n^2 > 0.8 +/- 0.1", "^", "powers are not linear"),
        ("(n - o)*(d) > 0.8 +/- 0.1", "*", "a product of variables is not linear"),
        ("n − o > 0.8 +/- 0.1", "−", "Write the minus as -"),
        ("n > 0.8 +/- 0.1 or o > 0.1 +/- 0.1", "or", "a condition has no 'or'"),
        ("n > 0.8 +/- 0.1 || o > 0.1 +/- 0.1", "||", "a condition has no 'or'"),
        ("n > 0.8 +/- 0.1 / o > 0.1 +/- 0.1", "/ o", "the backslash of /\\ is missing"),
        ("n > 0.8 +/- 0.1, o > 0.1 +/- 0.1", ", o", "clauses are not joined this way"),
        ("n > 0.8 +/- 0.1 nad o > 0.1 +/- 0.1", "nad", "expected /\\ or the end"),
        ("(n - o > 0.8 +/- 0.1", ">", "expected ), + or -"),
        ("n > 0.8 +/- 0.1)", ")", "expected /\\ or the end"),
        ("n > ٣ +/- 0.1", "٣", "expected a number"),
        ("__import__('os')", "__import__", "is not a variable"),
    ],
)
def test_the_caret_is_under_the_place_and_the_sentence_helps(
    text: str, place: str, said: str
) -> None:
    error = refusal(text)
    assert error.position == text.index(place)
    assert said in f"{error.problem} {error.remedy}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("n > 0.8", "expected +/- and the tolerance"),
        ("n > 0.8 ", "expected +/- and the tolerance"),
        ("n > 0.8 +/-", "expected a number"),
        ("n >", "expected a number"),
        ("n", "expected *, +, - or > or <"),
        ("n > 0.8 +/- 0.1 /\\", "expected a number, n, o or d, ( or -"),
    ],
)
def test_a_text_that_stops_early_has_its_caret_behind_the_end(text: str, said: str) -> None:
    error = refusal(text)
    assert error.position == len(text.rstrip())
    assert said in error.problem


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_an_empty_text_is_named(text: str) -> None:
    error = refusal(text)
    assert "it is empty" in error.problem
    assert "Write a condition like n - o" in error.remedy


@pytest.mark.parametrize(
    "number",
    ["1e999999999", "1e-999999999", "1e100", "1234567890", f"0.{'1' * 21}", "9" * 900],
)
def test_a_number_beyond_the_bounds_is_refused(number: str) -> None:
    error = refusal(f"n > {number} +/- 0.1")
    assert error.position == 4
    assert "9 digits before and 20 after" in error.remedy


def test_a_product_beyond_the_bounds_is_refused() -> None:
    assert "9 digits before" in refusal(f"{'1e8*' * 200}n > 0 +/- 1").remedy


def test_a_long_text_is_refused_and_shown_in_part() -> None:
    error = refusal("n + " * 300 + "n > 0 +/- 0.1")
    assert "1,000 characters" in error.problem
    assert max(len(line) for line in str(error).splitlines()[1:]) < 120


def test_a_text_whose_canonical_form_is_too_long_is_refused() -> None:
    text = " and ".join(["n>1e-20±1e-20"] * 55)
    assert len(text) <= 1_000
    assert "with its numbers in full" in refusal(text).problem


def test_control_characters_are_not_shown() -> None:
    shown = str(refusal("n > \x1b[31m0.8\x00 +/- 0.1"))
    assert shown.replace("\n", "").isprintable()


def test_the_place_in_a_long_text_is_in_sight() -> None:
    text = "n > 0.8 +/- 0.1 and " * 20 + "n >= 0.8 +/- 0.1" + " and n > 0.8 +/- 0.1" * 20
    _, shown, caret = str(refusal(text)).splitlines()
    assert shown[caret.index("^") :].startswith(">= 0.8")
    assert shown.strip().startswith("...")
    assert shown.endswith("...")
