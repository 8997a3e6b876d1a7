"""How secrets come in: from a file, the environment or a prompt, never from an argument."""

import os
import sys
from getpass import getpass
from pathlib import Path

from pydantic import SecretStr

from easeml_action.cli.errors import WrongUse
from easeml_action.cli.files import read_file

PRIVATE_KEY_VARIABLE = "EASEML_PRIVATE_KEY"
PASSPHRASE_VARIABLE = "EASEML_PASSPHRASE"  # noqa: S105  a name, not a secret


def read_private_key(path: Path | None) -> SecretStr | None:
    """Return the private key from a file, else from EASEML_PRIVATE_KEY, else None.

    Raises
    ------
    FileUnreadable
        The file cannot be read.
    WrongUse
        The file is not text.
    """
    if path is None:
        text = os.environ.get(PRIVATE_KEY_VARIABLE, "")
        return SecretStr(text) if text.strip() else None
    try:
        return SecretStr(read_file(path).decode())
    except UnicodeDecodeError:
        raise WrongUse(
            f"{path} is not an armored private key.",
            "Name the file that `easeml keygen` wrote, or armor the key.",
        ) from None


def given_passphrase() -> SecretStr | None:
    """Return the passphrase from EASEML_PASSPHRASE, or None."""
    text = os.environ.get(PASSPHRASE_VARIABLE, "")
    return SecretStr(text) if text else None


def ask_passphrase(question: str, *, twice: bool = False) -> SecretStr | None:
    """Return the passphrase from EASEML_PASSPHRASE, else ask on a terminal; None if empty.

    Parameters
    ----------
    question
        Shown before the input, which is not echoed.
    twice
        Ask again, and insist on the same answer: for a new passphrase.

    Raises
    ------
    WrongUse
        The two answers differ.
    """
    given = given_passphrase()
    if given is not None or not sys.stdin.isatty():
        return given
    answer = getpass(f"{question}: ")
    if twice and answer and getpass("The same again: ") != answer:
        raise WrongUse("The two passphrases differ.", "Run the command again.")
    return SecretStr(answer) if answer else None
