"""The language of conditions: what a pull request must hold to pass.

The room reads a text into clauses and gives a condition its canonical text. It knows nothing of
rows, tests or plans: those belong to the statistics.
"""

from easeml_action.condition.errors import ConditionSyntaxError
from easeml_action.condition.language import Condition, parse
from easeml_action.condition.text import clause_text, decimal_text, expression_text

__all__ = [
    "Condition",
    "ConditionSyntaxError",
    "clause_text",
    "decimal_text",
    "expression_text",
    "parse",
]
