"""Records to write ledgers of, and a way to write them."""

from collections.abc import Callable, Sequence

import pytest

from easeml_action.ledger import (
    Contract,
    Genesis,
    KnownCiphertext,
    OpenedTestSet,
    Question,
    Record,
    RememberedRows,
    ReservedStep,
    ResumedStep,
    Verdict,
    chain,
)

TIME = "2026-01-02T03:04:05Z"
SEALED = "-----BEGIN PGP MESSAGE-----\n\nhQEMA+abc=\n-----END PGP MESSAGE-----\n"


@pytest.fixture
def key() -> bytes:
    return bytes(range(32))


@pytest.fixture
def records() -> tuple[Record, ...]:
    """A life in short: every kind of record, every optional field given and left out."""
    asked = Question("rows-a", "n - o > 0.02 +/- 0.01", "fp-free", "new-1", "old-1")
    again = Question("rows-a", "n > 0.8 +/- 0.05", "fn-free", "new-2")
    return (
        Genesis("0" * 32, "1234", TIME),
        OpenedTestSet("rows-a", "a" * 64, 1000, Contract(0.99, 2, "full", passes=2), TIME, -9.21),
        KnownCiphertext("rows-a", "b" * 64),
        ReservedStep(asked, 1, 0, 0, "c" * 40, TIME, "https://example.com/runs/7"),
        Verdict("rows-a", 1, True, SEALED),
        ReservedStep(again, 2, 1, 0, "d" * 40, TIME),
        ResumedStep("rows-a", 2, TIME, "e" * 32, "https://example.com/runs/8"),
        Verdict("rows-a", 2, False, SEALED),
        RememberedRows("rows-a", 1000, 1, "label-1", "e" * 64),
    )


@pytest.fixture
def write(key: bytes) -> Callable[[Sequence[Record]], bytes]:
    return lambda records: chain.to_bytes(chain.extend((), records, key))
