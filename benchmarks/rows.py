"""Rows required by the reference, by the paper's best, by us, and by the best test there can be."""

import math
from dataclasses import dataclass
from statistics import geometric_mean

from benchmarks.table import show
from easeml_action.condition import parse
from easeml_action.statistics import (
    Adaptivity,
    Budget,
    neyman_pearson_rows,
    plan,
    planned_disagreement,
)
from easeml_action.statistics.paper import hoeffding_rows, paper_ln_evaluations

# Conditions with an assumed disagreement, a reliability and a number of steps.
CASES: tuple[tuple[str, float | None, float, int], ...] = (
    ("n > 0.5 +/- 0.05", None, 0.99, 32),
    ("n > 0.8 +/- 0.05", None, 0.999, 32),
    ("n > 0.9 +/- 0.03", None, 0.999, 16),
    ("n > 0.95 +/- 0.02", None, 0.999, 32),
    ("n > 0.98 +/- 0.005", None, 0.9999, 32),
    ("d < 0.1 +/- 0.02", None, 0.999, 32),
    ("n - o > 0.1 +/- 0.1", None, 0.99, 32),
    ("n - o > 0.02 +/- 0.02", 0.1, 0.998, 7),
    ("n - o > 0.018 +/- 0.022", 0.1, 0.998, 7),
    ("n - o > 0.02 +/- 0.01", 0.1, 0.9999, 32),
    ("n - o > 0 +/- 0.01", 0.05, 0.999, 32),
    ("n - o > 0 +/- 0.05", 0.3, 0.99, 16),
    ("n - o > 0.02 +/- 0.01 /\\ d < 0.1 +/- 0.01", None, 0.999, 32),
    ("n - 1.1*o > 0 +/- 0.1", None, 0.99, 32),
)


@dataclass(frozen=True)
class RowsRequired:
    """One condition under one adaptivity.

    Parameters
    ----------
    reference, paper, ours
        Rows by the reference's formula (Hoeffding), by the better of the paper's two, and by us.
    bound
        The fewest with which any test could keep the same contract (Neyman and Pearson).
    """

    condition: str
    disagreement: float | None
    reliability: float
    steps: int
    adaptivity: Adaptivity
    reference: int
    paper: int
    ours: int
    bound: int


def measure() -> list[RowsRequired]:
    """Plan every case under ``none`` and ``full``."""
    return [_measure(*case, adaptivity) for case in CASES for adaptivity in ("none", "full")]


def _measure(
    condition: str,
    max_disagreement: float | None,
    reliability: float,
    steps: int,
    adaptivity: Adaptivity,
) -> RowsRequired:
    clauses = parse(condition).clauses
    budget = Budget(adaptivity, steps, reliability)
    ours = plan(clauses, budget, "fp-free", max_disagreement)
    paper = plan(clauses, budget, "fp-free", max_disagreement, "paper")
    # As `method: paper` splits the error over the clauses.
    ln_delta = budget.ln_delta - math.log(len(clauses))
    reference = max(
        hoeffding_rows(clause, paper_ln_evaluations(budget), ln_delta) for clause in clauses
    )
    disagreement = planned_disagreement(clauses, max_disagreement)
    bound = max(neyman_pearson_rows(clause, ours.ln_alpha, disagreement) for clause in clauses)
    return RowsRequired(
        condition,
        max_disagreement,
        reliability,
        steps,
        adaptivity,
        reference,
        paper.rows,
        ours.rows,
        bound,
    )


def report() -> None:
    """Print the table and the ratios."""
    measured = measure()
    against_paper = geometric_mean([each.ours / each.paper for each in measured])
    against_reference = geometric_mean([each.ours / each.reference for each in measured])
    over_bound = geometric_mean([each.ours / each.bound for each in measured])
    show(
        "Rows required",
        [
            "condition",
            "assumed d",
            "reliability",
            "steps",
            "adaptivity",
            "reference",
            "paper's best",
            "ours",
            "bound",
            "ours/paper",
            "ours/bound",
        ],
        [
            [
                each.condition,
                "" if each.disagreement is None else f"{each.disagreement:g}",
                f"{each.reliability:g}",
                f"{each.steps}",
                each.adaptivity,
                f"{each.reference:,}",
                f"{each.paper:,}",
                f"{each.ours:,}",
                f"{each.bound:,}",
                f"{each.ours / each.paper:.2f}",
                f"{each.ours / each.bound:.3f}",
            ]
            for each in measured
        ],
        f"Geometric means: ours is {against_paper:.2f} of the paper's best (aim: at most 0.65), "
        f"{against_reference:.2f} of the reference, and {over_bound:.2f} of the bound.\n"
        "The bound is of a test that puts its cut where it likes; ours is at c + epsilon, as the "
        "condition says.",
        words=5,
    )
