"""How long the ledger takes to read, check and append, and how that grows with its records."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from benchmarks.table import show
from easeml_action.ledger import (
    Contract,
    Genesis,
    History,
    OpenedTestSet,
    Question,
    Record,
    ReservedStep,
    Verdict,
    chain,
)

Result = TypeVar("Result")

SIZES: Final = (1_000, 10_000, 40_000)  # records
STEPS: Final = 1_000
KEY: Final = bytes(range(32))

_TIME: Final = "2026-01-02T03:04:05Z"
_CONDITION: Final = "n - o > 0.02 +/- 0.01 /\\ d < 0.1 +/- 0.01"
# As long as a sealed verdict is.
_LINE: Final = "hQEMA+abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTU+\n"
_SEALED: Final = f"-----BEGIN PGP MESSAGE-----\n\n{14 * _LINE}-----END PGP MESSAGE-----\n"


@dataclass(frozen=True)
class Growth:
    """One size of ledger.

    Parameters
    ----------
    records
        How many there are.
    megabytes
        Of the file.
    read, check, append
        Seconds of processor time: to read the file and check chain and seals; to follow the rules
        through all records; to add one more to a ledger that has been read.
    again
        Seconds to read and check the file once more, one record longer, as a run does that has
        read it before.
    """

    records: int
    megabytes: float
    read: float
    check: float
    append: float
    again: float

    @property
    def whole(self) -> float:
        """Seconds for all of it, once."""
        return self.read + self.check + self.append


def life(records: int) -> list[Record]:
    """Return a ledger in which every step of one test set after the other fails."""
    written: list[Record] = [Genesis("0" * 32, "1234", _TIME)]
    for number in range(records // (2 * STEPS) + 1):
        name = f"rows-{number}"
        contract = Contract(0.999, STEPS, "full")
        written.append(OpenedTestSet(name, f"{number:064x}", 5_000, contract, _TIME))
        for step in range(1, STEPS + 1):
            model, run = f"{number:032x}{step:032x}", f"https://github.com/runs/{step}"
            question = Question(name, _CONDITION, "fp-free", model, "ab" * 32, '"label"')
            mark = f"{step:032x}"
            known = (0, step - 1)
            written.append(ReservedStep(question, step, *known, "c" * 40, _TIME, run, mark))
            written.append(Verdict(name, step, False, _SEALED))
    return written[:records]


def measure() -> list[Growth]:
    """Measure every size."""
    return [_measure_one(size) for size in SIZES]


def _measure_one(size: int) -> Growth:
    *records, last = life(size + 1)
    data = chain.to_bytes(chain.extend((), records, KEY))
    links, read = _timed(lambda: chain.read(data, KEY))
    history, check = _timed(lambda: History([link.record for link in links]))
    added, extend = _timed(lambda: chain.extend(links, [last], KEY))
    longer = data + chain.to_bytes(added)
    _, follow = _timed(lambda: History([*history.records, last]))
    _, again = _timed(lambda: chain.read(longer, KEY, chain.Verified(data, links)))
    return Growth(size, len(data) / 1e6, read, check, extend + follow, again + follow)


def _timed(call: Callable[[], Result]) -> tuple[Result, float]:
    start = time.process_time()
    result = call()
    return result, time.process_time() - start


def report() -> None:
    """Print the table."""
    show(
        "The ledger: processor time to read and check all records, and to append one",
        ["records", "file", "read", "check", "append", "in all", "records/s", "read again"],
        [
            [
                f"{each.records:,}",
                f"{each.megabytes:.1f} MB",
                f"{1000 * each.read:,.0f} ms",
                f"{1000 * each.check:,.0f} ms",
                f"{1000 * each.append:,.0f} ms",
                f"{1000 * each.whole:,.0f} ms",
                f"{each.records / each.whole:,.0f}",
                f"{1000 * each.again:,.0f} ms",
            ]
            for each in measure()
        ],
        "Aim: 10,000 records in less than 1,000 ms in all.",
        words=0,
    )
