# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""``easeml keygen``: the key pair of a test set."""

import os
import shlex
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from easeml_action.cli.app import app
from easeml_action.cli.credentials import PASSPHRASE_VARIABLE, PRIVATE_KEY_VARIABLE, ask_passphrase
from easeml_action.cli.errors import FileExists, WrongUse
from easeml_action.cli.files import PRIVATE, work_tree_of, write_new
from easeml_action.cli.terminal import show_commands, show_json, show_note

if TYPE_CHECKING:
    from easeml_action.testset import KeyPair

PUBLIC_KEY = Path(".easeml/public.asc")
OWNER = "ease.ml/ci test set"
ADDRESS = "easeml@example.com"


@app.command(epilog="Example: easeml keygen --name 'Test set of digits' --email owner@example.com")
def keygen(
    *,
    name: Annotated[str, typer.Option(help="Whose key it is.")] = OWNER,
    email: Annotated[str, typer.Option(help="An address for the key.")] = ADDRESS,
    private_key: Annotated[
        Path | None,
        typer.Option(help="File for the private key. Default: ~/.easeml/FOLDER.private.asc."),
    ] = None,
    public_key: Annotated[
        Path | None,
        typer.Option(help=f"File for the public key. Default: {PUBLIC_KEY} of the repository."),
    ] = None,
    expires: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day the key expires.")
    ] = None,
    to_stdout: Annotated[
        bool, typer.Option("--stdout", help="Print the private key and write it nowhere.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make a key pair: the private key for the repository's secrets, the public key to commit.

    EASEML_PASSPHRASE, or the answer on a terminal, protects the private key.
    """
    if to_stdout and (as_json or private_key is not None):
        raise WrongUse(
            "--stdout goes with neither --json nor --private-key.", "Leave one of them out."
        )
    if expires is not None and expires.date() <= datetime.now(UTC).date():
        raise WrongUse(
            f"A key that expires on {expires.date()} can encrypt nothing any more.",
            "Name a later day.",
        )
    root = work_tree_of(Path.cwd()) or Path.cwd()
    private = private_key or private_key_place(root)
    public = public_key or Path(os.path.relpath(root / PUBLIC_KEY))
    pair, commands = make_key_pair(
        None if to_stdout else private,
        public,
        name=name,
        email=email,
        expires=expires.date() if expires else None,
    )
    if to_stdout:
        sys.stdout.write(pair.private_key.get_secret_value())
    if as_json:
        show_json(
            {
                "fingerprint": pair.fingerprint,
                "private_key": str(private),
                "public_key": str(public),
                "commands": commands,
            }
        )
        return
    show_note(f"Key {pair.fingerprint}")
    if not to_stdout:
        show_note(f"Private key: {private} (keep a copy in a safe place, and commit it nowhere)")
    show_note(f"Public key:  {public} (commit it)")
    show_note("Store the private key as a secret of the repository:")
    if to_stdout:  # where nothing but the key may be
        for command in commands:
            show_note(f"  {command}")
    else:
        show_commands(commands)


def private_key_place(folder: Path) -> Path:
    """Return where the private key of a project is kept, outside of any repository."""
    return Path.home() / ".easeml" / f"{folder.name}.private.asc"


def make_key_pair(
    private: Path | None,
    public: Path,
    *,
    name: str = OWNER,
    email: str = ADDRESS,
    expires: date | None = None,
) -> "tuple[KeyPair, list[str]]":
    """Make a key pair and write it; return it with the commands that store its secrets.

    Parameters
    ----------
    private
        Where the private key is written; None writes it nowhere.
    public
        Where the public key is written.

    Raises
    ------
    FileExists, WrongUse
        A key would be written over, or the private one into a work tree.
    """
    from easeml_action.testset import generate_key

    _check_places(public, private)
    passphrase = ask_passphrase("Passphrase of the new key (empty for none)", twice=True)
    try:
        pair = generate_key(name, email, passphrase, expires)
    except ValueError as error:
        raise WrongUse(f"{error}.", "Correct --name or --email.") from None
    if private is not None:
        write_new(private, pair.private_key.get_secret_value().encode(), PRIVATE)
    write_new(public, pair.public_key.encode())
    return pair, secret_commands(private, protected=passphrase is not None)


def secret_commands(
    private: Path | None, *, protected: bool, environment: str | None = None
) -> list[str]:
    """Return the commands that store a private key, and its passphrase, as secrets.

    Parameters
    ----------
    environment
        The environment that keeps them; None for the repository.
    """
    passphrase = [secret_command(PASSPHRASE_VARIABLE, None, environment)] if protected else []
    return [secret_command(PRIVATE_KEY_VARIABLE, private, environment), *passphrase]


def secret_command(name: str, source: Path | None, environment: str | None) -> str:
    """Return the command that stores one secret, from a file or from what it asks for."""
    place = "" if environment is None else f" --env {shlex.quote(environment)}"
    content = "" if source is None else f" < {shlex.quote(str(source))}"
    return f"gh secret set {name}{place}{content}"


def _check_places(public: Path, private: Path | None) -> None:
    """Refuse before a key is made what would be refused after it."""
    for path in (public, private):
        if path is not None and path.exists():
            raise FileExists(path)
    if private is not None:
        insist_on_outside(private)


def insist_on_outside(private: Path) -> None:
    """Refuse a place for the private key from which it could be committed.

    Raises
    ------
    WrongUse
        It lies in a git work tree.
    """
    tree = work_tree_of(private)
    if tree is not None:
        raise WrongUse(
            f"{private} is inside the git work tree {tree}, where it could be committed.",
            "Name a file outside with --private-key.",
        )
