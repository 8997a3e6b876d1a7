"""The journal: the sealed records on the branch, read and extended.

Every change is one compare-and-swap on the branch: read the history, decide on it, push; if that
fails for a passing reason, read again and decide again. Because each decision looks first for its
own effect, it does not matter whether a push that failed had arrived.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from easeml_action.ledger import chain
from easeml_action.ledger.branch import LEDGER_FILE, Branch, Copy, Tip
from easeml_action.ledger.errors import (
    AccessDenied,
    BranchProtected,
    LedgerCopied,
    LedgerRewritten,
    UntrustedLedger,
)
from easeml_action.ledger.history import History
from easeml_action.ledger.records import Genesis, Record, kind_of
from easeml_action.ledger.refusals import TryAgain, out_of_patience
from easeml_action.ledger.shelf import ReadFile
from easeml_action.ledger.witness import how_to_restore
from easeml_action.patience import Patience

# Decides on what stands on the branch at one moment: the history, and a way to its files.
Decide = Callable[[History, ReadFile], Sequence[Record]]


class Journal:
    """All records of one ledger, in their order.

    Parameters
    ----------
    branch
        Where they are kept.
    key
        32 bytes that seal them; None reads only.
    repository
        What names the repository for good; None does not ask.
    patience
        How long a change is tried for.
    time
        Returns the time as records have it.

    Raises
    ------
    ValueError
        The key is not of 32 bytes.
    """

    def __init__(
        self,
        branch: Branch,
        key: bytes | None,
        *,
        repository: str | None,
        patience: Patience,
        time: Callable[[], str],
    ) -> None:
        if key is not None and len(key) != chain.KEY_BYTES:
            raise ValueError(f"key must be of {chain.KEY_BYTES} bytes, not {len(key)}")
        self._branch = branch
        self._key = key
        self._repository = repository
        self._patience = patience
        self._time = time
        self._seen = chain.Verified()
        self._history: History | None = None

    @property
    def links(self) -> tuple[chain.Link, ...]:
        """The records as last read or written, each with its seal."""
        return self._seen.links

    @property
    def history(self) -> History | None:
        """What they mean; None where none were read yet."""
        return self._history

    def append(self, decide: Decide, files: Mapping[str, bytes] = MappingProxyType({})) -> History:
        """Append what ``decide`` returns for the branch as it stands at that very moment.

        Parameters
        ----------
        decide
            Called once for each attempt. It looks for its own effect first, because an attempt
            that seemed to fail may have succeeded. What it raises ends the attempts.
        files
            What to put beside the records, by path.

        Returns
        -------
        History
            The history with the new records.
        """
        trial = self._patience.trial("The git server")
        unsure: TryAgain | None = None
        with self._branch.copy() as copy:
            while True:
                try:
                    return self._attempt(copy, decide, files)
                except TryAgain as passing:
                    if passing.pushing:
                        # Where the branch has moved on, no push of ours is still under way.
                        unsure = None if passing.raced else passing
                    wait = trial.yield_turn if passing.raced else trial.pause
                    if not wait(passing.pause):
                        raise out_of_patience(unsure or passing, self._branch.name) from None
                except (AccessDenied, BranchProtected) as refused:
                    if unsure is None:
                        raise
                    raise out_of_patience(unsure, self._branch.name) from refused

    def _attempt(self, copy: Copy, decide: Decide, files: Mapping[str, bytes]) -> History:
        tip = copy.read(self._patience.answer)
        links, history = self._verify(tip)
        copy.insist_on_witness(tip)
        self._seen, self._history = chain.Verified(tip.data, links), history
        records = list(decide(history, partial(copy.file, tip.commit)))
        if not records:
            return history
        if self._key is None:
            raise ValueError("key: a ledger is written with its key only")
        if not links:
            genesis = Genesis(secrets.token_hex(16), self._repository, self._time())
            records.insert(0, genesis)
        added = chain.extend(links, records, self._key)
        after = History([*history.records, *records])
        message = "Append " + ", ".join(kind_of(record) for record in records)
        data = tip.data + chain.to_bytes(added)
        files = {**files, LEDGER_FILE: data}
        copy.push(tip, files, message, self._patience.answer)
        self._seen, self._history = chain.Verified(data, links + added), after
        return after

    def _verify(self, tip: Tip) -> tuple[tuple[chain.Link, ...], History]:
        try:
            links = () if tip.commit is None else chain.read(tip.data, self._key, self._seen)
            history = History([link.record for link in links])
            self._insist_on_what_was_seen(links)
        except UntrustedLedger as damage:
            if tip.witness in {None, tip.commit}:
                raise
            restore = how_to_restore(self._branch.name)
            raise type(damage)(damage.problem, restore) from None
        if links and isinstance(links[0].record, Genesis):
            owner = links[0].record.repository
            if None not in (owner, self._repository) and owner != self._repository:
                raise LedgerCopied(
                    "The ledger was begun for another repository.",
                    "Delete the copied branch if this repository shall have a ledger of its own, "
                    "and use a test set of its own.",
                )
        return links, history

    def _insist_on_what_was_seen(self, links: Sequence[chain.Link]) -> None:
        seen = self._seen.links
        if seen and (len(links) < len(seen) or links[len(seen) - 1].hash != seen[-1].hash):
            raise LedgerRewritten("The ledger lost records while this run was at work.")
