"""The object that every test and every plan is about: one clause of a condition."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Comparison = Literal[">", "<"]


@dataclass(frozen=True)
class Clause:
    """The statement ``n_coefficient*n + o_coefficient*o + d_coefficient*d (>|<) threshold``.

    Parameters
    ----------
    n, o, d
        Coefficients of the accuracy of the new model, the accuracy of the old model and the share
        of predictions that differ. Exact, because the rows required depend on
        ``floor(N * (threshold + tolerance))``. At least one is not zero.
    comparison
        ``">"`` or ``"<"``.
    threshold
        The value ``c`` that the expression is held against.
    tolerance
        The half-width ``epsilon`` (> 0) of the estimate, in the units of the expression.

    Raises
    ------
    ValueError
        All coefficients are zero, the comparison is neither sign, or the tolerance is not positive.

    References
    ----------
    Renggli et al., "Continuous Integration of Machine Learning Models with ease.ml/ci",
    MLSys 2019, section 3.1.
    """

    n: Fraction
    o: Fraction
    d: Fraction
    comparison: Comparison
    threshold: Fraction
    tolerance: Fraction

    def __post_init__(self) -> None:
        if not (self.n or self.o or self.d):
            raise ValueError("n, o, d: at least one coefficient must differ from 0")
        if self.comparison not in {">", "<"}:
            raise ValueError(f"comparison must be '>' or '<', not {self.comparison!r}")
        if self.tolerance <= 0:
            raise ValueError(f"tolerance must be positive, not {self.tolerance}")
