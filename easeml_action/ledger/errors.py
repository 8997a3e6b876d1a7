"""The situations in which the ledger stops a run."""

from typing import Final

from easeml_action.errors import GateError

_RESTORE: Final = (
    "Restore the ledger's branch from a copy made before the damage, or start a new ledger on "
    "another ledger-branch with a new test set."
)


class UntrustedLedger(GateError):
    """The ledger was read, and what it says cannot be believed. It is never taken for empty."""

    def __init__(self, problem: str, remedy: str = _RESTORE) -> None:
        super().__init__(problem, remedy)


class RecordUnreadable(UntrustedLedger):
    """A line of the ledger is not a record as this program writes it."""


class RecordUnknown(UntrustedLedger):
    """A record has a kind or a schema version that this program does not know."""


class RecordEdited(UntrustedLedger):
    """A record no longer matches its own hash."""


class RecordsMissing(UntrustedLedger):
    """A record's number is not there."""


class RecordsReordered(UntrustedLedger):
    """All numbers are there, in another order."""


class RecordDuplicated(UntrustedLedger):
    """A record's number is there twice."""


class RecordReplaced(UntrustedLedger):
    """A record names another record as the one before it."""


class RecordForged(UntrustedLedger):
    """A record's seal was not made with the ledger's key."""


class LedgerTruncated(UntrustedLedger):
    """The ledger ends inside a record."""


class LedgerInconsistent(UntrustedLedger):
    """Every record is genuine and together they describe what cannot have happened."""


class LedgerRewritten(UntrustedLedger):
    """The ledger has lost records that this very run had read before."""


class RowsMissing(UntrustedLedger):
    """The digests of a test set's rows are not beside the ledger."""


class RowsEdited(UntrustedLedger):
    """The digests of a test set's rows are not those that the ledger has recorded."""


class LedgerReplaced(UntrustedLedger):
    """A witness remembers another ledger on this branch."""


class LedgerRolledBack(LedgerReplaced):
    """The ledger has lost records that a witness remembers."""


class LedgerDeleted(LedgerReplaced):
    """The ledger's branch is gone, and a witness remembers it."""


class NotALedger(UntrustedLedger):
    """The branch exists and holds no ledger."""


class LedgerTooLarge(UntrustedLedger):
    """The ledger is larger than any real one."""


class LedgerCopied(UntrustedLedger):
    """The ledger was begun for another repository."""


class WrongLedgerKey(GateError):
    """Not one seal of the ledger was made with this key."""

    def __init__(self) -> None:
        super().__init__(
            "The ledger was written with another private key or passphrase.",
            "Give the action the key that the ledger was begun with, or begin a new ledger with "
            "another ledger-branch and a new test set.",
        )


class ContractChanged(GateError):
    """A test set is used under other terms than those it was opened with."""


class IdentityConflict(GateError):
    """A test set's identity, rows and ciphertext do not fit what the ledger knows of them."""


class BudgetSpent(GateError):
    """The test set has no step left."""


class ResumedTooOften(GateError):
    """A step was begun as often as a step may be, and no run came to its verdict."""


class AccessDenied(GateError):
    """The remote refused the token."""


class BranchProtected(GateError):
    """A rule of the host forbids the push."""


class NoOrigin(GateError):
    """The checkout has no remote to keep the ledger on."""


class RemoteUnreachable(GateError):
    """The remote did not answer, or answered with a passing fault, until patience ran out."""


class PushRefused(GateError):
    """The remote went on refusing the push, until patience ran out."""


class LedgerBusy(GateError):
    """Other runs were always first, until patience ran out."""
