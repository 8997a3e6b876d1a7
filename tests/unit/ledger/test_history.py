"""The state that records lead to, and the records that cannot be true."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easeml_action.ledger import (
    Contract,
    ContractChanged,
    Genesis,
    History,
    KnownCiphertext,
    LedgerInconsistent,
    OpenedTestSet,
    Question,
    Record,
    ReservedStep,
    ResumedStep,
    Verdict,
)
from easeml_action.statistics import Remaining

TIME = "2026-01-02T03:04:05Z"
SEALED = "-----BEGIN PGP MESSAGE-----\n\nhQEMA+abc=\n-----END PGP MESSAGE-----\n"
GENESIS = Genesis("0" * 32, None, TIME)


def asks(model: str, test_set: str = "rows-a", **more: Any) -> Question:
    return Question(test_set, "n > 0.8 +/- 0.05", "fp-free", model, **more)


def reserves(model: str, step: int, passes: int = 0, fails: int = 0, **more: Any) -> ReservedStep:
    return ReservedStep(asks(model, **more), step, passes, fails, "c" * 40, TIME)


def resumes(step: int, number: int = 0) -> ResumedStep:
    return ResumedStep("rows-a", step, TIME, f"{number:032x}")


def judges(step: int, passed: bool | None, test_set: str = "rows-a") -> Verdict:
    return Verdict(test_set, step, passed, SEALED)


def opens(steps: int = 3, adaptivity: Any = "full", **terms: Any) -> OpenedTestSet:
    return OpenedTestSet("rows-a", "a" * 64, 1000, Contract(0.99, steps, adaptivity, **terms), TIME)


def test_no_records_are_no_test_sets() -> None:
    empty = History()
    assert empty.genesis is None
    assert empty.test_sets == empty.retired_test_sets == ()
    assert empty.identify("a" * 64) is None
    assert empty.find("rows-a") is None
    assert empty.verdict_on(asks("m")) is None
    assert empty.reservation_for(asks("m")) is None
    assert empty.accepted_models() == frozenset()


def test_a_life_is_read_back(records: tuple[Record, ...]) -> None:
    history = History(records)
    (known,) = history.test_sets
    assert known.contract == Contract(0.99, 2, "full", passes=2)
    assert known.ciphertexts == ("a" * 64, "b" * 64)
    assert (known.rows, known.steps_taken, known.passes, known.fails) == (1000, 2, 1, 1)
    assert [verdict.passed for verdict in known.verdicts] == [True, False]
    assert known.unfinished == ()
    assert known.is_retired
    assert known.remaining == Remaining(0, 0)
    assert known.ln_alpha_floor == -9.21
    assert history.retired_test_sets == (known,)
    assert history.genesis == records[0]


def test_any_ciphertext_of_the_rows_leads_to_the_same_test_set(
    records: tuple[Record, ...],
) -> None:
    history = History(records)
    assert history.identify("a" * 64) is history.identify("b" * 64) is history.find("rows-a")
    assert history.identify("c" * 64) is None


def test_an_equal_question_finds_its_step_and_another_does_not() -> None:
    history = History(
        [GENESIS, opens(), reserves("m1", 1), judges(1, False), reserves("m2", 2, 0, 1)]
    )
    assert history.verdict_on(asks("m1")) == judges(1, False)
    assert history.reservation_for(asks("m1")) is None
    assert history.verdict_on(asks("m2")) is None
    assert history.reservation_for(asks("m2")) == reserves("m2", 2, 0, 1)
    for different in (
        asks("m3"),
        asks("m1", test_set="rows-b"),
        asks("m1", old="m0"),
        replace(asks("m1"), condition="n > 0.8 +/- 0.04"),
        replace(asks("m1"), mode="fn-free"),
    ):
        assert history.evaluation_of(different) is None


def test_a_step_that_is_charged_and_never_judged_stays_charged() -> None:
    history = History([GENESIS, opens(steps=2), reserves("m1", 1), reserves("m2", 2)])
    (known,) = history.test_sets
    assert known.is_retired
    assert known.remaining == Remaining(0, 0)
    assert [each.step for each in known.unfinished] == [1, 2]


def test_a_step_may_be_begun_again_nine_times_and_is_charged_once() -> None:
    records: list[Record] = [GENESIS, opens(steps=2), reserves("m1", 1)]
    for number in range(9):
        assert History(records).charged(asks("m1")).may_resume
        records.append(resumes(1, number))
    history = History(records)
    assert not history.charged(asks("m1")).may_resume
    assert history.test_sets[0].steps_taken == 1
    assert History([*records, judges(1, True)]).test_sets[0].passes == 1


def test_the_first_change_retires_the_test_set() -> None:
    records = [GENESIS, opens(7, "firstChange"), reserves("m1", 1), judges(1, False)]
    assert History(records).test_sets[0].remaining == Remaining(if_all_fail=6, if_all_pass=1)
    records += [reserves("m2", 2, 0, 1), judges(2, True)]
    assert History(records).test_sets[0].is_retired
    assert History(records).test_sets[0].remaining == Remaining(0, 0)


def test_a_limit_of_passes_retires_the_test_set() -> None:
    records: list[Record] = [GENESIS, opens(7, "full", passes=2)]
    for step, passes in ((1, 0), (2, 1)):
        left = Remaining(if_all_fail=8 - step, if_all_pass=2 - passes)
        assert History(records).test_sets[0].remaining == left
        assert not History(records).test_sets[0].is_retired
        records += [reserves(f"m{step}", step, passes), judges(step, True)]
    assert History(records).test_sets[0].is_retired


def test_a_metered_test_set_is_spent_once_its_level_is_out_of_reach_of_its_rows() -> None:
    opened = opens(7, "metered", pass_rate=0.2)
    level = opened.contract.budget.ln_alpha(passes=1)
    life = [reserves("m1", 1), judges(1, True)]
    for floor, left in (
        (None, Remaining(6, 6)),
        (level - 0.1, Remaining(if_all_fail=1, if_all_pass=1)),
        (level - 0.5, Remaining(if_all_fail=3, if_all_pass=1)),
        (level + 0.1, Remaining(0, 0)),
    ):
        records = [GENESIS, replace(opened, ln_alpha_floor=floor), *life]
        (known,) = History(records).test_sets
        assert known.remaining == left
        assert known.is_retired == (left.most == 0)
    with pytest.raises(LedgerInconsistent, match="used up"):
        History([*records, reserves("m2", 2, 1)])


def test_an_unfinished_step_is_taken_whatever_it_will_say() -> None:
    (known,) = History([GENESIS, opens(3, "full", passes=2), reserves("m1", 1)]).test_sets
    assert known.remaining == Remaining(if_all_fail=2, if_all_pass=2)


def test_a_step_reserved_before_the_last_pass_may_be_judged_after_it() -> None:
    history = History(
        [
            GENESIS,
            opens(7, "firstChange"),
            reserves("m1", 1),
            reserves("m2", 2),
            judges(1, True),
            judges(2, True),
        ]
    )
    assert history.test_sets[0].passes == 2


def test_accepted_models_are_those_that_passed() -> None:
    history = History(
        [
            GENESIS,
            opens(),
            reserves("m1", 1),
            reserves("m2", 2),
            reserves("m3", 3),
            judges(1, True),
            judges(2, False),
        ]
    )
    assert history.accepted_models() == {"m1"}


def test_under_adaptivity_none_what_may_be_the_old_model_shows_nothing() -> None:
    records = [GENESIS, opens(3, "none"), reserves("m1", 1), reserves("m2", 2), judges(1, None)]
    history = History(records)
    assert history.accepted_models() == {"m1"}
    assert (history.test_sets[0].passes, history.test_sets[0].fails) == (0, 0)
    assert History([*records, judges(2, None)]).accepted_models() == {"m1", "m2"}
    assert not History([*records, judges(2, None)]).test_sets[0].is_retired
    assert History([*records, reserves("m3", 3)]).test_sets[0].is_retired


def test_other_terms_are_refused_with_both() -> None:
    known = History([GENESIS, opens()]).test_sets[0]
    known.require(Contract(0.99, 3, "full"))
    for terms in (
        Contract(0.999, 3, "full"),
        Contract(0.99, 4, "full"),
        Contract(0.99, 3, "none"),
        Contract(0.99, 3, "full", passes=1),
    ):
        with pytest.raises(ContractChanged) as refused:
            known.require(terms)
        assert str(known.contract) in refused.value.problem
        assert str(terms) in refused.value.problem
        assert "rotate the test set" in refused.value.remedy


IMPOSSIBLE: list[tuple[str, Sequence[Record]]] = [
    ("begins with its one genesis", [opens()]),
    ("begins with its one genesis", [GENESIS, GENESIS]),
    ("a test set that is open", [GENESIS, opens(), replace(opens(), ciphertext="b" * 64)]),
    ("to two test sets", [GENESIS, opens(), replace(opens(), test_set="rows-b")]),
    ("never opened", [GENESIS, KnownCiphertext("rows-a", "b" * 64)]),
    ("known before", [GENESIS, opens(), KnownCiphertext("rows-a", "a" * 64)]),
    ("never opened", [GENESIS, reserves("m", 1)]),
    ("charges a question twice", [GENESIS, opens(), reserves("m", 1), reserves("m", 2)]),
    ("used up", [GENESIS, opens(1), reserves("m", 1), reserves("n", 2)]),
    (
        "used up",
        [GENESIS, opens(3, "firstChange"), reserves("m", 1), judges(1, True), reserves("n", 2, 1)],
    ),
    ("not the next one", [GENESIS, opens(), reserves("m", 2)]),
    ("not the next one", [GENESIS, opens(), reserves("m", 1), reserves("n", 1)]),
    ("other verdicts", [GENESIS, opens(), reserves("m", 1, 1)]),
    ("other verdicts", [GENESIS, opens(), reserves("m", 1), judges(1, False), reserves("n", 2)]),
    ("never reserved", [GENESIS, opens(), judges(1, True)]),
    ("never reserved", [GENESIS, judges(1, True)]),
    ("never reserved", [GENESIS, opens(), resumes(1)]),
    ("never reserved", [GENESIS, resumes(1)]),
    ("was judged", [GENESIS, opens(), reserves("m", 1), judges(1, True), resumes(1)]),
    (
        "as often as a step may be",
        [GENESIS, opens(), reserves("m", 1), *(resumes(1, number) for number in range(10))],
    ),
    ("judged before", [GENESIS, opens(), reserves("m", 1), judges(1, True), judges(1, True)]),
    ("adaptivity", [GENESIS, opens(), reserves("m", 1), judges(1, None)]),
    ("adaptivity", [GENESIS, opens(3, "none"), reserves("m", 1), judges(1, True)]),
]


@pytest.mark.parametrize(("flaw", "records"), IMPOSSIBLE)
def test_what_cannot_be_true_stops_the_run_at_its_line(
    flaw: str, records: Sequence[Record]
) -> None:
    with pytest.raises(LedgerInconsistent, match=f"Line {len(records)} .*{flaw}"):
        History(records)


@given(
    st.lists(
        st.sampled_from(["reserve", "pass", "fail", "pass oldest", "fail oldest"]), max_size=40
    ),
    st.integers(1, 8),
    st.sampled_from([("full", {}), ("full", {"passes": 1}), ("firstChange", {}), ("none", {})]),
)
def test_the_state_follows_a_simple_count_and_never_exceeds_the_budget(
    moves: list[str], steps: int, terms: tuple[Any, dict[str, int]]
) -> None:
    adaptivity, more = terms
    limit = 1 if adaptivity == "firstChange" else more.get("passes", steps)
    records: list[Record] = [GENESIS, opens(steps, adaptivity, **more)]
    taken, passes, fails, waiting = 0, 0, 0, []
    for move in moves:
        retired = taken == steps or passes >= limit
        known = History(records).test_sets[0]
        assert known.is_retired == retired
        assert known.remaining.most == (0 if retired else steps - taken)
        assert (known.steps_taken, known.passes, known.fails) == (taken, passes, fails)
        assert [each.step for each in known.unfinished] == sorted(waiting)
        if move == "reserve":
            step = reserves(f"m{taken + 1}", taken + 1, passes, fails)
            if retired:
                with pytest.raises(LedgerInconsistent):
                    History([*records, step])
                continue
            records.append(step)
            taken += 1
            waiting.append(taken)
        elif waiting:
            passed = move.startswith("pass")
            answered = waiting.pop(0 if move.endswith("oldest") else -1)
            records.append(judges(answered, None if adaptivity == "none" else passed))
            passes += passed and adaptivity != "none"
            fails += not passed and adaptivity != "none"
