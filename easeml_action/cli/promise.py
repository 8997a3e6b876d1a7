"""What a promise says of a model, in words: the threshold, the tolerance, and chance."""

from fractions import Fraction

from easeml_action.condition import decimal_text, expression_text
from easeml_action.config import Terms
from easeml_action.statistics import Clause, Plan, planned_disagreement, room_for_certainty


def explain(terms: Terms, plan: Plan) -> str:
    """Say which models get which verdict, and how surely.

    Parameters
    ----------
    terms
        What is promised.
    plan
        The rows that it takes.
    """
    clauses = terms.condition.clauses
    error = 1 - Fraction(str(terms.reliability))
    if terms.mode == "fn-free":
        met = " and ".join(_side(each, tolerances=0, met=True) for each in clauses)
        return (
            f"Where {met}, a model fails by bad luck in at most {_of_test_sets(error)}. Any other "
            "may pass: the smaller the tolerance, the sooner it is found out."
        )
    missed = " or ".join(_side(each, tolerances=0, met=False) for each in clauses)
    lucky = f"Where {missed}, a model passes by luck in at most {_of_test_sets(error)}"
    sure = sure_pass(terms)
    if sure is None:
        return f"{lucky}. No model is promised a pass: none can be so good that {_far(terms)}."
    # A model that deserves its pass can miss each clause by bad luck, with the whole error.
    misses = len(clauses) * error
    surely = "as surely" if len(clauses) == 1 else f"in all but at most {_of_test_sets(misses)}"
    # What the other tests need beyond the plan's rule can be a little more.
    exact = all(each.test == "binomial" for each in plan.clauses)
    passes = f"it passes {surely}" if exact else f"the plan has it pass {surely}"
    return f"{lucky}; where {sure}, {passes}; between them chance decides."


def sure_pass(terms: Terms) -> str | None:
    """Say where a model passes as good as surely, with twice the tolerance.

    None where no model can be so good. Under ``fn-free`` a pass is no achievement, and the answer
    is None, too.
    """
    return None if terms.mode == "fn-free" or room_of(terms) < 0 else _far(terms)


def room_of(terms: Terms) -> float:
    """Return how much room the tolerances leave for models whose verdict is as good as sure.

    Where there is none, chance decides about every model that can be.
    """
    clauses = terms.condition.clauses
    disagreement = planned_disagreement(clauses, terms.max_disagreement)
    return room_for_certainty(clauses, terms.mode, disagreement)


def _far(terms: Terms) -> str:
    """Say where every clause is met by twice its tolerance, and what the plan assumes there."""
    clauses = terms.condition.clauses
    far = " and ".join(_side(each, tolerances=2, met=True) for each in clauses)
    compares = any(each.n and each.o for each in clauses)
    assumed = Fraction(str(terms.max_disagreement or 1))
    if compares and assumed < 1 and planned_disagreement(clauses, None) == 1:
        # No clause bounds how many differ.
        far += f" and at most {decimal_text(assumed)} of the predictions differ"
    return far


def _side(clause: Clause, *, tolerances: int, met: bool) -> str:
    """Say on which side of the threshold, or of so many tolerances beyond it, a model is."""
    sign = 1 if clause.comparison == ">" else -1
    bound = decimal_text(clause.threshold + sign * tolerances * clause.tolerance)
    if tolerances:
        threshold, tolerance = decimal_text(clause.threshold), decimal_text(clause.tolerance)
        bound += f" ({threshold} {'+' if sign > 0 else '-'} {tolerances} x {tolerance})"
    more = met == (clause.comparison == ">")
    return f"{expression_text(clause)} is {bound} or {'more' if more else 'less'}"


def _of_test_sets(share: Fraction) -> str:
    """Write a share of all test sets.

    >>> _of_test_sets(Fraction("0.001"))
    '1 of 1,000 test sets'
    """
    return f"{share.numerator:,} of {share.denominator:,} test sets"
