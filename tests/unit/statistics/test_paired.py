import math
from functools import cache

import numpy as np
import pytest
from scipy import stats
from scipy.special import gammaln

from easeml_action.statistics import paired_p_value
from easeml_action.statistics.nuisance import discordance_interval
from easeml_action.statistics.paired import ln_paired_p_value
from easeml_action.statistics.score import score_statistic

MARGINS = (-0.3, -0.02, 0.0, 0.05, 0.3)


@cache
def fewest_wins(rows: int, discordant: int, margin: float, level: float) -> int:
    """Bisect for the fewest wins among the discordant rows that reject at the level."""
    ln_gamma = math.log(level / 20)
    low, high = -1, discordant + 1
    while high - low > 1:
        wins = (low + high) // 2
        ln_p = ln_paired_p_value(rows, wins, discordant - wins, margin, ln_gamma)
        if ln_p <= math.log(level):
            high = wins
        else:
            low = wins
    return high


def rejection_probability(
    rows: int, margin: float, level: float, win: np.ndarray, loss: np.ndarray
) -> np.ndarray:
    """Sum the probability of every outcome that rejects, at each pair of probabilities."""
    outcomes = [
        (wins, discordant - wins)
        for discordant in range(rows + 1)
        for wins in range(fewest_wins(rows, discordant, margin, level), discordant + 1)
    ]
    total = np.zeros_like(win)
    neither = np.maximum(1 - win - loss, 0)
    for wins, losses in outcomes:
        rest = rows - wins - losses
        ways = gammaln(rows + 1) - gammaln(wins + 1) - gammaln(losses + 1) - gammaln(rest + 1)
        total += np.exp(ways) * win**wins * loss**losses * neither**rest
    return total


@pytest.mark.parametrize("margin", MARGINS)
@pytest.mark.parametrize(("rows", "level"), [(3, 0.2), (8, 0.1), (15, 0.05), (25, 0.01)])
def test_the_false_pass_probability_is_at_most_alpha_for_every_nuisance(
    rows: int, level: float, margin: float
) -> None:
    share = abs(margin) + (1 - abs(margin)) * np.sin(np.linspace(0, np.pi / 2, 600)) ** 2
    win, loss = (share + margin) / 2, (share - margin) / 2
    assert rejection_probability(rows, margin, level, win, loss).max() <= level


@pytest.mark.parametrize("margin", MARGINS)
def test_the_false_pass_probability_is_at_most_alpha_at_forty_rows(margin: float) -> None:
    share = abs(margin) + (1 - abs(margin)) * np.sin(np.linspace(0, np.pi / 2, 1000)) ** 2
    win, loss = (share + margin) / 2, (share - margin) / 2
    worst = rejection_probability(40, margin, 0.05, win, loss).max()
    # It is sharp as well: a twentieth of the level goes to the interval for the nuisance.
    assert 0.8 * 0.05 < worst <= 0.05


@pytest.mark.parametrize("margin", [-0.02, 0.0, 0.3])
def test_a_difference_below_the_margin_passes_more_rarely_still(margin: float) -> None:
    rows, level = 15, 0.1
    grid = np.linspace(0, 1, 41)
    win, loss = (axis.ravel() for axis in np.meshgrid(grid, grid))
    null = (win + loss <= 1) & (win - loss <= margin)
    assert rejection_probability(rows, margin, level, win[null], loss[null]).max() <= level


@pytest.mark.parametrize("margin", [-0.9, -0.2, -0.01, 0.0, 0.01, 0.4, 0.9])
def test_the_score_orders_outcomes_by_wins_among_the_discordant_rows(margin: float) -> None:
    for rows in (1, 2, 7, 40):
        for discordant in range(rows + 1):
            wins = np.arange(discordant + 1.0)
            score = score_statistic(rows, wins, np.full_like(wins, discordant), margin)
            above = score[2 * wins - discordant > rows * margin]
            assert np.all(np.diff(above) > 0)


@pytest.mark.parametrize("margin", [-0.2, -0.01, 0.0, 0.01, 0.4])
def test_the_score_is_the_one_of_the_restricted_likelihood(margin: float) -> None:
    rows, wins, losses = 50, 20, 9
    share = abs(margin) + (1 - abs(margin)) * np.linspace(1e-7, 1 - 1e-7, 2_000_001)
    likelihood = (
        wins * np.log(share + margin)
        + losses * np.log(share - margin)
        + (rows - wins - losses) * np.log1p(-share)
    )
    best = share[np.argmax(likelihood)]
    expected = (wins - losses - rows * margin) / math.sqrt(rows * (best - margin**2))
    score = score_statistic(rows, np.array([20.0]), np.array([29.0]), margin)
    assert score[0] == pytest.approx(expected, rel=1e-5)


def test_at_margin_zero_the_score_is_that_of_mcnemar() -> None:
    score = score_statistic(100, np.array([15.0]), np.array([20.0]), 0.0)
    assert score[0] == pytest.approx(10 / math.sqrt(20))


def test_level_and_power_at_two_thousand_rows() -> None:
    rows, share, level = 2000, 0.05, 0.01
    discordant = np.arange(50, 156)
    critical = np.array([fewest_wins(rows, int(count), 0.0, level) for count in discordant])
    weight = stats.binom.pmf(discordant, rows, share)
    assert weight.sum() > 1 - 1e-5

    def pass_probability(difference: float) -> float:
        success = (share + difference) / (2 * share)
        return float(weight @ stats.binom.sf(critical - 1, discordant, success))

    assert pass_probability(0.0) + 1e-5 <= level
    assert pass_probability(0.02) >= 0.93


def test_it_is_sharper_than_the_conditional_test() -> None:
    # McNemar's exact test passes with 21 wins against 8 losses at no level below 0.012.
    conditional = stats.binomtest(21, 29, 0.5, alternative="greater").pvalue
    assert paired_p_value(1000, 21, 8, 0.0, 0.0005) < conditional


def test_a_supremum_over_a_fine_grid_is_not_above_the_p_value() -> None:
    rows, wins, losses, margin, gamma = 60, 14, 4, 0.03, 0.002
    low, high = discordance_interval(rows, wins + losses, math.log(gamma))
    observed = score_statistic(rows, np.array([float(wins)]), np.array([18.0]), margin)[0]
    pairs = [(w, d) for d in range(rows + 1) for w in range(d + 1)]
    w, d = (np.array(axis, dtype=float) for axis in zip(*pairs, strict=True))
    tail = score_statistic(rows, w, d, margin) >= observed - 1e-9
    w, d = w[tail], d[tail]
    ways = gammaln(rows + 1) - gammaln(w + 1) - gammaln(d - w + 1) - gammaln(rows - d + 1)
    largest = max(
        np.exp(
            ways
            + w * np.log((share + margin) / 2)
            + (d - w) * np.log((share - margin) / 2)
            + (rows - d) * np.log1p(-share)
        ).sum()
        for share in np.linspace(low, high, 1500)
    )
    p_value = paired_p_value(rows, wins, losses, margin, gamma)
    assert largest + gamma < p_value < 1.02 * largest + 1.02 * gamma


def test_the_interval_for_the_nuisance_is_clopper_pearson_rounded_outwards() -> None:
    low, high = discordance_interval(50, 9, math.log(0.05))
    expected = stats.binomtest(9, 50).proportion_ci(0.95, method="exact")
    assert low == pytest.approx(expected.low, rel=1e-8)
    assert high == pytest.approx(expected.high, rel=1e-8)
    assert low <= expected.low * (1 + 1e-12)
    assert discordance_interval(50, 0, -3.0)[0] == 0.0
    assert discordance_interval(50, 50, -3.0)[1] == 1.0


@pytest.mark.parametrize(
    ("wins", "losses", "margin"),
    [(51_600, 48_400, 0.0), (262_000, 240_000, 0.018), (10, 3, 0.0), (1_900, 100, 0.0015)],
)
def test_a_million_rows_agree_with_the_normal_limit(wins: int, losses: int, margin: float) -> None:
    rows = 1_000_000
    ln_p = ln_paired_p_value(rows, wins, losses, margin, math.log(1e-30))
    score = score_statistic(rows, np.array([float(wins)]), np.array([wins + losses + 0.0]), margin)
    assert ln_p == pytest.approx(stats.norm.logsf(score[0]), rel=0.25)


def test_a_p_value_far_below_underflow_has_a_logarithm() -> None:
    ln_p = ln_paired_p_value(1_000_000, 268_000, 240_000, 0.0, -1200.0)
    score = 28_000 / math.sqrt(508_000)
    assert ln_p == pytest.approx(stats.norm.logsf(score), rel=0.01)
    assert ln_p < -745


def test_outcomes_at_or_below_the_margin_prove_nothing() -> None:
    assert paired_p_value(100, 5, 5, 0.0, 0.001) == 1.0
    assert paired_p_value(100, 0, 0, 0.0, 0.001) == 1.0
    assert paired_p_value(100, 10, 0, 0.1, 0.001) == 1.0
    assert paired_p_value(100, 100, 0, 1, 0.001) == 1.0


def test_the_ends_of_the_margin_are_certain() -> None:
    assert paired_p_value(10, 0, 10, -1, 0.001) == 1.0
    assert paired_p_value(10, 0, 9, -1, 0.001) == pytest.approx(0.001)


def test_no_disagreement_proves_that_the_loss_is_small() -> None:
    # Without a discordant row in 1,000 a loss of 2 % is out of the question.
    assert paired_p_value(1000, 0, 0, -0.02, 1e-6) == pytest.approx(1e-6, rel=0.02)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((0, 0, 0, 0.0, 0.01), "rows must be an integer, at least 1"),
        ((10, -1, 0, 0.0, 0.01), "wins must be an integer, between 0 and 10"),
        ((10, 1, 2.5, 0.0, 0.01), "losses must be an integer"),
        ((10, float("nan"), 0, 0.0, 0.01), "wins"),
        ((10, 6, 5, 0.0, 0.01), r"wins \+ losses must be at most rows \(10\), not 6 \+ 5"),
        ((10, 1, 0, 1.5, 0.01), r"margin must be in \[-1, 1\]"),
        ((10, 1, 0, float("nan"), 0.01), "margin"),
        ((10, 1, 0, 0.0, 0.0), r"gamma must be in \(0, 1\)"),
        ((10, 1, 0, 0.0, 1.0), "gamma"),
    ],
)
def test_an_illegal_argument_is_named(arguments: tuple[object, ...], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        paired_p_value(*arguments)


@pytest.mark.parametrize("rows", [500, 50_000])
@pytest.mark.parametrize(("wins", "losses"), [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 3)])
@pytest.mark.parametrize("ln_gamma", [-30.0, -100.0, -800.0, -7000.0])
def test_few_rows_that_tell_the_models_apart_prove_nothing_at_any_level(
    rows: int, wins: int, losses: int, ln_gamma: float
) -> None:
    assert math.log(0.05) < ln_paired_p_value(rows, wins, losses, 0.0, ln_gamma) <= 0
