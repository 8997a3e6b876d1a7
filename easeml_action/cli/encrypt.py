# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""``easeml encrypt``: a plain table becomes a test set nobody can read."""

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from easeml_action.cli.app import app
from easeml_action.cli.credentials import PASSPHRASE_VARIABLE, ask_passphrase, read_private_key
from easeml_action.cli.encryption import (
    Layout,
    encrypt,
    insist_on_rows,
    load_config,
    read_plaintext,
    warn_of,
)
from easeml_action.cli.errors import WrongUse
from easeml_action.cli.files import work_tree_of
from easeml_action.cli.hosting import push_command
from easeml_action.cli.keygen import PUBLIC_KEY
from easeml_action.cli.opening import (
    DEFAULT_LEDGER_BRANCH,
    PrivateKey,
    ledger_of,
    opened_vault,
)
from easeml_action.cli.terminal import show_commands, show_json, show_note
from easeml_action.git import Git, GitFailed

if TYPE_CHECKING:
    from pydantic import SecretStr

    from easeml_action.testset import TestSet, Vault

Data = Annotated[Path, typer.Argument(help="The plain table, kept out of the repository.")]
PublicKey = Annotated[
    Path | None,
    typer.Option(help=f"File with the public key. Default: {PUBLIC_KEY} of the repository."),
]
Symmetric = Annotated[
    bool,
    typer.Option(
        "--symmetric", help=f"Use a passphrase ({PASSPHRASE_VARIABLE}, or asked), not a key."
    ),
]
Label = Annotated[
    str | None,
    typer.Option(help="The label's column: its name, or, without a header, its position from 1."),
]
SampleRows = Annotated[
    int, typer.Option(min=0, help="Rows set aside at random as the public sample.")
]
ConfigFile = Annotated[
    Path | None, typer.Option(help="The configuration. Default: .easeml.yml if it is there.")
]


@app.command(
    "encrypt", epilog="Example: easeml encrypt ~/private/digits.csv --label label --sample-rows 10"
)
def encrypt_test_set(
    *,
    data: Data,
    public_key: PublicKey = None,
    symmetric: Symmetric = False,
    output: Annotated[
        Path | None,
        typer.Option(help="The ciphertext. Default: test_set, or data_test/test.csv.gpg."),
    ] = None,
    sample_rows: SampleRows = 10,
    sample: Annotated[
        Path | None, typer.Option(help="The public sample. Default: beside the ciphertext.")
    ] = None,
    label: Label = None,
    header: Annotated[
        bool | None, typer.Option(help="Whether the first line names the columns.")
    ] = None,
    format: Annotated[str | None, typer.Option(help="csv, tsv or jsonl.")] = None,
    config: ConfigFile = None,
    private_key: PrivateKey = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Encrypt a test set to a public key, and set rows aside as the public sample.

    Both files are new: `easeml rotate` replaces a test set. With the private key at hand the
    identity of the test set is shown, too, and rows that have served before are refused.
    """
    if format not in {None, "csv", "tsv", "jsonl"}:
        raise WrongUse(f"There is no format {format!r}.", "Use csv, tsv or jsonl.")
    root = work_tree_of(Path.cwd()) or Path.cwd()
    loaded = load_config(config, root)
    layout = Layout.of(
        data,
        loaded,
        root=root,
        output=output,
        sample=sample,
        label=label,
        header=header,
        format=format,
    )
    layout.insist_on_new_files()
    warn_of(data)
    rows, public_rows = layout.split(read_plaintext(data, root), sample_rows)
    test_set = layout.parse(rows)
    required = insist_on_rows(test_set.rows, loaded)
    ciphertext = encrypt(rows, public_key or root / PUBLIC_KEY, passphrase_if(symmetric))
    identity = None
    if read_private_key(private_key) is not None:
        with opened_vault(private_key) as vault:
            key = vault.derive("rows")
            identity = test_set.identity(key)
            _insist_on_new_rows(test_set, vault, key, 0 if loaded is None else loaded.allow_overlap)
    layout.write(ciphertext, public_rows)
    report(layout, test_set.rows, required, identity, sample_rows, as_json=as_json)


def _insist_on_new_rows(test_set: "TestSet", vault: "Vault", key: bytes, tolerated: int) -> None:
    """Refuse rows that have served before, where the ledger can be read."""
    from easeml_action.ledger import AccessDenied, NoOrigin, RemoteUnreachable
    from easeml_action.recycling import insist_on_new_rows

    try:
        served = ledger_of(vault, DEFAULT_LEDGER_BRANCH).shelved_rows()
    except (AccessDenied, GitFailed, NoOrigin, RemoteUnreachable) as unread:
        show_note(f"Note: whether rows have served before was not looked up: {unread.problem}")
        return
    insist_on_new_rows(test_set, key, served, tolerated)


def passphrase_if(symmetric: bool) -> "SecretStr | None":
    """Return the passphrase of a symmetric encryption, or None for one to a public key.

    Raises
    ------
    WrongUse
        There is none.
    """
    if not symmetric:
        return None
    passphrase = ask_passphrase("Passphrase of the test set", twice=True)
    if passphrase is None:
        raise WrongUse("A symmetric encryption needs a passphrase.", f"Set {PASSPHRASE_VARIABLE}.")
    return passphrase


def report(
    layout: Layout,
    rows: int,
    required: int | None,
    identity: str | None,
    sample_rows: int,
    *,
    as_json: bool,
) -> None:
    """Say what was written, and the commands that commit it."""
    paths = [layout.test_set, *([layout.sample] if sample_rows else [])]
    shown = [os.path.relpath(path) for path in paths]
    commands = [
        f"git add {' '.join(map(shlex.quote, shown))}",
        "git commit -m 'Use a new test set'",
        push_command(Git(Path.cwd())),
    ]
    if as_json:
        show_json(
            {
                "test_set": shown[0],
                "rows": rows,
                "rows_required": required,
                "identity": identity,
                "sample": shown[1] if sample_rows else None,
                "sample_rows": sample_rows,
                "commands": commands,
            }
        )
        return
    enough = f" ({required:,} required)" if required is not None else ""
    show_note(f"Test set: {shown[0]}, {rows:,} rows{enough}")
    if identity is not None:
        show_note(f"Identity: {identity}")
    if sample_rows:
        show_note(f"Sample:   {shown[1]}, {sample_rows:,} rows that are in public from now on")
    show_note("Commit what was written:")
    show_commands(commands)
