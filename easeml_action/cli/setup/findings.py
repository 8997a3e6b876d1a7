"""What a look at a set-up found, piece by piece."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from easeml_action.errors import GateError

# missing: the gate cannot work so. advised: it works, and could be led astray. unknown: it could
# not be looked at from here.
State = Literal["ok", "missing", "advised", "unknown"]

Look = Callable[[], Iterator["Finding"]]


@dataclass(frozen=True)
class Finding:
    """One piece of a set-up.

    Parameters
    ----------
    piece
        What was looked at.
    state
        How it stands.
    fact
        What is there.
    cure
        What to do where something is missing.
    """

    piece: str
    state: State
    fact: str
    cure: str = ""


def look_at(piece: str, look: Look, fault: State = "missing") -> list[Finding]:
    """Return what a look finds; an error on the way is a finding, too.

    Parameters
    ----------
    fault
        How the piece stands where the look ends in an error.
    """
    found: list[Finding] = []
    try:
        found.extend(look())
    except GateError as error:
        found.append(Finding(piece, fault, error.problem, error.remedy))
    return found
