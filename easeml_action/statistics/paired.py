"""The exact unconditional paired test: for a clause about n - o."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from easeml_action.statistics.binomial import binomial_bound
from easeml_action.statistics.checks import Real, checked_count, checked_real
from easeml_action.statistics.tails import Array, bernstein_window, ln_binomial_pmf, ln_binomial_sf

# Outcomes whose score equals the observed one up to rounding count as at least as extreme.
_TIE = 1e-10
# The share of gamma that the sums over the discordant rows may leave out, at each end.
_LN_LEFT_OUT = math.log(1 / 2000)
# Terms this many nats below the largest are bounded, not evaluated; the bounds are added.
_NEGLIGIBLE = 36.0
# A p-value may end this share of gamma above the supremum, in nats.
_LN_IRRELEVANT = -5.0
# How far above the supremum the p-value may end, in nats per nat of gamma.
_SLACK = 1e-3
_FIRST_CELLS = 16
# How closely a bound is found.
_BOUND_STEP = 1e-7
# So many margins below it are tried, too.
_BELOW = 12
_MOST_EVALUATIONS = 4000


def paired_p_value(rows: int, wins: int, losses: int, margin: Real, gamma: float) -> float:
    r"""Return the exact one-sided p-value of "the mean of new - old is at most the margin".

    Parameters
    ----------
    rows
        Number N of independent rows, at least 1.
    wins
        Rows where only the new model is right, in 0..rows.
    losses
        Rows where only the old model is right, in 0..rows - wins.
    margin
        The mean c of the difference under the null hypothesis, in [-1, 1].
    gamma
        Error level of the confidence interval for the nuisance, in (0, 1). It must be fixed
        before the data are seen, and the p-value is never below it. A twentieth of the level
        of the test is a good choice.

    Returns
    -------
    float
        The p-value, in (gamma, 1]. Small values may underflow to 0; `ln_paired_p_value` does not.

    Raises
    ------
    ValueError
        A count is negative, fractional or too large (``wins + losses > rows``), or the margin
        or gamma is outside its range.

    Notes
    -----
    Outcomes are ordered by the score statistic :math:`T = (S - Nc) / \sqrt{N(\tilde d - c^2)}`,
    with S = wins - losses, D = wins + losses and :math:`\tilde d` the estimate of the discordance
    ``d'`` under S/N = c. The p-value is the supremum of :math:`P(T \ge t)` over the values of
    ``d'`` in a Clopper-Pearson interval of level gamma computed from D, plus gamma. Given D, the
    wins are binomial with success :math:`(d' + c) / (2d')`, so each probability is one sum over D.

    The supremum is bounded from above, not searched on a grid: between two values a < b of the
    nuisance, the probability of any outcome is at most a power mean of its probabilities at a and
    b times ``exp(r)``, because the logarithm is concave; by Hoelder's inequality the same holds
    for the whole tail. Cells are halved until r is small or the cell cannot matter.

    For fixed D the p-value falls as S grows, so a mean difference below c only makes a small
    p-value rarer, and the supremum over the whole null is at c.

    References
    ----------
    Tango, Statistics in Medicine 17 (1998), for the score statistic.
    Berger and Boos, JASA 89 (1994), for the restricted nuisance.
    Sidik, Statistics in Medicine 22 (2003), for the unconditional test of paired data.
    """
    checked_real("gamma", gamma, 0, 1, open_ends=True)
    return math.exp(ln_paired_p_value(rows, wins, losses, margin, math.log(gamma)))


def ln_paired_p_value(rows: int, wins: int, losses: int, margin: Real, ln_gamma: float) -> float:
    """Return the logarithm of `paired_p_value`, for p-values of any smallness.

    Parameters
    ----------
    rows, wins, losses, margin
        As for `paired_p_value`.
    ln_gamma
        The logarithm of gamma, below 0.

    Returns
    -------
    float
        ``ln p``, above ``ln_gamma`` and at most 0.

    Raises
    ------
    ValueError
        As for `paired_p_value`.
    """
    rows = checked_count("rows", rows, 1)
    wins = checked_count("wins", wins, 0, rows)
    losses = checked_count("losses", losses, 0, rows)
    if wins + losses > rows:
        raise ValueError(f"wins + losses must be at most rows ({rows}), not {wins} + {losses}")
    margin = checked_real("margin", margin, -1, 1)
    ln_gamma = checked_real("ln_gamma", ln_gamma, -math.inf, 0, open_ends=True)
    if margin == -1:
        return 0.0 if losses == rows else ln_gamma
    if wins - losses <= rows * margin:
        return 0.0
    return _Tail(rows, wins, losses, margin, ln_gamma).ln_p_value()


def paired_bound(
    rows: int, wins: int, losses: int, margin: Real, *, ln_level: float, ln_gamma: float
) -> float:
    """Return a margin below which the paired test refutes every one, or -1 where it does not.

    Parameters
    ----------
    rows, wins, losses, ln_gamma
        As for `ln_paired_p_value`.
    margin
        The margin of the verdict, on which the bound must not contradict it: where the test does
        not refute this one, the bound is not above it.
    ln_level
        The logarithm of the level, above ``ln_gamma`` and below 0.

    Returns
    -------
    float
        A bound that exceeds the mean of new - old with probability at most ``exp(ln_level)``.

    Raises
    ------
    ValueError
        As for `paired_p_value`, or ln_level is outside its range.

    Notes
    -----
    The root of the p-value, as a function of the margin, at the level: sought where the square
    root of its negative logarithm is nearly linear. The outcomes that count as extreme change with
    the margin, so among a few rows a margin below the root may not be refuted, above all one at
    which many outcomes tie, such as 0. Such margins are looked for, and the bound is moved below
    them.

    References
    ----------
    Tango, Statistics in Medicine 17 (1998), for the interval that inverts the score test.
    """
    margin = checked_real("margin", margin, -1, 1)
    ln_level = checked_real("ln_level", ln_level, ln_gamma, 0, open_ends=True)

    def excess(mean: float) -> float:
        ln_p = ln_paired_p_value(rows, wins, losses, mean, ln_gamma)
        return math.sqrt(-ln_level) - math.sqrt(-ln_p)

    if excess(-1.0) > 0:
        return -1.0
    estimate = (wins - losses) / rows
    root = float(brentq(excess, -1.0, estimate, xtol=_BOUND_STEP))
    below = np.linspace(root - (estimate - root) / 2, root, _BELOW, endpoint=False)
    suspects = [mean for mean in (margin, 0.0, *map(float, below)) if -1 < mean < root]
    bound = min((mean for mean in suspects if excess(mean) > 0), default=root)
    step = _BOUND_STEP
    while bound > -1 and excess(bound) > 0:
        bound, step = bound - step, 2 * step
    return max(-1.0, bound)


def discordance_interval(rows: int, discordant: int, ln_gamma: float) -> tuple[float, float]:
    """Return the Clopper-Pearson interval of a share, rounded outwards.

    Parameters
    ----------
    rows, discordant
        The counts, ``0 <= discordant <= rows``.
    ln_gamma
        The logarithm of the level: the share is outside with at most this probability.

    Returns
    -------
    low, high : float
        The ends of the interval, in [0, 1].
    """
    ln_level = ln_gamma - math.log(2)
    low = binomial_bound(rows, discordant, ln_level)
    return low, 1 - binomial_bound(rows, rows - discordant, ln_level)


def score_statistic(rows: int, wins: Array, discordant: Array, margin: float) -> Array:
    r"""Return Tango's score statistic, elementwise.

    Parameters
    ----------
    rows
        Number N of rows.
    wins, discordant
        W and D, with ``0 <= W <= D <= N``.
    margin
        The mean c of the difference under the null, in (-1, 1).

    Returns
    -------
    ndarray of float
        :math:`T`; 0 where S = Nc, and infinite where the null leaves no variance.

    Notes
    -----
    :math:`\tilde d` is the larger root of
    :math:`N d^2 - (D + Sc) d + Sc - (N - D) c^2 = 0`, the score equation of the likelihood
    :math:`(d + c)^W (d - c)^{D - W} (1 - d)^{N - D}`.
    """
    difference = 2 * wins - discordant
    linear = discordant + difference * margin
    constant = difference * margin - (rows - discordant) * margin**2
    root = np.sqrt(np.maximum(linear**2 - 4 * rows * constant, 0))
    variance = np.maximum((linear + root) / (2 * rows) - margin**2, 0)
    excess = difference - rows * margin
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = excess / np.sqrt(rows * variance)
    return np.where(excess == 0, 0.0, statistic)


@dataclass(frozen=True)
class _Cell:
    """An interval of the nuisance, with the log tails at its ends."""

    low: float
    high: float
    ln_low: float
    ln_high: float


class _Tail:
    """The tail ``T >= t`` of one observed outcome, as a function of the nuisance."""

    def __init__(self, rows: int, wins: int, losses: int, margin: float, ln_gamma: float) -> None:
        self.rows = rows
        self.margin = margin
        self.ln_gamma = ln_gamma
        discordant = wins + losses
        observed = score_statistic(
            rows, np.array([float(wins)]), np.array([float(discordant)]), margin
        )[0]
        self.statistic = observed * (1 - _TIE)
        low, high = discordance_interval(rows, discordant, ln_gamma)
        # A discordance below |margin| leaves no model at the margin. For a positive margin the
        # nearest one there is worse than any below (all discordant rows are wins); for a negative
        # margin the null is empty.
        self.nuisance_is_possible = margin > 0 or high >= abs(margin)
        self.low, self.high = max(low, abs(margin)), max(high, abs(margin))
        first = self._window(self.low)[0]
        last = self._window(self.high)[1]
        self.first = first
        self.critical = self._critical_wins(np.arange(first, last + 1, dtype=float))

    def ln_p_value(self) -> float:
        """Bound the supremum from above and add gamma, and what the sums left out."""
        ln_added = self.ln_gamma + math.log1p(2 * math.exp(_LN_LEFT_OUT))
        if not self.nuisance_is_possible:
            return min(0.0, ln_added)
        return min(0.0, float(np.logaddexp(self._ln_supremum(), ln_added)))

    def _ln_supremum(self) -> float:
        # Coordinates in which the spread of D is about constant, and both ends are regular.
        base = abs(self.margin)
        span = 1 - base

        def nuisance(angle: float) -> float:
            return base + span * math.sin(angle) ** 2

        def angle(value: float) -> float:
            return math.asin(math.sqrt(min(1.0, max(0.0, (value - base) / span))))

        grid = [
            nuisance(a) for a in np.linspace(angle(self.low), angle(self.high), _FIRST_CELLS + 1)
        ]
        grid[0], grid[-1] = self.low, self.high
        tails = [self._ln_tail_at(value) for value in grid]
        best = max(tails)
        cells = [_Cell(*cell) for cell in zip(grid, grid[1:], tails, tails[1:], strict=False)]
        slack = _SLACK * abs(self.ln_gamma)
        bound = best
        evaluations = len(grid)
        while cells:
            cell = cells.pop()
            upper = self._ln_upper(cell)
            floor = np.logaddexp(best + slack, self.ln_gamma + _LN_IRRELEVANT)
            if upper <= floor or evaluations >= _MOST_EVALUATIONS:
                bound = max(bound, upper)
                continue
            middle = nuisance((angle(cell.low) + angle(cell.high)) / 2)
            ln_middle = self._ln_tail_at(middle)
            evaluations += 1
            best = max(best, ln_middle)
            cells.append(_Cell(cell.low, middle, cell.ln_low, ln_middle))
            cells.append(_Cell(middle, cell.high, ln_middle, cell.ln_high))
        return bound

    def _ln_upper(self, cell: _Cell) -> float:
        """Bound the log tail on a cell from above."""
        c = self.margin
        if cell.low <= abs(c) or cell.high >= 1:
            # A factor of the likelihood vanishes at an end, so the concavity gap is infinite.
            # The tail grows with wins and falls with losses: take the most of one and the least
            # of the other.
            return self._ln_tail((cell.high + c) / 2, (cell.low - c) / 2)
        win = _concavity_gap(cell.low + c, cell.high + c)
        loss = _concavity_gap(cell.low - c, cell.high - c)
        neither = _concavity_gap(1 - cell.high, 1 - cell.low)
        first, last = self._window(cell.low)[0], self._window(cell.high)[1]
        discordant = np.arange(first, last + 1, dtype=float)
        most_losses = discordant - self._critical(first, last)
        gap = (
            discordant * win
            + np.maximum(most_losses, 0) * max(loss - win, 0.0)
            + (self.rows - discordant) * neither
        )
        # What the windows of the two ends leave out belongs to their tails as well.
        ln_left_out = self.ln_gamma + _LN_LEFT_OUT + math.log(2)
        return float(np.logaddexp(max(cell.ln_low, cell.ln_high), ln_left_out) + gap.max())

    def _ln_tail_at(self, nuisance: float) -> float:
        return self._ln_tail((nuisance + self.margin) / 2, (nuisance - self.margin) / 2)

    def _ln_tail(self, win: float, loss: float) -> float:
        """Bound the log probability of the tail, but for D outside the window, from above."""
        share = win + loss
        success = win / share
        first, last = self._window(share)
        discordant = np.arange(first, last + 1, dtype=float)
        critical = self._critical(first, last)
        ln_mass = ln_binomial_pmf(discordant, self.rows, share)
        ln_bound = ln_mass + _ln_chernoff(critical, discordant, success)
        ln_total = float(np.logaddexp.reduce(ln_bound))
        if ln_total < self.ln_gamma + _LN_IRRELEVANT:
            return ln_total
        evaluated = ln_bound > ln_bound.max() - _NEGLIGIBLE
        terms = ln_bound.copy()
        terms[evaluated] = ln_mass[evaluated] + ln_binomial_sf(
            critical[evaluated], discordant[evaluated], success
        )
        return float(np.logaddexp.reduce(terms))

    def _window(self, share: float) -> tuple[int, int]:
        """Return a range of D that leaves out at most 2/2000 of gamma."""
        return bernstein_window(self.rows, share, self.ln_gamma + _LN_LEFT_OUT)

    def _critical(self, first: int, last: int) -> Array:
        return self.critical[first - self.first : last + 1 - self.first]

    def _critical_wins(self, discordant: Array) -> Array:
        """Return the fewest wins with ``T >= t`` for each D, or D + 1 where none will do."""
        low, high = np.zeros_like(discordant), discordant + 1
        for _ in range(math.ceil(math.log2(discordant[-1] + 2)) + 1):
            middle = np.floor((low + high) / 2)
            reached = (
                score_statistic(self.rows, np.minimum(middle, discordant), discordant, self.margin)
                >= self.statistic
            )
            reached |= middle > discordant
            high = np.where(reached, middle, high)
            low = np.where(reached, low, np.minimum(middle + 1, high))
        return high


def _ln_chernoff(wins: Array, discordant: Array, success: float) -> Array:
    """Bound ``ln P(X >= wins)`` for X binomial(discordant, success) from above."""
    share = np.minimum(wins / np.maximum(discordant, 1), 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        divergence = np.where(share > 0, share * np.log(share / success), 0.0) + np.where(
            share < 1, (1 - share) * np.log((1 - share) / (1 - success)), 0.0
        )
        bound = np.where(share > success, -discordant * divergence, 0.0)
    return np.where(wins > discordant, -np.inf, bound)


def _concavity_gap(low: float, high: float) -> float:
    """Return how far the logarithm rises above its chord between two positive numbers."""
    if high <= low:  # two numbers that differ by less than rounding
        return 0.0
    slope = math.log(high / low) / (high - low)
    return max(0.0, -math.log(slope * low) - 1 + slope * low)
