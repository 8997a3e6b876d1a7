"""Values that statsmodels 0.15.0 computes for the same quantities, written down here."""

import math

import numpy as np
import pytest

from easeml_action.statistics import binomial_p_value
from easeml_action.statistics.nuisance import discordance_interval
from easeml_action.statistics.score import score_statistic


@pytest.mark.parametrize(
    ("rows", "successes", "threshold", "expected"),
    [
        (40, 29, 0.6, 0.07094949209751511),
        (963, 801, 0.8, 0.006799309979054355),
        (2000, 1931, 0.95, 0.0005062728402873203),
        (5000, 47, 0.02, 0.9999999990868058),
    ],
)
def test_the_binomial_p_value_is_that_of_binom_test(
    rows: int, successes: int, threshold: float, expected: float
) -> None:
    assert binomial_p_value(rows, successes, threshold) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize(
    ("discordant", "rows", "level", "expected"),
    [
        (7, 40, 0.05, (0.07338272935208517, 0.32779013336158586)),
        (100, 2000, 0.01, (0.03828164593722993, 0.06391385430157522)),
        (0, 50, 0.1, (0.0, 0.058155079116972264)),
        (133, 529, 0.0001, (0.18251593977150002, 0.3301993053716515)),
    ],
)
def test_the_interval_for_the_nuisance_is_that_of_proportion_confint(
    discordant: int, rows: int, level: float, expected: tuple[float, float]
) -> None:
    interval = discordance_interval(rows, discordant, math.log(level))
    assert interval == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(
    ("wins", "losses", "expected"),
    [(9, 2, 4.454545454545454), (31, 12, 8.395348837209303), (140, 98, 7.411764705882353)],
)
def test_the_score_at_margin_zero_is_the_root_of_mcnemar(
    wins: int, losses: int, expected: float
) -> None:
    score = score_statistic(1000, np.array([float(wins)]), np.array([wins + losses + 0.0]), 0.0)
    assert score[0] ** 2 == pytest.approx(expected, rel=1e-12)
