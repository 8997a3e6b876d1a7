"""The test set before a run needs its rows, and its way into the ledger."""

from collections.abc import Sequence
from functools import cached_property

from easeml_action.errors import GateError
from easeml_action.gate import Gate, require_rows
from easeml_action.ledger import History, KnownTestSet, Ledger, Period, ShelvedRows
from easeml_action.progress import Progress
from easeml_action.recycling import insist_on_new_rows
from easeml_action.statistics import finest_ln_alpha
from easeml_action.testset import TestSet, Vault, trace


class ReadOtherwise(GateError):
    """A ciphertext that the ledger knows holds other rows than when it was first opened."""

    def __init__(self) -> None:
        super().__init__(
            "The test set is read otherwise than when it was first used: as other rows.",
            "Restore label, header and format in the configuration, or rotate the test set.",
        )


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
        self._remembered = self._known and history.rows_of(self._known.period.whole)
        self._progress = progress
        self._shares: dict[Period, TestSet] = {}

    @property
    def identity(self) -> str:
        """The keyed digest of all the rows, whatever their order."""
        return self._identity if self._known is None else self._known.period.whole

    @property
    def rows(self) -> int:
        """How many rows there are in all periods."""
        if self._known is None:
            return self._whole.rows
        return self._known.rows if self._remembered is None else self._remembered.rows

    def open(self, period: Period) -> TestSet:
        """Return the rows of a period; the test set is decrypted at the first call."""
        if period.of == 1:
            return self._whole
        if period not in self._shares:
            self._shares[period] = self._whole.share(self._key, period.number, period.of)
        return self._shares[period]

    def shelved(self, periods: int) -> ShelvedRows:
        """Return what the ledger is to remember of the rows."""
        traces = trace(self._whole, self._key)
        return ShelvedRows.of(self.identity, periods, traces.label, traces.digests)

    def insist_on_new_rows(self, served: Sequence[ShelvedRows]) -> None:
        """Refuse rows that have served before.

        Raises
        ------
        RowsShared
            There are more than the configuration tolerates.
        """
        insist_on_new_rows(self._whole, self._key, served, self._gate.config.allow_overlap)

    @property
    def _key(self) -> bytes:
        return self._vault.derive("rows")

    @cached_property
    def _identity(self) -> str:
        return self._whole.identity(self._key)

    @cached_property
    def _whole(self) -> TestSet:
        with self._progress.group("Decrypt the test set"):
            whole = self._gate.parse(self._vault.decrypt(self._gate.ciphertext))
        # Read otherwise, rows that a period has used up could be dealt to the next one.
        if self._known is not None and whole.identity(self._key) != self.identity:
            raise ReadOtherwise
        return whole


def enter(ledger: Ledger, gate: Gate, test_set: LockedTestSet) -> KnownTestSet:
    """Open the period whose turn it is, under terms that hold for its whole life.

    Raises
    ------
    TooFewRows
        It has fewer rows than the configuration takes.
    RowsShared
        The test set is new, and rows of it have served before.
    ContractChanged
        The period was opened under other terms.
    """
    whole, required = test_set.identity, gate.plan.rows
    if ledger.history.rows_of(whole) is None:
        # What an older version has opened serves in one period.
        is_new = not ledger.history.periods_of(whole)
        periods = gate.config.periods_for(test_set.rows, required) if is_new else 1
        require_rows(test_set.rows // periods, required, periods)
        ledger.remember_rows(test_set.shelved(periods), test_set.insist_on_new_rows)
    period = ledger.history.turn_of(whole)
    rows = period.share(test_set.rows)
    require_rows(rows, required, period.of)
    known = ledger.history.find(period.identity)
    if known is not None and gate.ciphertext_digest in known.ciphertexts:
        known.require(gate.contract)
        return known
    history = ledger.open_test_set(
        period.identity, gate.ciphertext_digest, rows, gate.contract, ln_alpha_floor(gate, rows)
    )
    return history.test_set(period.identity)


def ln_alpha_floor(gate: Gate, rows: int) -> float | None:
    """Return the smallest error level that the rows carry, where levels shrink; else None."""
    config = gate.config
    if config.adaptivity != "metered":
        return None
    return finest_ln_alpha(config.condition.clauses, rows, config.mode, config.max_disagreement)
