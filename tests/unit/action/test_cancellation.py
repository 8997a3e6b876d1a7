import signal

import pytest

from easeml_action.cancellation import Cancellation, Interrupted, undisturbed

SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_ends_the_work_and_the_next_ones_do_nothing(
    number: signal.Signals,
) -> None:
    done = []

    def work(cancellation: Cancellation) -> None:
        with cancellation.allowed():
            try:
                signal.raise_signal(number)
                done.append("more")
            finally:
                for other in SIGNALS:
                    signal.raise_signal(other)
                done.append("cleared up")

    with Cancellation() as cancellation:
        with pytest.raises(Interrupted):
            work(cancellation)
        signal.raise_signal(number)

    assert done == ["cleared up"]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_before_or_after_the_work_does_nothing(number: signal.Signals) -> None:
    with Cancellation() as cancellation:
        signal.raise_signal(number)
        with cancellation.allowed():
            pass
        signal.raise_signal(number)


def test_the_handlers_of_before_are_back_afterwards() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with Cancellation():
        assert [signal.getsignal(number) for number in SIGNALS] != before

    assert [signal.getsignal(number) for number in SIGNALS] == before


@pytest.mark.parametrize("number", SIGNALS)
def test_what_is_cleared_away_is_cleared_to_its_end_before_a_signal_is_heard(
    number: signal.Signals,
) -> None:
    done = []

    def work(cancellation: Cancellation) -> None:
        with cancellation.allowed():
            with undisturbed():
                for each in (number, *SIGNALS):
                    signal.raise_signal(each)
                done.append("cleared up")
            done.append("more")

    with Cancellation() as cancellation:
        with pytest.raises(Interrupted):
            work(cancellation)
        signal.raise_signal(number)

    assert done == ["cleared up"]
