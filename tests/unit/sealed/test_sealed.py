"""The text inside a sealed verdict: one length whatever it says, and strict on the way back."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easeml_action.condition import parse
from easeml_action.sealed import BLOCK, SealedClause, SealedVerdict, SealedVerdictUnreadable
from easeml_action.statistics import Outcomes, judge

CONDITION = parse(r"n - o > 0.02 +/- 0.01 /\ d < 0.4 +/- 0.01")

estimates = st.floats(allow_nan=False, allow_infinity=False)
clauses = st.builds(
    SealedClause,
    clause=st.sampled_from(["n > 0.8 +/- 0.05", "n - 1.1*o > 0 +/- 0.1"]),
    truth=st.sampled_from(["true", "false", "unknown"]),
    estimate=estimates,
    standard_error=estimates,
)
verdicts = st.builds(
    SealedVerdict,
    passed=st.booleans(),
    variables=st.dictionaries(st.sampled_from("nod"), estimates),
    clauses=st.lists(clauses, max_size=40).map(tuple),
)


def outcomes() -> Outcomes:
    new = np.array([True] * 8 + [False] * 2)
    old = np.array([False] * 2 + [True] * 5 + [False] * 3)
    return Outcomes(new, old, new != old)


def test_it_holds_what_was_measured_of_every_variable_and_clause() -> None:
    judgement = judge(CONDITION.clauses, outcomes(), math.log(0.01), "fp-free")
    verdict = SealedVerdict.of(judgement, outcomes())
    assert verdict.passed is judgement.passed is False
    assert verdict.variables == {"n": 0.8, "o": 0.5, "d": 0.3}
    first, second = verdict.clauses
    assert (first.clause, first.expression) == ("n - o > 0.02 +/- 0.01", "n - o")
    assert first.estimate == pytest.approx(0.3)
    assert second.clause == "d < 0.4 +/- 0.01"
    assert [name for name, _ in verdict.estimates] == ["n", "o", "d", "n - o"]


def test_only_what_was_measured_is_in_it() -> None:
    clauses = parse("n > 0.8 +/- 0.05").clauses
    measured = Outcomes(np.array([True, False]))
    judgement = judge(clauses, measured, math.log(0.01), "fn-free")
    assert SealedVerdict.of(judgement, measured).estimates == (("n", 0.5),)


@given(verdicts)
def test_every_verdict_has_the_same_length_and_comes_back(verdict: SealedVerdict) -> None:
    data = verdict.to_bytes()
    assert len(data) == BLOCK
    assert SealedVerdict.from_bytes(data) == verdict


def test_the_longest_condition_fits() -> None:
    condition = parse(r" /\ ".join(["n > 0 +/- 1"] * 66))
    rows = np.arange(9_973) % 7 > 0
    measured = Outcomes(rows)
    judgement = judge(condition.clauses, measured, math.log(0.01), "fp-free")
    assert len(str(condition)) > 900
    assert len(SealedVerdict.of(judgement, measured).to_bytes()) == BLOCK


@pytest.mark.parametrize("estimate", [math.nan, math.inf])
def test_an_estimate_is_finite(estimate: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        SealedVerdict(passed=True, variables={"n": estimate}, clauses=())
    with pytest.raises(ValueError, match="finite"):
        SealedClause("n > 0.8 +/- 0.05", "true", estimate, 0.0)


def test_more_than_a_block_is_refused() -> None:
    clause = SealedClause("n > 0.8 +/- 0.05", "true", 0.9, 0.1)
    with pytest.raises(ValueError, match="clauses"):
        SealedVerdict(passed=True, variables={}, clauses=(clause,) * 500).to_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[" * BLOCK,
        "[]",
        "{}",
        '{"schema": 2, "passed": true, "variables": {}, "clauses": []}',
        '{"schema": 1, "passed": 1, "variables": {}, "clauses": []}',
        '{"schema": 1, "passed": true, "variables": [], "clauses": []}',
        '{"schema": 1, "passed": true, "variables": {"n": "x"}, "clauses": []}',
        '{"schema": 1, "passed": true, "variables": {"n": NaN}, "clauses": []}',
        '{"schema": 1, "passed": true, "variables": {}, "clauses": 3}',
        '{"schema": 1, "passed": true, "variables": {}, "clauses": [{"clause": "n"}]}',
    ],
)
def test_anything_else_is_unreadable(text: str) -> None:
    with pytest.raises(SealedVerdictUnreadable):
        SealedVerdict.from_bytes(text.encode().ljust(BLOCK))


def test_an_unknown_truth_is_unreadable() -> None:
    verdict = SealedVerdict(True, {}, (SealedClause("n > 0.8 +/- 0.05", "true", 0.9, 0.1),))
    data = verdict.to_bytes().replace(b'"true"', b'"both"')
    with pytest.raises(SealedVerdictUnreadable):
        SealedVerdict.from_bytes(data)


def test_another_length_is_unreadable() -> None:
    data = SealedVerdict(passed=True, variables={}, clauses=()).to_bytes()
    with pytest.raises(SealedVerdictUnreadable):
        SealedVerdict.from_bytes(data.strip())


def test_the_text_is_json_for_whoever_decrypts_it_by_hand() -> None:
    verdict = SealedVerdict(passed=False, variables={"n": 0.5}, clauses=())
    assert json.loads(verdict.to_bytes())["variables"] == {"n": 0.5}
