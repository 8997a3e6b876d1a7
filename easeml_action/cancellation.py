"""The runner's signals: the first ends a run at work, and none disturbs its end."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

from easeml_action.errors import GateError

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Cancelled(GateError):
    """The run was told to stop."""

    def __init__(self) -> None:
        super().__init__("The run was cancelled.", "Run the job again: a reserved step is resumed.")


class Interrupted(BaseException):
    """A signal came: raised wherever the run has got to, past every room's handling of errors."""


class Cancellation:
    """Handles the signals by which a runner ends a job, SIGINT and then SIGTERM.

    Inside its block they do nothing, but for the first one inside `allowed`.
    """

    def __init__(self) -> None:
        self._is_allowed = False

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._receive) for number in _SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Turn the first signal into an exception, so that a cancelled run can settle its status.

        Raises
        ------
        Interrupted
            From wherever the block has got to.
        """
        self._is_allowed = True
        try:
            yield
        finally:
            self._is_allowed = False

    def _receive(self, _signal: int, _frame: FrameType | None) -> None:
        if self._is_allowed:
            self._is_allowed = False
            raise Interrupted


@contextmanager
def undisturbed() -> Iterator[None]:
    """Clear something away to the end: a signal that comes meanwhile is handled right after it.

    A mask would not do: a thread of a library without one takes the signal, and it reaches us.
    """
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: came.append(number)) for number in _SIGNALS
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])
