"""What a run needs from outside, whoever starts it: a workflow on GitHub, or a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from easeml_action.errors import GateError
from easeml_action.git import Git, borrow
from easeml_action.github import (
    DEPENDABOT_PROBLEM,
    DEPENDABOT_REMEDY,
    FORK_PROBLEM,
    FORK_REMEDY,
    Change,
    PastVerdict,
    Report,
    SeenCommit,
    SeenStatus,
    Settlement,
    Terms,
)
from easeml_action.measured import MeasuredTestSet
from easeml_action.progress import Progress
from easeml_action.sandbox import Layer
from easeml_action.statistics import Remaining


class SecretsMissing(GateError):
    """The workflow hands over nothing that opens the test set."""

    def __init__(self) -> None:
        super().__init__(
            "Neither `private-key` nor `passphrase` is given, so the test set cannot be opened.",
            "Store the key as a repository secret and pass it: "
            "`private-key: ${{ secrets.EASEML_PRIVATE_KEY }}`.",
        )


class SecretsWithheld(GateError):
    """GitHub gives this run no secrets."""


@dataclass(frozen=True)
class Retirement:
    """What the key holder is told when a test set is used up, or its last period begins.

    Parameters
    ----------
    test_set
        Identity of the last period; of the test set, where it serves in one.
    path, sample
        Where the ciphertext and the public sample are in the repository; None without a sample.
    history
        The steps of the newest period.
    rows_required
        Rows that a period of the next test set needs under the same configuration.
    mark
        Names the newest record of the ledger.
    periods
        How many periods there are.
    remaining
        What is left of the last one.
    """

    terms: Terms
    test_set: str
    path: str
    sample: str | None
    history: tuple[PastVerdict, ...]
    rows_required: int
    mark: str
    periods: int
    remaining: Remaining

    @property
    def is_used_up(self) -> bool:
        """Whether no step is left."""
        return self.remaining.most == 0


class Audience(Protocol):
    """Who hears of a run."""

    def begin(self) -> None:
        """Say that the commit is being judged."""

    def conclude(self, report: Report) -> None:
        """Say how it ended; this always comes last."""

    def mail(self, recipient: str, report: Report, *, passed: bool) -> None:
        """Tell the key holder alone, under ``adaptivity: none``."""

    def ask_for_test_set(self, retirement: Retirement) -> int | None:
        """Ask the key holder for a new test set, once; return the issue's number."""

    def open_requests(self) -> dict[str, int]:
        """Return the open issues: their numbers by the test set that they are about."""

    def close_request(self, number: int, measured: MeasuredTestSet) -> None:
        """Close an issue with what the retired test set had measured."""

    def look(self, commits: Sequence[str]) -> tuple[SeenCommit, ...]:
        """Return what others see beside commits."""

    def recall(self) -> tuple[str, ...]:
        """Return what was written about used-up test sets."""

    def is_over(self, status: SeenStatus) -> bool:
        """Say whether the run that set a status is known to be at work no more."""

    def settle(self, settlement: Settlement) -> None:
        """Set the status of a commit that another run left without its end."""


@dataclass(frozen=True)
class World:
    """Everything outside of one run.

    Parameters
    ----------
    git
        The checkout, whose ``origin`` holds the trusted branch and the ledger.
    change
        The commit under test.
    config_path
        Where the configuration is in the repository.
    private_key, passphrase
        What opens the test set.
    ledger_branch
        The branch that keeps the budget.
    ledger_git
        A repository whose origin has that branch, where the checkout's origin has not.
    repository_id
        Names the repository for good, or None where that is not known.
    audience, progress
        Who hears of the run, and where its long steps show.
    scratch
        A folder that is removed after the run.
    cache
        Where built environments may be kept for the next run.
    run_url
        The page of this run.
    allow_unsandboxed
        The layers of the sandbox without which models may run.
    is_rerun
        The same run was started before.
    """

    git: Git
    change: Change
    config_path: str
    private_key: SecretStr | None
    passphrase: SecretStr | None
    ledger_branch: str
    repository_id: str | None
    audience: Audience
    progress: Progress
    scratch: Path
    cache: Path
    run_url: str
    allow_unsandboxed: frozenset[Layer] = frozenset()
    is_rerun: bool = False
    ledger_git: Git | None = None

    def with_own_repository(self) -> "World":
        """Return this world with a repository that borrows from the checkout, in its place.

        Raises
        ------
        NoCheckout
            There is no checkout to borrow from.
        """
        return replace(self, git=borrow(self.git, self.scratch / "repository"))

    def require_secrets(self) -> None:
        """Insist on something that opens the test set.

        Raises
        ------
        SecretsWithheld
            GitHub gives this run none: it is a fork's, or Dependabot's.
        SecretsMissing
            The workflow passes none.
        """
        if self.private_key is not None or self.passphrase is not None:
            return
        if not self.change.secrets_withheld:
            raise SecretsMissing
        if self.change.from_fork:
            raise SecretsWithheld(FORK_PROBLEM, FORK_REMEDY)
        raise SecretsWithheld(DEPENDABOT_PROBLEM, DEPENDABOT_REMEDY)
