"""How often and how long the remote is asked again."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """How long a change is tried for.

    Parameters
    ----------
    tries
        Attempts at most.
    seconds
        Time in all, after which no new attempt begins.
    first_pause, longest_pause
        The pause before attempt ``k`` is uniform on 0 to ``first_pause * 2**k`` seconds, and on
        0 to ``longest_pause`` once that is less.
    answer
        Seconds in which the remote must complete one request.
    """

    tries: int = 200
    seconds: float = 180.0
    first_pause: float = 0.1
    longest_pause: float = 4.0
    answer: float = 60.0

    def attempts(self) -> Iterator[int]:
        """Count attempts, pausing before each but the first."""
        end = time.monotonic() + self.seconds
        yield 0
        for attempt in range(1, self.tries):
            longest = min(self.longest_pause, self.first_pause * 2 ** min(attempt, 30))
            pause = random.uniform(0, longest)  # noqa: S311  spreads the runs, guards nothing
            if time.monotonic() + pause >= end:
                return
            time.sleep(pause)
            yield attempt
