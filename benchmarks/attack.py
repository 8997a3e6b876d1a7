"""What an adaptive developer does to a naive gate, and what to this one, as a picture.

``python -m benchmarks.attack FILE.svg`` draws it, always the same.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks.attacker import Attacker
from easeml_action.condition import parse
from easeml_action.statistics import Budget, Outcomes, judge, plan

CONDITION = "n > 0.5 +/- 0.05"
BUDGET = Budget("full", 32, 0.99)
COMMITS = 400
HISTORIES = 200
SEED = 1

# From the palette of Okabe and Ito, which the colour-blind can tell apart.
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#666666"


@dataclass(frozen=True)
class Attack:
    """Many histories of one gate under attack.

    Parameters
    ----------
    accuracy
        Of every submitted model on the rows of the test set; shape (histories, commits).
    passed
        Its verdict; every pass is a false one. Same shape.
    """

    accuracy: NDArray[np.float64]
    passed: NDArray[np.bool_]

    @property
    def overfit(self) -> NDArray[np.float64]:
        """The accuracies of the models that overfit most: every second one, the votes."""
        return self.accuracy[:, 1::2]

    @property
    def fooled(self) -> NDArray[np.float64]:
        """The share of histories with a false pass up to each commit."""
        shares: NDArray[np.float64] = np.logical_or.accumulate(self.passed, axis=1).mean(axis=0)
        return shares


def rows_required() -> int:
    """Return the rows that both gates have."""
    return plan(parse(CONDITION).clauses, BUDGET, "fp-free").rows


def attack_naive_gate(rows: int) -> Attack:
    """Attack a gate that passes what has a point estimate above the threshold, at every try."""
    threshold = float(parse(CONDITION).clauses[0].threshold)
    return _attack(rows, COMMITS, lambda correct: float(correct.mean()) > threshold)


def attack_this_gate(rows: int) -> Attack:
    """Attack the real verdict until the test set retires."""
    clauses, level = parse(CONDITION).clauses, BUDGET.ln_alpha()
    return _attack(
        rows,
        BUDGET.steps,
        lambda correct: judge(clauses, Outcomes(correct), level, "fp-free").passed,
    )


def _attack(rows: int, commits: int, gate: Callable[[NDArray[np.bool_]], bool]) -> Attack:
    accuracy = np.empty((HISTORIES, commits))
    passed = np.empty((HISTORIES, commits), dtype=bool)
    for history in range(HISTORIES):
        rng = np.random.default_rng([SEED, history])
        labels = rng.random(rows) < 0.5
        attacker = Attacker(rows, rng)
        for commit in range(commits):
            correct = attacker.submit() == labels
            accuracy[history, commit] = correct.mean()
            passed[history, commit] = gate(correct)
            attacker.learn(bool(passed[history, commit]))
    return Attack(accuracy, passed)


def draw(rows: int, naive: Attack, ours: Attack) -> Figure:
    """Draw both attacks beside each other: what is measured, and how often a gate is fooled."""
    figure = Figure(figsize=(9.6, 3.9), layout="constrained")
    figure.suptitle(
        f"A developer who only guesses, against two gates with the same {rows:,} rows", fontsize=11
    )
    left, right = figure.subplots(1, 2)
    _draw_accuracy(left, naive, ours)
    _draw_fooled(right, naive, ours)
    for axes in (left, right):
        axes.set(xlabel="commits judged", xscale="log", xlim=(1, COMMITS))
        axes.set_xticks([1, 2, 5, 10, 20, 50, 100, 200, 400], minor=False)
        axes.set_xticks([], minor=True)
        axes.xaxis.set_major_formatter("{x:.0f}")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.grid(axis="y", alpha=0.3)
    return figure


def _draw_accuracy(axes: Axes, naive: Attack, ours: Attack) -> None:
    for attack, color in ((naive, ORANGE), (ours, BLUE)):
        commits = np.arange(2, 2 * attack.overfit.shape[1] + 1, 2)
        low, middle, high = np.quantile(attack.overfit, (0.05, 0.5, 0.95), axis=0)
        axes.fill_between(commits, low, high, color=color, alpha=0.2, linewidth=0)
        axes.plot(commits, middle, color=color, linewidth=2)
    axes.axhline(0.5, color=GREY, linestyle="--", linewidth=1)
    axes.set(title="Accuracy on the test set (median, 5 to 95%)", ylim=(0.48, 0.59))
    axes.text(6, 0.537, "naive gate:\nthe test set is overfitted", color=ORANGE)
    axes.text(400, 0.497, "true accuracy, always 50%", color=GREY, ha="right", va="top")
    axes.text(8, 0.4835, "this gate", color=BLUE, ha="center", va="center")


def _draw_fooled(axes: Axes, naive: Attack, ours: Attack) -> None:
    axes.plot(range(1, COMMITS + 1), naive.fooled, color=ORANGE, linewidth=2)
    commits = range(1, BUDGET.steps + 1)
    axes.plot(commits, ours.fooled, color=BLUE, linewidth=2, clip_on=False)
    axes.plot([BUDGET.steps], ours.fooled[-1:], "o", color=BLUE, markersize=7, clip_on=False)
    promised = 1 - float(BUDGET.reliability)
    axes.axhline(promised, color=GREY, linestyle="--", linewidth=1)
    axes.set(title="Histories with a pass that is not deserved", ylim=(-0.02, 1.05))
    axes.text(6, 0.9, "naive gate", color=ORANGE)
    axes.text(400, 0.025, f"promised: at most {promised:.0%}", color=GREY, ha="right")
    axes.text(
        BUDGET.steps,
        0.07,
        f"this gate: {int(ours.passed.any(axis=1).sum())} of {HISTORIES},\n"
        f"the test set retires after {BUDGET.steps}",
        color=BLUE,
        ha="right",
    )


def main(path: Path) -> None:
    """Attack, draw and say the numbers."""
    rows = rows_required()
    naive, ours = attack_naive_gate(rows), attack_this_gate(rows)
    style: dict[Any, Any] = {
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "svg.hashsalt": "easeml",
    }
    with mpl.rc_context(style):
        draw(rows, naive, ours).savefig(path, format="svg", metadata={"Date": None})
    print(f"{rows:,} rows, {HISTORIES} histories, true accuracy 50%")
    for commits in (1, 10, COMMITS):
        print(f"naive gate, a false pass within {commits}: {naive.fooled[commits - 1]:.1%}")
    print(f"naive gate, accuracy it measures in the end: {np.median(naive.accuracy[:, -1]):.1%}")
    print(f"this gate, a false pass within {BUDGET.steps}: {ours.fooled[-1]:.1%}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
