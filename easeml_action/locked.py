"""The test set before a run needs its rows."""

from functools import cached_property

from easeml_action.gate import Gate
from easeml_action.ledger import History, Ledger
from easeml_action.progress import Progress
from easeml_action.statistics import finest_ln_alpha
from easeml_action.testset import TestSet, Vault


class LockedTestSet:
    """Which test set it is and how many rows it has, opened only where that is not enough.

    The ledger knows the ciphertexts that it has seen: a run that repeats a question decrypts
    nothing.

    Parameters
    ----------
    gate
        Holds the ciphertext and says how to read it.
    vault
        Opens it.
    history
        What the ledger knows.
    progress
        Shows the decryption.
    """

    def __init__(self, gate: Gate, vault: Vault, history: History, progress: Progress) -> None:
        self._gate = gate
        self._vault = vault
        self._known = history.identify(gate.ciphertext_digest)
        self._progress = progress

    @property
    def identity(self) -> str:
        """The keyed digest of the rows, whatever their order."""
        return self._identity if self._known is None else self._known.test_set

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.open().rows if self._known is None else self._known.rows

    def open(self) -> TestSet:
        """Return the rows, decrypted at the first call."""
        return self._test_set

    @cached_property
    def _identity(self) -> str:
        return self.open().identity(self._vault.derive("rows"))

    @cached_property
    def _test_set(self) -> TestSet:
        with self._progress.group("Decrypt the test set"):
            return self._gate.parse(self._vault.decrypt(self._gate.ciphertext))


def enter(ledger: Ledger, gate: Gate, test_set: LockedTestSet) -> None:
    """Make the test set known to the ledger, under terms that hold for its whole life.

    Raises
    ------
    ContractChanged
        It was opened under other terms.
    """
    known = ledger.history.identify(gate.ciphertext_digest)
    if known is None:
        identity, digest, rows = test_set.identity, gate.ciphertext_digest, test_set.rows
        ledger.open_test_set(identity, digest, rows, gate.contract, ln_alpha_floor(gate, rows))
    else:
        known.require(gate.contract)


def ln_alpha_floor(gate: Gate, rows: int) -> float | None:
    """Return the smallest error level that the rows carry, where levels shrink; else None."""
    config = gate.config
    if config.adaptivity != "metered":
        return None
    return finest_ln_alpha(config.condition.clauses, rows, config.mode, config.max_disagreement)
