"""Clauses in short, for the tests of this room."""

from collections.abc import Callable
from fractions import Fraction

import pytest

from easeml_action.statistics import Clause

MakeClause = Callable[..., Clause]


@pytest.fixture(scope="session")
def clause() -> MakeClause:
    """Make a clause from numbers or decimal texts: ``clause("n - o", ">", "0.02", "0.01")``."""
    expressions = {
        "n": (1, 0, 0),
        "o": (0, 1, 0),
        "d": (0, 0, 1),
        "-n": (-1, 0, 0),
        "-d": (0, 0, -1),
        "n - o": (1, -1, 0),
        "o - n": (-1, 1, 0),
        "n - 1.1*o": (1, "-1.1", 0),
        "n - o - d": (1, -1, -1),
        "2*n - o - d": (2, -1, -1),
        "n + o": (1, 1, 0),
    }

    def make(expression: str, comparison: str, threshold: str, tolerance: str) -> Clause:
        n, o, d = (Fraction(value) for value in expressions[expression])
        return Clause(n, o, d, comparison, Fraction(threshold), Fraction(tolerance))

    return make
