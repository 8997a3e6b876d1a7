"""How many commits a test set serves: every verdict at one price, or metered."""

from dataclasses import dataclass
from fractions import Fraction

from benchmarks.table import show
from easeml_action.condition import parse
from easeml_action.statistics import Budget, Remaining, finest_ln_alpha, most_steps, plan

CONDITION = "n - o > 0.02 +/- 0.02"
DISAGREEMENT = 0.1
RELIABILITY = 0.999
STEPS = 32
PASS_RATES = (Fraction(1, 30), Fraction(1, 10), Fraction(1, 3), Fraction(1, 2))


@dataclass(frozen=True)
class Commits:
    """One pass rate, with the rows that ``full`` takes for its steps.

    Parameters
    ----------
    pass_rate
        The share of commits that pass, as assumed and as it comes.
    rows
        Of the test set.
    full, metered
        Commits that the test set serves.
    metered_ends
        Commits it serves if all fail, and if all pass, under the metered terms.
    """

    pass_rate: Fraction
    rows: int
    full: int
    metered: int
    metered_ends: Remaining


def measure() -> list[Commits]:
    """Count the commits for every pass rate."""
    clauses = parse(CONDITION).clauses
    rows = plan(clauses, Budget("full", STEPS, RELIABILITY), "fp-free", DISAGREEMENT).rows
    floor = finest_ln_alpha(clauses, rows, "fp-free", DISAGREEMENT)
    counted = []
    for rate in PASS_RATES:
        one_step = Budget("metered", 1, RELIABILITY, pass_rate=rate)
        steps = most_steps(clauses, one_step, "fp-free", rows, DISAGREEMENT)
        budget = Budget("metered", steps, RELIABILITY, pass_rate=rate)
        counted.append(Commits(rate, rows, STEPS, steps, budget.remaining(0, 0, floor)))
    return counted


def report() -> None:
    """Print the table."""
    measured = measure()
    show(
        f"Commits per test set, for {CONDITION} at {measured[0].rows:,} rows "
        f"(assumed d {DISAGREEMENT:g}, reliability {RELIABILITY:g})",
        ["one passes in", "full", "metered", "ratio", "if all fail", "if all pass"],
        [
            [
                f"{1 / each.pass_rate}",
                f"{each.full}",
                f"{each.metered}",
                f"{each.metered / each.full:.2f}",
                f"{each.metered_ends.if_all_fail}",
                f"{each.metered_ends.if_all_pass}",
            ]
            for each in measured
        ],
        "Aim: at least twice the commits of full where one commit in thirty passes.",
        words=0,
    )
