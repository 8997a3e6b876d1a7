"""The text inside a sealed verdict: one length whatever it says, and strict on the way back."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easeml_action.condition import parse
from easeml_action.sealed import BLOCK, SealedClause, SealedVerdict, SealedVerdictUnreadable
from easeml_action.statistics import Outcomes, Tally, counted_interval, judge, ordered_interval

CONDITION = parse(r"n - o > 0.02 +/- 0.01 /\ d < 0.4 +/- 0.01")
TALLY = Tally(10, n=5)
CLAUSE = '[{"clause": "n", "truth": "true", "estimate": 0.5, "interval": null}]'
READABLE = (
    '{"schema": 2, "passed": true, "ln_level": -3.0, "tally": {"rows": 10, "n": 5}, "clauses": []}'
)

estimates = st.floats(allow_nan=False, allow_infinity=False)
clauses = st.builds(
    SealedClause,
    clause=st.sampled_from(["n > 0.8 +/- 0.05", "n - 1.1*o > 0 +/- 0.1"]),
    truth=st.sampled_from(["true", "false", "unknown"]),
    estimate=estimates,
    interval=st.none() | st.tuples(estimates, estimates),
)
tallies = st.builds(
    Tally, rows=st.just(10**12), d=st.none() | st.integers(0, 10**12), old_is_complete=st.booleans()
)
verdicts = st.builds(
    SealedVerdict,
    passed=st.booleans(),
    ln_level=st.floats(-1e9, -1e-9),
    tally=tallies,
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
    assert verdict.ln_level == math.log(0.01)
    assert verdict.tally == Tally(10, n=8, o=5, d=3, wins=3)
    first, second = verdict.clauses
    assert (first.clause, first.expression) == ("n - o > 0.02 +/- 0.01", "n - o")
    assert first.estimate == pytest.approx(0.3)
    assert (second.clause, second.expression) == ("d < 0.4 +/- 0.01", "d")


def test_only_what_was_measured_is_in_it() -> None:
    clauses = parse("n > 0.8 +/- 0.05").clauses
    measured = Outcomes(np.array([True, False]))
    judgement = judge(clauses, measured, math.log(0.01), "fn-free")
    assert SealedVerdict.of(judgement, measured).tally == Tally(2, n=1)


@pytest.mark.parametrize("text", ["n - o > 0.02 +/- 0.01", "d < 0.4 +/- 0.01"])
def test_an_interval_that_follows_from_counts_is_found_when_it_is_opened(text: str) -> None:
    clauses = parse(text).clauses
    judgement = judge(clauses, outcomes(), math.log(0.01), "fp-free")
    verdict = SealedVerdict.from_bytes(SealedVerdict.of(judgement, outcomes()).to_bytes())
    (clause,) = verdict.clauses
    expected = counted_interval(clauses[0], Tally.of(outcomes()), math.log(0.01))
    assert (clause.interval, verdict.interval_of(clause)) == (None, expected)


def test_an_interval_that_depends_on_the_order_of_the_rows_is_sealed() -> None:
    clauses = parse("n - 1.1*o > 0 +/- 0.1").clauses
    judgement = judge(clauses, outcomes(), math.log(0.3), "fn-free")
    verdict = SealedVerdict.of(judgement, outcomes())
    (clause,) = verdict.clauses
    low, high = ordered_interval(clauses[0], outcomes(), math.log(0.3))
    assert clause.interval == verdict.interval_of(clause) == pytest.approx((low, high))


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
        SealedClause("n > 0.8 +/- 0.05", "true", estimate)
    with pytest.raises(ValueError, match="finite"):
        SealedClause("n > 0.8 +/- 0.05", "true", 0.9, (0.8, estimate))


@pytest.mark.parametrize("ln_level", [math.nan, -math.inf, 0.0])
def test_a_level_is_between_0_and_1(ln_level: float) -> None:
    with pytest.raises(ValueError, match=r"finite|below 0"):
        SealedVerdict(True, ln_level, TALLY, ())


def test_more_than_a_block_is_refused() -> None:
    clause = SealedClause("n > 0.8 +/- 0.05", "true", 0.9)
    with pytest.raises(ValueError, match="clauses"):
        SealedVerdict(True, -3.0, TALLY, (clause,) * 500).to_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[" * BLOCK,
        "[]",
        "{}",
        READABLE.replace("2", "1", 1),
        READABLE.replace("true", "1"),
        READABLE.replace("-3.0", '"x"'),
        READABLE.replace("-3.0", "NaN"),
        READABLE.replace('{"rows": 10, "n": 5}', "[]"),
        READABLE.replace('"n": 5', '"n": 11'),
        READABLE.replace('"n": 5', '"n": "x"'),
        READABLE.replace('"n": 5', '"wins": 5'),
        READABLE.replace('"n": 5', '"other": 5'),
        READABLE.replace('"n": 5', '"old_is_complete": 5'),
        READABLE.replace("[]", "3"),
        READABLE.replace("[]", '[{"clause": "n"}]'),
        READABLE.replace("[]", CLAUSE.replace("null", "[0.1]")),
        READABLE.replace("[]", CLAUSE.replace("null", '[0.1, "x"]')),
    ],
)
def test_anything_else_is_unreadable(text: str) -> None:
    with pytest.raises(SealedVerdictUnreadable):
        SealedVerdict.from_bytes(text.encode().ljust(BLOCK))


@pytest.mark.parametrize("text", [READABLE, READABLE.replace("[]", CLAUSE)])
def test_what_the_refused_texts_were_made_of_is_readable(text: str) -> None:
    assert SealedVerdict.from_bytes(text.encode().ljust(BLOCK)).tally == TALLY


def test_an_unknown_truth_is_unreadable() -> None:
    verdict = SealedVerdict(True, -3.0, TALLY, (SealedClause("n > 0.8 +/- 0.05", "true", 0.9),))
    data = verdict.to_bytes().replace(b'"true"', b'"both"')
    with pytest.raises(SealedVerdictUnreadable):
        SealedVerdict.from_bytes(data)


def test_another_length_is_unreadable() -> None:
    data = SealedVerdict(True, -3.0, TALLY, ()).to_bytes()
    with pytest.raises(SealedVerdictUnreadable):
        SealedVerdict.from_bytes(data.strip())


def test_the_text_is_json_for_whoever_decrypts_it_by_hand() -> None:
    verdict = SealedVerdict(False, -3.0, TALLY, ())
    assert json.loads(verdict.to_bytes())["tally"]["n"] == 5
