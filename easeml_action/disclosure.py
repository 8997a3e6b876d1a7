"""Opens what a test set measured: ledger and vault in, one value out, for whoever may see it."""

import math
from collections.abc import Callable, Sequence

from easeml_action.condition import parse
from easeml_action.github import Terms
from easeml_action.ledger import Evaluation, KnownTestSet
from easeml_action.measured import (
    MeasuredClause,
    MeasuredStep,
    MeasuredTestSet,
    RevealedWord,
)
from easeml_action.sealed import Opener, SealedClause, SealedVerdict, unseal


def disclose(
    test_set: KnownTestSet,
    vault: Opener,
    *,
    newest: int | None = None,
    subject_of: Callable[[str], str] = lambda _: "",
) -> MeasuredTestSet:
    """Return what the steps of a test set measured; public only once it has retired.

    Parameters
    ----------
    test_set
        As the ledger knows it.
    vault
        Opens the sealed verdicts.
    newest
        How many of its steps, the last ones; None for all. Every interval takes its time.
    subject_of
        Returns the first line of a commit's message, empty where it is not known.
    """
    contract = test_set.contract
    question = test_set.evaluations[-1].question if test_set.evaluations else None
    terms = Terms(
        "" if question is None else question.condition,
        contract.reliability,
        "fp-free" if question is None else question.mode,
        contract.adaptivity,
        contract.steps,
        contract.passes,
    )
    left = _left_after_each(test_set)
    steps = list(zip(test_set.evaluations, left, strict=True))
    return MeasuredTestSet(
        test_set=test_set.test_set,
        rows=test_set.rows,
        retired=test_set.is_retired,
        reliability=contract.reliability,
        steps_allowed=contract.steps,
        adaptivity=contract.adaptivity,
        promise=terms.promise,
        retirement=terms.retirement,
        steps=tuple(
            _open(evaluation, after, vault, subject_of(evaluation.reserved.commit))
            for evaluation, after in steps[-newest if newest else None :]
        ),
    )


def _left_after_each(test_set: KnownTestSet) -> Sequence[int]:
    """Count the steps left after each step, at most, by the verdicts up to it."""
    contract, passes, fails = test_set.contract, 0, 0
    left = []
    for taken, each in enumerate(test_set.evaluations, 1):
        passes += each.word == "pass"
        fails += each.word == "fail"
        remaining = contract.budget.remaining(passes, fails, test_set.ln_alpha_floor)
        left.append(min(contract.steps - taken, remaining.most))
    return left


def _open(evaluation: Evaluation, left: int, vault: Opener, subject: str) -> MeasuredStep:
    reserved, question, verdict = evaluation.reserved, evaluation.question, evaluation.verdict
    content = None if verdict is None else unseal(vault, verdict.sealed)
    word: RevealedWord = "unfinished" if content is None else content.word
    return MeasuredStep(
        step=reserved.step,
        commit=reserved.commit,
        time=reserved.time,
        condition=question.condition,
        mode=question.mode,
        verdict=word,
        left=left,
        run=reserved.run,
        subject=subject,
        level=None if content is None else math.exp(content.ln_level),
        variables={} if content is None else content.tally.shares,
        clauses=()
        if content is None
        else tuple(_measured(each, content) for each in content.clauses),
    )


def _measured(sealed: SealedClause, content: SealedVerdict) -> MeasuredClause:
    (clause,) = parse(sealed.clause).clauses
    return MeasuredClause(
        clause=sealed.clause,
        expression=sealed.expression,
        comparison=clause.comparison,
        threshold=float(clause.threshold),
        tolerance=float(clause.tolerance),
        truth=sealed.truth,
        estimate=sealed.estimate,
        interval=content.interval_of(sealed),
    )
