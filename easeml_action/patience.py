"""How often and how long a server is asked again: one account of time for a whole run."""

import math
import random
import time
from collections.abc import Callable
from typing import Final

DEFAULT_SECONDS: Final = 300.0
_LONGEST_ANSWER: Final = 60.0
_SHORTEST_ANSWER: Final = 2.0
_MOST_ATTEMPTS_WAITED: Final = 16
_SILENT_SECONDS: Final = 5.0


class Patience:
    """The time that a run may lose to the faults of servers, all its requests together.

    Every request gets at most half of what is left, so that one that fails for good leaves time
    for those after it: a list of issues that GitHub does not hand over must not keep the commit
    status from being set.

    Parameters
    ----------
    seconds
        Time in all, after which a request that fails is not tried again.
    tries
        Attempts at one request at most.
    first_pause, longest_pause
        The pause before attempt ``k`` is uniform on 0 to ``first_pause * 2**k`` seconds, and on
        0 to ``longest_pause`` once that is less. (Where another run was faster, see
        `Trial.yield_turn`.)
    answer
        Seconds in which a server must complete one answer. By default a third of the time in all,
        which leaves room for another attempt, and a minute at most.
    say
        Called once for each request that makes the run wait for more than some seconds, with a
        sentence that says for what.
    sleep, clock
        Waiting, and seconds that never go back.
    """

    def __init__(
        self,
        seconds: float = DEFAULT_SECONDS,
        *,
        tries: int = 200,
        first_pause: float = 0.1,
        longest_pause: float = 4.0,
        answer: float | None = None,
        say: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds = seconds
        self.tries = tries
        self.first_pause = first_pause
        self.longest_pause = longest_pause
        self.answer = answer or max(_SHORTEST_ANSWER, min(_LONGEST_ANSWER, seconds / 3))
        self.left = seconds
        self.say = say
        self.sleep = sleep
        self.clock = clock

    def trial(self, server: str) -> "Trial":
        """Begin to try one request.

        Parameters
        ----------
        server
            Begins "... does not answer as it should".
        """
        return Trial(self, server)


class Trial:
    """The attempts at one request."""

    def __init__(self, patience: Patience, server: str) -> None:
        self._patience = patience
        self._server = server
        self._share = patience.left / 2
        self._since = self._start = patience.clock()
        self._failed = 0
        self._has_told = False

    def pause(self, at_least: float = 0.0) -> bool:
        """Wait after a fault; say whether to try again.

        Parameters
        ----------
        at_least
            Seconds that the server has asked for.

        Returns
        -------
        bool
            False, without a wait, where the attempts or the time are used up, or would be.
        """
        patience = self._patience
        lost = patience.clock() - self._since
        pause = at_least + self._spread(patience.first_pause, patience.longest_pause)
        if self._failed >= patience.tries or lost + pause > self._share:
            self._charge(lost)
            return False
        left = self._share - lost
        self._tell(pause, f"{self._server} does not answer as it should and is asked again", left)
        patience.sleep(pause)
        self._charge(lost + pause)
        self._since = patience.clock()
        return True

    def yield_turn(self, at_least: float = 0.0) -> bool:
        """Wait after another run was faster, which is no fault; say whether to try again.

        Whoever was faster has got on, so such attempts are bounded on their own. The pauses grow
        with what an attempt takes: runs that come back faster than that only keep each other, and
        the server, from getting on.
        """
        patience = self._patience
        attempt = max(patience.first_pause, patience.clock() - self._since)
        pause = at_least + self._spread(attempt, _MOST_ATTEMPTS_WAITED * attempt)
        left = patience.seconds - (patience.clock() - self._start)
        if self._failed >= patience.tries or pause > left:
            return False
        self._tell(pause, "Other runs are at work, and this one waits for its turn", left)
        patience.sleep(pause)
        self._since = patience.clock()
        return True

    def _spread(self, first: float, longest: float) -> float:
        """Return a pause by chance, so that runs that failed together do not come back together."""
        self._failed += 1
        longest = min(longest, first * 2.0 ** min(self._failed, 30))
        return random.uniform(0, longest)  # noqa: S311  spreads the runs, guards nothing

    def _tell(self, pause: float, sentence: str, left: float) -> None:
        waited = self._patience.clock() + pause - self._start
        if waited >= _SILENT_SECONDS and not self._has_told:
            self._has_told = True
            self._patience.say(f"{sentence}, for {math.ceil(left)} seconds at most.")

    def _charge(self, lost: float) -> None:
        self._share -= lost
        self._patience.left -= lost
