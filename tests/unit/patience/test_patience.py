"""The time that a run may lose to faults: one account, half of what is left for each request."""

import pytest

from easeml_action.patience import Patience


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def read(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def patient(clock: Clock, seconds: float = 100.0, **options: float) -> Patience:
    return Patience(seconds, sleep=clock.sleep, clock=clock.read, **options)


def test_all_requests_together_lose_no_more_than_the_time_in_all(clock: Clock) -> None:
    patience = patient(clock)
    for _ in range(20):
        trial = patience.trial("GitHub")
        while trial.pause():
            clock.sleep(0.5)  # an attempt that fails
    assert 90 < clock.now <= 100 + 20 * 0.5


def test_a_request_that_fails_for_good_leaves_half_of_the_time(clock: Clock) -> None:
    patience = patient(clock)
    trial = patience.trial("GitHub")
    while trial.pause():
        pass
    assert 45 < clock.now <= 50
    assert patience.left == pytest.approx(100 - clock.now)


def test_what_a_server_asks_for_is_waited_for_or_given_up_at_once(clock: Clock) -> None:
    patience = patient(clock)
    assert patience.trial("GitHub").pause(30.0)
    assert 30 <= clock.now < 35
    before = clock.now
    assert not patience.trial("GitHub").pause(50.0)
    assert clock.now == before


def test_an_attempt_that_took_long_counts_and_one_that_succeeds_does_not(clock: Clock) -> None:
    patience = patient(clock)
    trial = patience.trial("GitHub")
    clock.sleep(49.9)
    assert not trial.pause(1.0)
    assert patience.left == pytest.approx(50.1)
    patience.trial("GitHub")
    clock.sleep(40.0)
    assert patience.left == pytest.approx(50.1)


def test_pauses_grow_up_to_the_longest_and_are_spread_by_chance(clock: Clock) -> None:
    patience = patient(clock, 1e6, first_pause=1.0, longest_pause=8.0)
    highest = [0.0] * 8
    for _ in range(200):
        trial = patience.trial("GitHub")
        for attempt in range(8):
            before = clock.now
            trial.pause()
            highest[attempt] = max(highest[attempt], clock.now - before)
    for seen, bound in zip(highest, [2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0], strict=True):
        assert bound / 2 < seen <= bound


@pytest.mark.parametrize("wait", ["pause", "yield_turn"])
def test_attempts_are_bounded(clock: Clock, wait: str) -> None:
    trial = patient(clock, tries=5, first_pause=0.0).trial("GitHub")
    assert [getattr(trial, wait)() for _ in range(5)] == [True] * 4 + [False]


def test_giving_way_to_a_faster_run_costs_nothing_and_ends_with_the_time(clock: Clock) -> None:
    patience = patient(clock)
    trial = patience.trial("GitHub")
    while trial.yield_turn():
        pass
    assert 90 < clock.now <= 100
    assert patience.left == 100


def test_runs_give_way_for_as_long_as_some_of_their_attempts_take(clock: Clock) -> None:
    patience = patient(clock, 1e6, first_pause=0.1)
    highest = [0.0] * 6
    for _ in range(200):
        trial = patience.trial("GitHub")
        for attempt in range(6):
            clock.sleep(3.0)
            before = clock.now
            trial.yield_turn()
            highest[attempt] = max(highest[attempt], clock.now - before)
    for seen, bound in zip(highest, [6.0, 12.0, 24.0, 48.0, 48.0, 48.0], strict=True):
        assert bound / 2 < seen <= bound


def test_who_waits_for_long_is_told_once_for_what_and_how_long(clock: Clock) -> None:
    told: list[str] = []
    patience = Patience(100, sleep=clock.sleep, clock=clock.read, say=told.append)
    trial = patience.trial("GitHub")
    trial.pause(4.0)
    assert told == []
    while trial.pause(4.0):
        pass
    [sentence] = told
    assert sentence.startswith("GitHub does not answer as it should and is asked again, for 4")
    assert sentence.endswith(" seconds at most.")


def test_who_gives_way_for_long_is_told_once(clock: Clock) -> None:
    told: list[str] = []
    patience = Patience(100, sleep=clock.sleep, clock=clock.read, say=told.append)
    trial = patience.trial("The git server")
    while trial.yield_turn():
        clock.sleep(2.0)
    [sentence] = told
    assert sentence.startswith("Other runs are at work, and this one waits for its turn, for ")


@pytest.mark.parametrize(("seconds", "answer"), [(1, 2), (30, 10), (300, 60), (3600, 60)])
def test_one_answer_leaves_time_for_another_attempt(seconds: float, answer: float) -> None:
    assert Patience(seconds).answer == answer
    assert Patience(seconds, answer=0.5).answer == 0.5
