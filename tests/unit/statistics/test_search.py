import math
from fractions import Fraction

import pytest

from easeml_action.statistics.search import ErrorTail, least_rows

HALF = Fraction(1, 2)


@pytest.mark.parametrize("guess", [1.0, 20.0, 49.0, 50.0, 51.0, 500.0])
def test_the_answer_does_not_depend_on_the_guess(guess: float) -> None:
    falling = ErrorTail(lambda rows, _: -0.1 * rows, HALF)
    assert least_rows([falling], -5.0, guess) == 50


def test_the_larger_of_two_errors_decides() -> None:
    quick = ErrorTail(lambda rows, _: -0.5 * rows, HALF)
    slow = ErrorTail(lambda rows, _: -0.1 * rows, HALF)
    assert least_rows([quick, slow], -5.0, 10) == 50
    assert least_rows([slow, quick], -5.0, 10) == 50


def test_an_error_that_is_never_large_needs_a_single_row() -> None:
    never = ErrorTail(lambda _rows, _k: -math.inf, Fraction(-3, 4))
    assert least_rows([never], -5.0, 30) == 1


def test_a_rule_that_nothing_passes_does_not_count_as_safe() -> None:
    # With a cut of 0.9 the smallest set in which the sum can exceed it has 2 rows.
    never = ErrorTail(lambda _rows, _k: -math.inf, Fraction(9, 10))
    assert least_rows([never], -5.0, 30) > 2


@pytest.mark.parametrize("cut", [Fraction(0), Fraction(1, 7), Fraction(-1, 7), Fraction(5, 7)])
def test_a_block_is_the_rows_that_share_their_k(cut: Fraction) -> None:
    tail = ErrorTail(lambda _rows, _k: 0.0, cut)
    for rows in range(8, 60):
        low, high = tail.block(rows)
        assert low <= rows <= high
        assert len({math.floor(count * cut) for count in (low, rows, high)}) == 1
        if cut:
            assert high == 2 * rows or math.floor((high + 1) * cut) != math.floor(rows * cut)
            assert low == 1 or math.floor((low - 1) * cut) != math.floor(rows * cut)


def test_within_a_block_the_first_row_that_keeps_the_level_is_found() -> None:
    # The error jumps up with k and falls within the block of seven rows.
    def ln_tail(rows: int, k: int) -> float:
        return -0.1 * rows - (rows - 7 * (k - 1)) * 0.2 + 0.7

    saw = ErrorTail(ln_tail, Fraction(1, 7))
    rows = least_rows([saw], -5.0, 40)
    assert saw.ln_error(rows) <= -5.0
    assert saw.ln_error(rows - 1) > -5.0 or saw.ln_smooth(rows - 1) > -5.0


def test_an_error_that_knows_even_from_odd_is_followed_row_by_row() -> None:
    # Smoothed over k both kinds of rows look safe; the rule itself is safe at even rows only.
    def ln_tail(rows: int, k: int) -> float:
        if rows < 31 or k < 1:
            return -1.0 if rows < 31 else -100.0
        return -10.0 if rows % 2 == 0 else -4.0

    tail = ErrorTail(ln_tail, Fraction(1, 1000))
    assert tail.ln_smooth(31) < -5.0 < tail.ln_error(31)
    assert least_rows([tail], -5.0, 30) == 32
