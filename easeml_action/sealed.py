"""The sealed verdict: the bit and what was measured, for the key holder alone.

It stands in the public ledger, so its length must tell nothing: the text is padded to one block
before it is encrypted, and the vault does not compress.
"""

import json
import math
from dataclasses import dataclass
from typing import Any, Protocol, Self

from easeml_action.errors import GateError

BLOCK = 4_096  # bytes: enough for the clauses of the longest condition
_SCHEMA = 1


class SealedVerdictUnreadable(GateError):
    """What was decrypted is no sealed verdict."""

    def __init__(self) -> None:
        super().__init__(
            "A sealed verdict was opened and cannot be read.",
            "Use the version of easeml that wrote it, or a later one.",
        )


class Sealer(Protocol):
    """What encrypts to the key holder."""

    def encrypt(self, plaintext: bytes) -> str:
        """Return an armored message."""


class Opener(Protocol):
    """What decrypts as the key holder."""

    def decrypt(self, ciphertext: bytes) -> bytes:
        """Return the plaintext of a message."""


@dataclass(frozen=True)
class SealedVerdict:
    """What a step measured.

    Parameters
    ----------
    passed
        The one bit.
    variables
        Estimates of those of n, o and d that were measured.
    clauses
        Estimates of the left-hand sides of the condition's clauses, in their order.

    Raises
    ------
    ValueError
        An estimate is not finite.
    """

    passed: bool
    variables: dict[str, float]
    clauses: tuple[float, ...]

    def __post_init__(self) -> None:
        if not all(math.isfinite(value) for value in (*self.variables.values(), *self.clauses)):
            raise ValueError("variables, clauses: every estimate must be finite")

    def to_bytes(self) -> bytes:
        """Return the text that is encrypted: JSON and spaces, ``BLOCK`` bytes in all.

        Raises
        ------
        ValueError
            There are more estimates than a block holds.
        """
        fields = {
            "schema": _SCHEMA,
            "passed": self.passed,
            "variables": self.variables,
            "clauses": self.clauses,
        }
        text = json.dumps(fields, separators=(",", ":")).encode()
        if len(text) > BLOCK:
            raise ValueError(f"clauses: their estimates take {len(text)} bytes of {BLOCK}")
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
                clauses=tuple(float(value) for value in fields["clauses"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise SealedVerdictUnreadable from None


def seal(vault: Sealer, verdict: SealedVerdict) -> str:
    """Encrypt a verdict to the key holder; the length of the result is always the same."""
    return vault.encrypt(verdict.to_bytes())


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
