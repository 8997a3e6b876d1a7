from fractions import Fraction

import pytest

from easeml_action.statistics import Clause

ZERO, ONE = Fraction(0), Fraction(1)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((ZERO, ZERO, ZERO, ">", ONE, ONE), "at least one coefficient must differ from 0"),
        ((ONE, ZERO, ZERO, ">=", ONE, ONE), "comparison must be '>' or '<', not '>='"),
        ((ONE, ZERO, ZERO, ">", ONE, ZERO), "tolerance must be positive, not 0"),
    ],
)
def test_an_illegal_clause_is_named(arguments: tuple[object, ...], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Clause(*arguments)
