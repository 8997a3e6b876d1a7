"""The text inside a sealed verdict: one length whatever it says, and strict on the way back."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easeml_action.sealed import BLOCK, SealedVerdict, SealedVerdictUnreadable

estimates = st.floats(allow_nan=False, allow_infinity=False)
verdicts = st.builds(
    SealedVerdict,
    passed=st.booleans(),
    variables=st.dictionaries(st.sampled_from("nod"), estimates),
    clauses=st.lists(estimates, max_size=70).map(tuple),
)


@given(verdicts)
def test_every_verdict_has_the_same_length_and_comes_back(verdict: SealedVerdict) -> None:
    data = verdict.to_bytes()
    assert len(data) == BLOCK
    assert SealedVerdict.from_bytes(data) == verdict


@pytest.mark.parametrize("estimate", [math.nan, math.inf])
def test_an_estimate_is_finite(estimate: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        SealedVerdict(passed=True, variables={"n": estimate}, clauses=())


def test_more_than_a_block_is_refused() -> None:
    with pytest.raises(ValueError, match="clauses"):
        SealedVerdict(passed=True, variables={}, clauses=(0.123456789,) * 500).to_bytes()


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
    ],
)
def test_anything_else_is_unreadable(text: str) -> None:
    with pytest.raises(SealedVerdictUnreadable):
        SealedVerdict.from_bytes(text.encode().ljust(BLOCK))


def test_another_length_is_unreadable() -> None:
    data = SealedVerdict(passed=True, variables={}, clauses=()).to_bytes()
    with pytest.raises(SealedVerdictUnreadable):
        SealedVerdict.from_bytes(data.strip())


def test_the_text_is_json_for_whoever_decrypts_it_by_hand() -> None:
    verdict = SealedVerdict(passed=False, variables={"n": 0.5}, clauses=(0.5,))
    assert json.loads(verdict.to_bytes())["variables"] == {"n": 0.5}
