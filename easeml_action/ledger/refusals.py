"""What git says where the remote did not do as it was asked, and which situation that is."""

import re
from typing import Final

from easeml_action.errors import GateError
from easeml_action.git import GitFailed
from easeml_action.ledger.errors import (
    AccessDenied,
    BranchProtected,
    LedgerBusy,
    PushRefused,
    RemoteUnreachable,
)

_DENIED: Final = re.compile(
    r"error: 40[13]\b|Authentication failed|could not read (Username|Password)"
    r"|Permission to \S+ denied|Permission denied|Write access to repository not granted"
    r"|Repository not found|repository '[^']*' not found|marked as read only",
    re.IGNORECASE,
)
_RULE: Final = re.compile(
    r"GH006|GH013|protected branch hook declined|repository rule violations", re.IGNORECASE
)
_SIGNED: Final = re.compile(r"must have (verified|valid) signatures", re.IGNORECASE)
_SSH: Final = re.compile(r"\(publickey|Host key verification failed", re.IGNORECASE)
_ABSENT: Final = re.compile(r"couldn't find remote ref", re.IGNORECASE)
_RACED: Final = re.compile(
    r"\((fetch first|non-fast-forward|stale info|reference already exists|already exists)\)"
    r"|cannot lock ref|failed to update ref|failed to lock|incorrect old value"
    r"|atomic transaction failed",
    re.IGNORECASE,
)
_NO_ATOMIC: Final = re.compile(r"does not support --atomic", re.IGNORECASE)


class TryAgain(Exception):
    """Something passing got in the way: read again, decide again, try again.

    Parameters
    ----------
    said
        The one line in which git told it.
    pushing
        Whether it happened while pushing; what was to be written may then be written or not.
    raced
        Whether another writer was first.
    pause
        Seconds to wait at least.
    otherwise
        What it turns out to be where it does not pass.
    """

    def __init__(
        self,
        said: str,
        *,
        pushing: bool = False,
        raced: bool = False,
        pause: float = 0.0,
        otherwise: GateError | None = None,
    ) -> None:
        super().__init__(said)
        self.said = said
        self.pushing = pushing
        self.raced = raced
        self.pause = pause
        self.otherwise = otherwise


def explain(failed: GitFailed, branch: str) -> Exception:
    """Return the situation that a fetch, a listing or a push of the branch ended in."""
    said, pushing = failed.stderr, failed.command == "push"
    if _RULE.search(said):
        asks = " and asks for signed commits" if _SIGNED.search(said) else ""
        return BranchProtected(
            f"A rule of the repository forbids the push to the branch {branch}{asks}.",
            f"Exempt {branch} from the branch protection or ruleset, give the action a "
            "token that may bypass it, name another branch with ledger-branch, or another "
            "repository with ledger-repository: docs/ledger.md shows each.",
        )
    if _SSH.search(said):
        return AccessDenied(
            "The checkout's origin has an SSH address, which no token opens.",
            "Leave ssh-key out of actions/checkout, so that origin has an HTTPS address, or "
            "name this repository as ledger-repository.",
        )
    if _DENIED.search(said):
        wanted = "contents: write" if pushing else "contents: write (which includes reading)"
        return AccessDenied(
            f"The remote refused to let the action {'write' if pushing else 'read'} "
            f"the branch {branch}.",
            f"Give the job the permission `{wanted}` and pass its token; a token of your own, "
            "or a ledger-token for a ledger-repository, needs the same access there.",
        )
    return TryAgain(failed.problem, pushing=pushing, raced=bool(_RACED.search(said)))


def says_absent(said: str) -> bool:
    """Say whether a fetch found no such branch."""
    return _ABSENT.search(said) is not None


def may_go_alone(said: str, witness: str | None) -> bool:
    """Say whether the witness may be what the remote refused.

    One that is there shows that the remote takes it.
    """
    if _NO_ATOMIC.search(said):
        return True
    refused = "[remote rejected]" in said and not _RACED.search(said) and not _RULE.search(said)
    return refused and witness is None


def out_of_patience(last: TryAgain, branch: str) -> GateError:
    """Return the situation in which the attempts ended, by the last one that counts."""
    if last.otherwise is not None:
        return last.otherwise
    if last.raced:
        return LedgerBusy(
            f"Other runs kept writing to the branch {branch} before this one could.",
            "Run the job again; what this run had reserved stays reserved for it.",
        )
    if last.pushing:
        return PushRefused(
            f"The remote did not take the push to the branch {branch}: {last.said}",
            "Look for a hook, a quota or an outage of the git server, then run the job again; "
            "whether the push arrived or not, nothing is charged twice.",
        )
    return RemoteUnreachable(
        f"The branch {branch} could not be read from the remote: {last.said}",
        "Check that origin can be reached, then run the job again; nothing was written.",
    )
