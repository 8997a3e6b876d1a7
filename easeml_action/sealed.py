"""The sealed verdict: the bit and what was measured, for the key holder alone.

It stands in the public ledger, so its length must tell nothing: the text is padded to one block
before it is encrypted, and the vault does not compress.
"""

import json
import math
import re
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol, Self, get_args

from easeml_action.condition import clause_text
from easeml_action.errors import GateError
from easeml_action.statistics import Judgement, Outcomes, Truth

BLOCK = 8_192  # bytes: enough for every clause of the longest condition
_SCHEMA = 1
_DIGITS = 12  # significant ones of an estimate


class SealedVerdictUnreadable(GateError):
    """What was decrypted is no sealed verdict."""

    def __init__(self) -> None:
        super().__init__(
            "A sealed verdict was opened and cannot be read.",
            "Use the version of easeml that wrote it, or a later one.",
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
    estimate, standard_error
        Of its left-hand side, in its own units; both finite.
    """

    clause: str
    truth: Truth
    estimate: float
    standard_error: float

    def __post_init__(self) -> None:
        if self.truth not in get_args(Truth):
            raise ValueError(f"truth must be one of {', '.join(get_args(Truth))}")
        _check_finite(self.estimate, self.standard_error)

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
    variables
        Estimates of those of n, o and d that were measured; all finite.
    clauses
        One for each clause of the condition, in its order.
    """

    passed: bool
    variables: dict[str, float]
    clauses: tuple[SealedClause, ...]

    def __post_init__(self) -> None:
        _check_finite(*self.variables.values())

    @classmethod
    def of(cls, judgement: Judgement, outcomes: Outcomes) -> Self:
        """Gather what a judgement and the outcomes behind it say."""
        measured = {
            "n": outcomes.new_correct,
            "o": outcomes.old_correct,
            "d": outcomes.differ,
        }
        return cls(
            passed=judgement.passed,
            variables={
                name: _rounded(float(values.mean()))
                for name, values in measured.items()
                if values is not None
            },
            clauses=tuple(
                SealedClause(
                    clause_text(each.clause),
                    each.truth,
                    _rounded(each.estimate),
                    _rounded(each.standard_error),
                )
                for each in judgement.clauses
            ),
        )

    @property
    def word(self) -> Literal["pass", "fail"]:
        """The verdict, for the key holder."""
        return "pass" if self.passed else "fail"

    @property
    def estimates(self) -> tuple[tuple[str, float], ...]:
        """Names and estimates: the variables first, then the expressions of the clauses."""
        expressions = {each.expression: each.estimate for each in self.clauses}
        return tuple((self.variables | expressions).items())

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
                variables={str(key): float(value) for key, value in fields["variables"].items()},
                clauses=tuple(
                    SealedClause(
                        str(each["clause"]),
                        each["truth"],
                        float(each["estimate"]),
                        float(each["standard_error"]),
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


def _check_finite(*numbers: float) -> None:
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError("every estimate must be finite")


def _rounded(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")
