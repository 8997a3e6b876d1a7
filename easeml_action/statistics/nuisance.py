"""The worst discordance: the tail of a paired outcome, bounded over all values of the nuisance."""

import math
from dataclasses import dataclass

import numpy as np

from easeml_action.statistics.binomial import binomial_bound
from easeml_action.statistics.score import fewest_wins, score_statistic
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
_MOST_EVALUATIONS = 4000


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


@dataclass(frozen=True)
class _Cell:
    """An interval of the nuisance, with the log tails at its ends."""

    low: float
    high: float
    ln_low: float
    ln_high: float


class Tail:
    """The tail ``T >= t`` of one observed outcome, as a function of the nuisance.

    Parameters
    ----------
    rows, wins, losses
        The outcome, with ``wins + losses <= rows``.
    margin
        The mean of the difference under the null, in (-1, 1).
    ln_gamma
        The logarithm of the level of the interval for the nuisance, below 0.
    """

    def __init__(self, rows: int, wins: int, losses: int, margin: float, ln_gamma: float) -> None:
        self._rows = rows
        self._margin = margin
        self._ln_gamma = ln_gamma
        discordant = wins + losses
        observed = score_statistic(
            rows, np.array([float(wins)]), np.array([float(discordant)]), margin
        )[0]
        statistic = observed * (1 - _TIE)
        low, high = discordance_interval(rows, discordant, ln_gamma)
        # A discordance below |margin| leaves no model at the margin. For a positive margin the
        # nearest one there is worse than any below (all discordant rows are wins); for a negative
        # margin the null is empty.
        self._nuisance_is_possible = margin > 0 or high >= abs(margin)
        self._low, self._high = max(low, abs(margin)), max(high, abs(margin))
        first = self._window(self._low)[0]
        last = self._window(self._high)[1]
        self._first = first
        self._critical = fewest_wins(
            rows, np.arange(first, last + 1, dtype=float), margin, statistic
        )

    def ln_p_value(self) -> float:
        """Bound the supremum from above and add gamma, and what the sums left out."""
        ln_added = self._ln_gamma + math.log1p(2 * math.exp(_LN_LEFT_OUT))
        if not self._nuisance_is_possible:
            return min(0.0, ln_added)
        return min(0.0, float(np.logaddexp(self._ln_supremum(), ln_added)))

    def _ln_supremum(self) -> float:
        # Coordinates in which the spread of D is about constant, and both ends are regular.
        base = abs(self._margin)
        span = 1 - base

        def nuisance(angle: float) -> float:
            return base + span * math.sin(angle) ** 2

        def angle(value: float) -> float:
            return math.asin(math.sqrt(min(1.0, max(0.0, (value - base) / span))))

        grid = [
            nuisance(a) for a in np.linspace(angle(self._low), angle(self._high), _FIRST_CELLS + 1)
        ]
        grid[0], grid[-1] = self._low, self._high
        tails = [self._ln_tail_at(value) for value in grid]
        best = max(tails)
        cells = [_Cell(*cell) for cell in zip(grid, grid[1:], tails, tails[1:], strict=False)]
        slack = _SLACK * abs(self._ln_gamma)
        bound = best
        evaluations = len(grid)
        while cells:
            cell = cells.pop()
            upper = self._ln_upper(cell)
            floor = np.logaddexp(best + slack, self._ln_gamma + _LN_IRRELEVANT)
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
        c = self._margin
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
        most_losses = discordant - self._fewest(first, last)
        gap = (
            discordant * win
            + np.maximum(most_losses, 0) * max(loss - win, 0.0)
            + (self._rows - discordant) * neither
        )
        # What the windows of the two ends leave out belongs to their tails as well.
        ln_left_out = self._ln_gamma + _LN_LEFT_OUT + math.log(2)
        return float(np.logaddexp(max(cell.ln_low, cell.ln_high), ln_left_out) + gap.max())

    def _ln_tail_at(self, nuisance: float) -> float:
        return self._ln_tail((nuisance + self._margin) / 2, (nuisance - self._margin) / 2)

    def _ln_tail(self, win: float, loss: float) -> float:
        """Bound the log probability of the tail, but for D outside the window, from above."""
        share = win + loss
        success = win / share
        first, last = self._window(share)
        discordant = np.arange(first, last + 1, dtype=float)
        critical = self._fewest(first, last)
        ln_mass = ln_binomial_pmf(discordant, self._rows, share)
        ln_bound = ln_mass + _ln_chernoff(critical, discordant, success)
        ln_total = float(np.logaddexp.reduce(ln_bound))
        if ln_total < self._ln_gamma + _LN_IRRELEVANT:
            return ln_total
        evaluated = ln_bound > ln_bound.max() - _NEGLIGIBLE
        terms = ln_bound.copy()
        terms[evaluated] = ln_mass[evaluated] + ln_binomial_sf(
            critical[evaluated], discordant[evaluated], success
        )
        return float(np.logaddexp.reduce(terms))

    def _window(self, share: float) -> tuple[int, int]:
        """Return a range of D that leaves out at most 2/2000 of gamma."""
        return bernstein_window(self._rows, share, self._ln_gamma + _LN_LEFT_OUT)

    def _fewest(self, first: int, last: int) -> Array:
        return self._critical[first - self._first : last + 1 - self._first]


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
