"""The sealed verdict: the bit and what was measured, for the key holder alone.

It stands in the public ledger, so its length must tell nothing: the text is padded to one block
before it is encrypted, and the vault does not compress.
"""

import json
import math
import re
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol, Self, get_args

from easeml_action.condition import clause_text, parse
from easeml_action.errors import GateError
from easeml_action.statistics import (
    Clause,
    Interval,
    Judgement,
    Outcomes,
    Tally,
    Truth,
    counted_interval,
    needs_order,
    ordered_interval,
)

BLOCK = 8_192  # bytes: enough for every clause of the longest condition
_SCHEMA = 2
_DIGITS = 12  # significant ones of an estimate


class SealedVerdictUnreadable(GateError):
    """What was decrypted is no sealed verdict."""

    def __init__(self) -> None:
        super().__init__(
            "A sealed verdict was opened and cannot be read.",
            "Use the version of easeml that wrote it.",
        )


class Sealer(Protocol):
    """What encrypts to the key holder, without compressing."""

    def encrypt(self, plaintext: bytes) -> str:
        """Return an armored message."""


class Opener(Protocol):
    """What decrypts as the key holder."""

    def decrypt(self, ciphertext: bytes) -> bytes:
        """Return the plaintext of a message."""


@dataclass(frozen=True)
class SealedClause:
    """What a step measured of one clause.

    Parameters
    ----------
    clause
        Its canonical text.
    truth
        What the test said of it.
    estimate
        Of its left-hand side, in its own units; finite.
    interval
        The values of it that the test does not refute, where they depend on the order of the
        rows; both ends finite. None where they follow from the counts of the verdict.
    """

    clause: str
    truth: Truth
    estimate: float
    interval: Interval | None = None

    def __post_init__(self) -> None:
        if self.truth not in get_args(Truth):
            raise ValueError(f"truth must be one of {', '.join(get_args(Truth))}")
        _check_finite(self.estimate, *(self.interval or ()))

    @property
    def expression(self) -> str:
        """The left-hand side of the clause, as text."""
        return re.split(r" [<>] ", self.clause)[0]


@dataclass(frozen=True)
class SealedVerdict:
    """What a step measured.

    Parameters
    ----------
    passed
        The one bit.
    ln_level
        The logarithm of the error level of each clause; finite, below 0.
    tally
        What was counted.
    clauses
        One for each clause of the condition, in its order.
    """

    passed: bool
    ln_level: float
    tally: Tally
    clauses: tuple[SealedClause, ...]

    def __post_init__(self) -> None:
        _check_finite(self.ln_level)
        if self.ln_level >= 0:
            raise ValueError("ln_level must be below 0")

    @classmethod
    def of(cls, judgement: Judgement, outcomes: Outcomes) -> Self:
        """Gather what a judgement and the outcomes behind it say.

        An interval that follows from counts is left to whoever opens the seal: finding it takes
        longer for some outcomes than for others, and how long a run takes is public.
        """
        ln_level = judgement.ln_level

        def interval(clause: Clause) -> Interval | None:
            if not needs_order(clause):
                return None
            low, high = ordered_interval(clause, outcomes, ln_level)
            return _rounded(low), _rounded(high)

        return cls(
            passed=judgement.passed,
            ln_level=ln_level,
            tally=Tally.of(outcomes),
            clauses=tuple(
                SealedClause(
                    clause_text(each.clause),
                    each.truth,
                    _rounded(each.estimate),
                    interval(each.clause),
                )
                for each in judgement.clauses
            ),
        )

    @property
    def word(self) -> Literal["pass", "fail"]:
        """The verdict, for the key holder."""
        return "pass" if self.passed else "fail"

    def interval_of(self, clause: SealedClause) -> Interval:
        """Return the values of a clause's left-hand side that its test did not refute."""
        if clause.interval is not None:
            return clause.interval
        (parsed,) = parse(clause.clause).clauses
        return counted_interval(parsed, self.tally, self.ln_level)

    def to_bytes(self) -> bytes:
        """Return the text that is encrypted: JSON and spaces, ``BLOCK`` bytes in all.

        Raises
        ------
        ValueError
            There is more than a block holds, which no condition that can be read leads to.
        """
        text = json.dumps({"schema": _SCHEMA, **asdict(self)}, separators=(",", ":")).encode()
        if len(text) > BLOCK:
            raise ValueError(f"clauses: they take {len(text)} bytes of {BLOCK}")
        return text.ljust(BLOCK)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read the decrypted text back.

        Raises
        ------
        SealedVerdictUnreadable
            It is not what `to_bytes` writes.
        """
        if len(data) != BLOCK:
            raise SealedVerdictUnreadable
        try:
            fields: Any = json.loads(data)
            if fields["schema"] != _SCHEMA or not isinstance(fields["passed"], bool):
                raise SealedVerdictUnreadable
            return cls(
                passed=fields["passed"],
                ln_level=float(fields["ln_level"]),
                tally=Tally(**fields["tally"]),
                clauses=tuple(
                    SealedClause(
                        str(each["clause"]),
                        each["truth"],
                        float(each["estimate"]),
                        _read_interval(each["interval"]),
                    )
                    for each in fields["clauses"]
                ),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise SealedVerdictUnreadable from None


def seal(vault: Sealer, judgement: Judgement, outcomes: Outcomes) -> str:
    """Encrypt what a step measured to the key holder, in a text of one length."""
    return vault.encrypt(SealedVerdict.of(judgement, outcomes).to_bytes())


def unseal(vault: Opener, text: str) -> SealedVerdict:
    """Open a sealed verdict.

    Raises
    ------
    SealedVerdictUnreadable
        The message holds something else.
    GateError
        By the vault, where it cannot open the message.
    """
    return SealedVerdict.from_bytes(vault.decrypt(text.encode()))


def _read_interval(ends: Any) -> Interval | None:
    if ends is None:
        return None
    low, high = ends
    return float(low), float(high)


def _check_finite(*numbers: float) -> None:
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError("every estimate must be finite")


def _rounded(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")
