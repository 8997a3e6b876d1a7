"""What the runner tells the action: the inputs of action.yml and GitHub's own variables."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from pydantic import SecretStr

from easeml_action.config import DEFAULT_NAME
from easeml_action.errors import GateError
from easeml_action.git import is_ref
from easeml_action.ledger import DEFAULT_BRANCH
from easeml_action.patience import DEFAULT_SECONDS
from easeml_action.sandbox import LAYERS, Layer

DEFAULT_RETRY_SECONDS = int(DEFAULT_SECONDS)
# The job's own time limit would end a run that waits for longer.
LONGEST_RETRY_SECONDS = 3600

# It stands in an address, so it is held to what GitHub takes for a name.
_REPOSITORY = re.compile(r"(?!\.)[A-Za-z0-9_.-]{1,100}/(?!\.{1,2}$)[A-Za-z0-9_.-]{1,100}")

FailOn = Literal["fail", "error", "never"]


class InvalidInput(GateError):
    """An input of the workflow step is missing or not one of the legal values."""


class NotOnARunner(GateError):
    """A variable that every GitHub runner sets is missing."""

    def __init__(self, variable: str) -> None:
        super().__init__(
            f"The environment variable {variable} is not set.",
            "Run the action from a workflow, or use `easeml gate` on your own machine.",
        )


@dataclass(frozen=True)
class Settings:
    """One run's inputs and surroundings; secrets hide themselves when shown."""

    private_key: SecretStr | None
    passphrase: SecretStr | None
    token: SecretStr
    smtp_url: SecretStr | None
    config: str
    ledger_branch: str
    ledger_repository: str | None
    ledger_token: SecretStr | None
    fail_on: FailOn
    allow_unsandboxed: frozenset[Layer]
    retry_seconds: int
    repository: str
    api_url: str
    server_url: str
    workspace: Path
    run_id: str
    run_attempt: int
    repository_id: str | None
    cache: Path

    @property
    def run_url(self) -> str:
        """The page of this workflow run, which the commit status links to."""
        return f"{self.server_url}/{self.repository}/actions/runs/{self.run_id}"

    @property
    def ledger_address(self) -> str | None:
        """Where git finds the repository of the ledger, or None where that is the checkout's."""
        if self.ledger_repository is None:
            return None
        return f"{self.server_url}/{self.ledger_repository}.git"

    @property
    def is_rerun(self) -> bool:
        """Whether somebody asked for this run again."""
        return self.run_attempt > 1

    @property
    def secrets(self) -> tuple[SecretStr, ...]:
        """Every secret input that is given; the runner masks the token itself."""
        given = (self.private_key, self.passphrase, self.smtp_url, self.ledger_token)
        return tuple(secret for secret in given if secret is not None)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read and check the whole environment before any work is done.

        Raises
        ------
        InvalidInput
            An input is missing or illegal; the text lists the legal values.
        NotOnARunner
            A variable that every runner sets is missing.
        """
        token = _secret(environ, "token")
        if token is None:
            raise InvalidInput(
                "The input `token` is empty.", "Leave it out, or set it to ${{ github.token }}."
            )
        # They are read with the event; here only, their absence is told by its usual cause.
        for name in ("GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH"):
            _variable(environ, name)
        return cls(
            private_key=_secret(environ, "private-key"),
            passphrase=_secret(environ, "passphrase"),
            token=token,
            smtp_url=_secret(environ, "smtp-url"),
            config=_relative_path(_input(environ, "config") or DEFAULT_NAME),
            ledger_branch=_branch(_input(environ, "ledger-branch") or DEFAULT_BRANCH),
            ledger_repository=_ledger_repository(_input(environ, "ledger-repository")),
            ledger_token=_secret(environ, "ledger-token"),
            fail_on=_fail_on(_input(environ, "fail-on") or "fail"),
            allow_unsandboxed=layers_named(_input(environ, "allow-unsandboxed")),
            retry_seconds=_seconds(_input(environ, "retry-seconds") or str(DEFAULT_RETRY_SECONDS)),
            repository=_repository(_variable(environ, "GITHUB_REPOSITORY")),
            api_url=_variable(environ, "GITHUB_API_URL").rstrip("/"),
            server_url=_variable(environ, "GITHUB_SERVER_URL").rstrip("/"),
            workspace=Path(_variable(environ, "GITHUB_WORKSPACE")),
            run_id=_variable(environ, "GITHUB_RUN_ID"),
            run_attempt=_number(environ, "GITHUB_RUN_ATTEMPT"),
            repository_id=environ.get("GITHUB_REPOSITORY_ID") or None,
            cache=cache_folder(environ),
        )


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return where built environments are kept between runs.

    The user that runs a model must be able to enter it, and the home of root is closed to others.
    """
    chosen = environ.get("XDG_CACHE_HOME", "").strip()
    if chosen:
        return Path(chosen) / "easeml"
    return Path("/var/cache/easeml") if os.geteuid() == 0 else Path.home() / ".cache" / "easeml"


def _number(environ: Mapping[str, str], name: str) -> int:
    value = environ.get(name, "").strip()
    return int(value) if value.isascii() and value.isdecimal() else 1


def _input(environ: Mapping[str, str], name: str) -> str:
    return environ.get(f"INPUT_{name.upper()}", "").strip()


def _secret(environ: Mapping[str, str], name: str) -> SecretStr | None:
    value = environ.get(f"INPUT_{name.upper()}", "")
    return SecretStr(value) if value.strip() else None


def _variable(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise NotOnARunner(name)
    return value


def _fail_on(value: str) -> FailOn:
    legal = get_args(FailOn)
    if value not in legal:
        raise InvalidInput(
            f"The input `fail-on` is {value!r}.", f"Set it to one of: {', '.join(legal)}."
        )
    return cast(FailOn, value)


def layers_named(text: str) -> frozenset[Layer]:
    """Read names of layers of the sandbox, parted by commas or white space.

    Raises
    ------
    InvalidInput
        One of them is no layer; the text lists the legal names.
    """
    names = text.replace(",", " ").split()
    for name in names:
        if name not in LAYERS:
            raise InvalidInput(
                f"`allow-unsandboxed` names {name!r}, which is no layer of the sandbox.",
                f"Name some of: {', '.join(LAYERS)}.",
            )
    return frozenset(cast(list[Layer], names))


def _seconds(value: str) -> int:
    number = int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else 0
    if not 1 <= number <= LONGEST_RETRY_SECONDS:
        raise InvalidInput(
            f"The input `retry-seconds` is {value!r}.",
            f"Give a whole number of seconds from 1 to {LONGEST_RETRY_SECONDS:,}.",
        )
    return number


def _repository(value: str) -> str:
    owner, slash, name = value.partition("/")
    if not (owner and slash and name) or "/" in name:
        raise InvalidInput(
            f"GITHUB_REPOSITORY is {value!r}.", "It must be the owner and the name: owner/name."
        )
    return value


def _ledger_repository(value: str) -> str | None:
    if value and not _REPOSITORY.fullmatch(value):
        raise InvalidInput(
            f"The input `ledger-repository` is {value!r}.",
            "Give the owner and the name of a repository on the same host: owner/name.",
        )
    return value or None


def _relative_path(value: str) -> str:
    path = Path(value)
    if path.is_absolute() or ".." in path.parts:
        raise InvalidInput(
            f"The input `config` is {value!r}.",
            "Give the path of the configuration from the root of the repository.",
        )
    return path.as_posix()


def _branch(value: str) -> str:
    # The name stands in refspecs as it is.
    if not is_ref(value):
        raise InvalidInput(
            f"The input `ledger-branch` is {value!r}, which is not a branch name for git.",
            f"Leave it out to use {DEFAULT_BRANCH}.",
        )
    return value
