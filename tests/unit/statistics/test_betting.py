import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easeml_action.statistics import betting_p_value
from easeml_action.statistics.betting import ln_betting_p_value

VALUES = (-1.0, 0.0, 1.0)


@pytest.mark.parametrize("target", [None, 0.5])
@pytest.mark.parametrize("threshold", [-0.4, 0.0, 0.3])
def test_the_false_pass_probability_is_at_most_alpha_over_all_sequences(
    threshold: float, target: float | None
) -> None:
    rows = 6
    sequences = np.array(list(product(VALUES, repeat=rows)))
    p_values = np.array(
        [betting_p_value(sequence, threshold, -1, 1, target=target) for sequence in sequences]
    )
    counts = np.stack([(sequences == value).sum(axis=1) for value in VALUES])
    for up in np.linspace(0, 1, 21):
        down = up - threshold
        if not 0 <= down <= 1 - up:
            continue
        chance = np.array([down, 1 - up - down, up])[:, None]
        weight = np.prod(chance**counts, axis=0)
        assert weight.sum() == pytest.approx(1)
        for level in (0.5, 0.2, 0.05, 0.01):
            assert weight[p_values <= level].sum() <= level


@pytest.mark.parametrize("threshold", [0.3, 0.8])
def test_the_false_pass_probability_is_at_most_alpha_at_forty_rows(threshold: float) -> None:
    # With two values the wealth depends on their counts alone, so walk over the counts: a path
    # is absorbed once the wealth is large enough. Paths that never get there never pass.
    rows, level = 40, 0.05

    def rejects(ones: int, zeros: int) -> bool:
        # Zeros last: the largest wealth on the way is not below the final one, so this rejects
        # at least as often as any order of the same counts that ends here.
        values = np.array([1.0] * ones + [0.0] * zeros)
        final = -_final_ln_wealth(values, threshold)
        return final <= math.log(level)

    alive = {0: 1.0}
    passed = 0.0
    for step in range(1, rows + 1):
        nxt: dict[int, float] = {}
        for ones, mass in alive.items():
            nxt[ones] = nxt.get(ones, 0.0) + mass * (1 - threshold)
            nxt[ones + 1] = nxt.get(ones + 1, 0.0) + mass * threshold
        alive = {}
        for ones, mass in nxt.items():
            if rejects(ones, step - ones):
                passed += mass
            else:
                alive[ones] = mass
    assert 0 < passed <= level


def _final_ln_wealth(values: np.ndarray, threshold: float) -> float:
    # In descending order the wealth of every single stake only falls at the end, so put the
    # zeros first: the largest wealth is then at the start (1) or at the very end.
    return max(0.0, -ln_betting_p_value(np.sort(values), threshold, 0, 1))


def test_the_order_of_the_rows_matters_and_is_taken_as_given() -> None:
    rising = np.array([0.0] * 20 + [1.0] * 20)
    assert betting_p_value(rising, 0.4, 0, 1) > betting_p_value(rising[::-1], 0.4, 0, 1)


def test_the_bet_on_a_target_wins_what_the_chernoff_bound_promises() -> None:
    rows, c, target = 400, 0.5, 0.6
    values = np.zeros(rows)
    values[: math.floor(rows * target) + 1] = 1.0
    divergence = target * math.log(target / c) + (1 - target) * math.log((1 - target) / (1 - c))
    ln_p = ln_betting_p_value(np.random.default_rng(5).permutation(values), c, 0, 1, target=target)
    assert ln_p <= math.log(2) - rows * divergence


def test_a_narrow_distribution_needs_far_fewer_rows_than_its_range_suggests() -> None:
    values = np.zeros(2000)
    values[::20] = 1.0
    # The mean is 0.05, the threshold 0, the range -1..1: Hoeffding's bound is useless here.
    assert math.exp(-2000 * 0.05**2 / 2) > 0.05
    assert betting_p_value(values, 0.0, -1, 1) < 1e-20


def test_a_million_rows_do_not_underflow_in_log_space() -> None:
    values = np.tile([1.0, 0.0], 500_000)
    ln_p = ln_betting_p_value(values, 0.4, 0, 1)
    best = 500_000 * (math.log(0.5 / 0.4) + math.log(0.5 / 0.6))
    assert -best <= ln_p < -0.9 * best


@given(st.lists(st.sampled_from(VALUES), min_size=1, max_size=60), st.floats(-0.99, 0.99))
def test_a_p_value_is_a_probability(values: list[float], threshold: float) -> None:
    assert 0 <= betting_p_value(values, threshold, -1, 1) <= 1


def test_values_at_the_worst_end_prove_nothing() -> None:
    assert betting_p_value([-1.0] * 50, 0.0, -1, 1) == 1.0
    assert betting_p_value([0.0] * 50, 0.0, 0, 1) == 1.0
    assert betting_p_value([0.0, 0.5], 0.0, 0, 1) == 0.0
    assert betting_p_value([1.0] * 50, 1.0, 0, 1) == 1.0


@pytest.mark.parametrize(
    ("arguments", "options", "named"),
    [
        (([], 0.5, 0, 1), {}, "values must be a one-dimensional array of at least 1"),
        (([[0.5]], 0.5, 0, 1), {}, "values must be a one-dimensional"),
        (([0.5, float("nan")], 0.5, 0, 1), {}, r"values must all be in \[0, 1\]"),
        (([1.5], 0.5, 0, 1), {}, "values must all"),
        (([0.5], 1.5, 0, 1), {}, r"threshold must be in \[0, 1\]"),
        (([0.5], float("nan"), 0, 1), {}, "threshold"),
        (([0.5], 0.5, 1, 1), {}, "high"),
        (([0.5], 0.5, float("nan"), 1), {}, "low"),
        (([0.5], 0.5, 0, 1), {"target": 0.5}, r"target must be in \(0.5, 1\)"),
    ],
)
def test_an_illegal_argument_is_named(
    arguments: tuple[object, ...], options: dict[str, float], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        betting_p_value(*arguments, **options)
