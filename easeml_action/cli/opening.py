# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""What the commands of the key holder share: the vault, and the ledger read with its key."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from easeml_action.cli.credentials import given_passphrase, read_private_key
from easeml_action.cli.errors import WrongUse
from easeml_action.cli.hosting import repository_at

if TYPE_CHECKING:
    from pydantic import SecretStr

    from easeml_action.ledger import History, KnownTestSet, Ledger
    from easeml_action.testset import Vault

PrivateKey = Annotated[
    Path | None,
    typer.Option(
        help="File with the private key. Default: EASEML_PRIVATE_KEY; its passphrase: "
        "EASEML_PASSPHRASE."
    ),
]
AllowUnsandboxed = Annotated[
    str,
    typer.Option(
        help="Layers of the sandbox without which models may run, such as user where this is not "
        "run as root."
    ),
]
LedgerBranch = Annotated[str, typer.Option(help="The branch that keeps the ledger.")]
DEFAULT_LEDGER_BRANCH = "easeml-ledger"


@contextmanager
def opened_vault(private_key: Path | None) -> Iterator["Vault"]:
    """Lend the vault of the private key, or of the passphrase; see :func:`require_secrets`."""
    from easeml_action.testset import open_vault

    key, passphrase = require_secrets(private_key)
    with open_vault(key, passphrase) as vault:
        yield vault


def require_secrets(private_key: Path | None) -> "tuple[SecretStr | None, SecretStr | None]":
    """Return the private key and the passphrase, of which one may be missing.

    Raises
    ------
    WrongUse
        There is neither.
    """
    key, passphrase = read_private_key(private_key), given_passphrase()
    if key is None and passphrase is None:
        raise WrongUse(
            "This needs the private key.",
            "Name its file with --private-key, or set EASEML_PRIVATE_KEY (EASEML_PASSPHRASE for a "
            "test set that is encrypted with a passphrase).",
        )
    return key, passphrase


def ledger_of(vault: "Vault | None", branch: str) -> "Ledger":
    """Return the ledger of the repository in the working directory.

    Parameters
    ----------
    vault
        Checks the seals of the records; None reads what can be read without it.
    """
    from easeml_action.ledger import Branch, Ledger

    key = None if vault is None else vault.derive("ledger")
    return Ledger(Branch(repository_at(Path.cwd()), branch), key)


def read_history(vault: "Vault | None", branch: str) -> "History":
    """Read the ledger of the repository in the working directory; see :func:`ledger_of`."""
    return ledger_of(vault, branch).read()


def find_test_set(history: "History", name: str | None) -> "KnownTestSet":
    """Return the test set whose identity begins with a name, or else the newest one.

    Of a test set that serves in periods the newest is returned, unless one is named.

    Raises
    ------
    WrongUse
        There is none, or more than one.
    """
    found = [each for each in history.test_sets if each.test_set.startswith(name or "")]
    if not history.test_sets:
        raise WrongUse("The ledger knows no test set yet.", "Wait for the first evaluation.")
    if not found or (name and len({each.period.whole for each in found}) > 1):
        known = ", ".join(each.test_set for each in history.test_sets)
        which = "Several test sets begin" if found else "No test set begins"
        raise WrongUse(f"{which} with {name!r}.", f"Name one of these: {known}.")
    return found[-1]
