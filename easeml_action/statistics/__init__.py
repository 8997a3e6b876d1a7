"""What a verdict means and how many rows it needs: pure mathematics, no input or output.

Clauses about the accuracy of two models and the share of predictions that differ go in; plans,
p-values and verdicts come out. Nothing here reads a file, knows GitHub, or imports another room.
"""

from easeml_action.statistics.adaptivity import Adaptivity, Budget, Remaining
from easeml_action.statistics.betting import betting_p_value
from easeml_action.statistics.binomial import binomial_p_value
from easeml_action.statistics.bound import neyman_pearson_rows
from easeml_action.statistics.clause import Clause, Comparison
from easeml_action.statistics.feasibility import ImpossibleCondition, room_for_certainty
from easeml_action.statistics.form import row_values
from easeml_action.statistics.interval import (
    Interval,
    Tally,
    counted_interval,
    needs_order,
    ordered_interval,
)
from easeml_action.statistics.paired import paired_p_value
from easeml_action.statistics.plan import ClausePlan, Method, Plan, plan, planned_disagreement
from easeml_action.statistics.power import pass_probability
from easeml_action.statistics.solve import finest_ln_alpha, most_steps, smallest_tolerances
from easeml_action.statistics.verdict import (
    ClauseJudgement,
    Judgement,
    Mode,
    Outcomes,
    Truth,
    judge,
)

__all__ = [
    "Adaptivity",
    "Budget",
    "Clause",
    "ClauseJudgement",
    "ClausePlan",
    "Comparison",
    "ImpossibleCondition",
    "Interval",
    "Judgement",
    "Method",
    "Mode",
    "Outcomes",
    "Plan",
    "Remaining",
    "Tally",
    "Truth",
    "betting_p_value",
    "binomial_p_value",
    "counted_interval",
    "finest_ln_alpha",
    "judge",
    "most_steps",
    "needs_order",
    "neyman_pearson_rows",
    "ordered_interval",
    "paired_p_value",
    "pass_probability",
    "plan",
    "planned_disagreement",
    "room_for_certainty",
    "row_values",
    "smallest_tolerances",
]
