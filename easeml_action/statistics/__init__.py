"""The mathematics of the gate: error budgets, exact tests, verdicts and plans.

Pure functions and frozen values over numpy and scipy; nothing else of this project is imported
here, and nothing here reads or writes anything.
"""

from easeml_action.statistics.adaptivity import Adaptivity, Budget
from easeml_action.statistics.betting import betting_p_value
from easeml_action.statistics.binomial import binomial_p_value
from easeml_action.statistics.clause import Clause, Comparison
from easeml_action.statistics.paired import paired_p_value
from easeml_action.statistics.plan import ClausePlan, Method, Plan, plan
from easeml_action.statistics.verdict import ClauseJudgement, Judgement, Mode, Outcomes, Truth, judge

__all__ = [
    "Adaptivity",
    "Budget",
    "Clause",
    "ClauseJudgement",
    "ClausePlan",
    "Comparison",
    "Judgement",
    "Method",
    "Mode",
    "Outcomes",
    "Plan",
    "Truth",
    "betting_p_value",
    "binomial_p_value",
    "judge",
    "paired_p_value",
    "plan",
]
