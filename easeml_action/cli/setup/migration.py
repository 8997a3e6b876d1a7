# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""``easeml init --from-easeml-ci``: a gate in place of the paper's own implementation."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from easeml_action.cli.credentials import PASSPHRASE_VARIABLE, given_passphrase, read_private_key
from easeml_action.cli.encryption import Layout, column_of, insist_on_rows, read_plaintext, warn_of
from easeml_action.cli.errors import WrongUse
from easeml_action.cli.files import read_file, replace
from easeml_action.cli.hosting import add_command
from easeml_action.cli.keygen import PUBLIC_KEY
from easeml_action.cli.secrecy import insist_never_committed, insist_no_private_key
from easeml_action.cli.setup.drafts import Draft
from easeml_action.cli.setup.predecessor import (
    PASSPHRASE,
    PRIVATE_KEY_SECRET,
    RELEASED_ROWS,
    TEST_SET,
    Predecessor,
    with_keys,
)
from easeml_action.cli.setup.questions import ask, can_ask, confirm
from easeml_action.cli.setup.texts import mail_commands, workflow_draft
from easeml_action.cli.terminal import show_commands, show_json, show_note
from easeml_action.errors import GateError
from easeml_action.git import Git

if TYPE_CHECKING:
    from pydantic import SecretStr

    from easeml_action.config import Config
    from easeml_action.testset import Vault


class RowsUsed(GateError):
    """The rows have been judged on by a tool that publishes what it measures."""

    def __init__(self, steps: int) -> None:
        super().__init__(
            f"Commits have been judged on these rows ({steps:,} of them), and their accuracies "
            "published: no promise covers what developers learned from that.",
            "Name new rows, as in: easeml init NEW.txt --from-easeml-ci; or keep these with "
            "--accept-used-rows, and rotate soon.",
        )


class NothingToMigrate(GateError):
    """The repository is not one of the older implementation."""

    def __init__(self, missing: str) -> None:
        super().__init__(
            f"This is no repository of the older ease.ml/ci: {missing}.",
            "Set a gate up with `easeml init` alone.",
        )


@dataclass(frozen=True)
class Wish:
    """What the user said of a migration.

    Parameters
    ----------
    data
        New rows, or None for those that are there.
    label
        The label's position, or None.
    private_key
        The private key's file, or None for its usual places.
    """

    data: Path | None
    label: str | None
    private_key: Path | None
    sample_rows: int
    accept_used_rows: bool
    action: str


@dataclass(frozen=True)
class Migrated:
    """What a migration would write.

    Parameters
    ----------
    texts
        The text files, with those to be taken away.
    data
        The two files of the test set.
    config
        The configuration, with what it did not know.
    rows, columns
        How many secret rows there are, and how many columns with the label.
    passphrase
        The command that stores the key's passphrase; None for a key without one.
    """

    texts: tuple[Draft, ...]
    data: Mapping[Path, bytes]
    config: "Config"
    rows: int
    columns: int
    passphrase: str | None


def migrate(root: Path, branch: str, wish: Wish, *, yes: bool, as_json: bool) -> None:
    """Show what a migration writes, write it if that is wanted, and say what comes next.

    Raises
    ------
    NothingToMigrate, RowsUsed, RowsShared, TooFewRows, PlaintextInHistory, PrivateKeyInHistory
        Something stands against it; nothing was written.
    WrongUse
        Something is not said and nobody can be asked.
    """
    before = Predecessor(root)
    text, config = _read_config(root)
    if before.steps_taken and wish.data is None and not wish.accept_used_rows:
        raise RowsUsed(before.steps_taken)
    done = _prepare(root, branch, wish, before, text)
    guidance = _guidance(before, done, config.script)
    if not as_json:
        for draft in done.texts:
            show_note(draft.diff())
        for path in done.data:
            show_note(f"Binary or public rows, written anew: {path.relative_to(root)}")
    if not yes:
        if not can_ask():
            raise WrongUse("Nothing is written yet.", "Add --yes to write what is shown.")
        if not confirm("Write this?"):
            raise typer.Abort
    for path, content in done.data.items():
        replace(path, content)
    for draft in done.texts:
        draft.write()
    _report(root, done, guidance, as_json=as_json)


def _read_config(root: Path) -> "tuple[str, Config]":
    from easeml_action.config import DEFAULT_NAME, Config

    path = root / DEFAULT_NAME
    if not path.exists():
        raise NothingToMigrate(f"there is no {DEFAULT_NAME}")
    data = read_file(path)
    config = Config.load(data, DEFAULT_NAME)
    if config.test_set is not None:
        raise NothingToMigrate(f"{DEFAULT_NAME} names a test_set, which that one did not know")
    if not (root / TEST_SET).exists():
        raise NothingToMigrate(f"there is no {TEST_SET}")
    return data.decode("utf-8-sig"), config


def _prepare(root: Path, branch: str, wish: Wish, before: Predecessor, text: str) -> Migrated:
    from easeml_action.config import DEFAULT_NAME, Config
    from easeml_action.testset import encrypt_to, is_protected, open_vault

    git = Git(root)
    key = _private_key(wish, before)
    phrase = (given_passphrase() or PASSPHRASE) if is_protected(key) else None
    with open_vault(key, phrase) as vault:
        public = str(vault.public_key)
        insist_no_private_key(git, public)
        old = vault.decrypt(read_file(root / TEST_SET))
        insist_never_committed(git, Path(TEST_SET).with_suffix(""), old)
        rows = old
        if wish.data is not None:
            warn_of(wish.data)
            rows = read_plaintext(wish.data, root)
        layout, columns = _layout(root, wish, rows)
        secret, sample = layout.split(rows, wish.sample_rows)
        test_set = layout.parse(secret)
        _insist_on_fresh(layout, vault, rows, old if wish.data else None, root)
    added = {"test_set": TEST_SET, "label": layout.label}
    config_text = with_keys(text, added)
    config = Config.load(config_text.encode(), DEFAULT_NAME)
    insist_on_rows(test_set.rows, config)
    workflow = workflow_draft(
        root,
        branch,
        action=wish.action,
        private_key=PRIVATE_KEY_SECRET,
        passphrase=None if phrase is None else PASSPHRASE_VARIABLE,
        mails=config.recipient is not None,
    )
    files = {layout.test_set: encrypt_to(public, secret)}
    return Migrated(
        texts=(
            Draft(root, DEFAULT_NAME, config_text),
            Draft(root, PUBLIC_KEY.as_posix(), public),
            *(Draft(root, name, None) for name in before.workflows() if name != workflow.name),
            workflow,
        ),
        data=files if sample is None else files | {layout.sample: sample},
        config=config,
        rows=test_set.rows,
        columns=columns,
        passphrase=None if phrase is None else _command_for(phrase),
    )


def _command_for(passphrase: "SecretStr") -> str:
    command = f"gh secret set {PASSPHRASE_VARIABLE}"
    if passphrase != PASSPHRASE:
        return command
    return f"{command} --body {PASSPHRASE.get_secret_value()}"  # known to everybody: see there


def _private_key(wish: Wish, before: Predecessor) -> "SecretStr":
    usual = before.usual_private_key
    key = read_private_key(wish.private_key or (usual if usual.exists() else None))
    if key is None:
        raise WrongUse(
            "A migration needs the private key, to read the rows and set a sample aside.",
            f"Name its file with --private-key (its key script wrote easeml_sec.asc), or put it "
            f"at {usual}.",
        )
    return key


def _layout(root: Path, wish: Wish, rows: bytes) -> tuple[Layout, int]:
    """Return how the rows are read, and how many columns they have."""

    def read(label: str) -> Layout:
        if not isinstance(column_of(label), int):
            raise WrongUse(f"{label!r} is no position.", "The rows have no header: count from 1.")
        layout = Layout.of(
            Path("test.txt"),
            None,
            root=root,
            output=root / TEST_SET,
            label=label,
            header=False,
        )
        layout.parse(rows)
        return layout

    columns = len(read("1").parse(rows).columns)
    if wish.label is not None:
        return read(wish.label), columns
    if not can_ask():
        raise WrongUse(
            f"Which of the {columns} columns is the label is not said.",
            "Add --label with its position, counted from 1.",
        )
    question = f"Which of the {columns} columns is the label, counted from 1?"
    return ask(question, read, str(columns)), columns


def _insist_on_fresh(
    layout: Layout, vault: "Vault", rows: bytes, old: bytes | None, root: Path
) -> None:
    """Refuse rows that the older implementation released, or judged on before."""
    from easeml_action.recycling import insist_apart

    new, key = layout.parse(rows), vault.derive("rows")
    released = root / RELEASED_ROWS
    if released.exists():
        where = f"{RELEASED_ROWS}, which everybody can read"
        insist_apart(new, layout.parse(read_file(released)), key, where)
    if old is not None:
        insist_apart(new, layout.parse(old), key, "the old test set")


def _guidance(before: Predecessor, done: Migrated, script: str) -> str:
    from easeml_action.github.markdown import render_text

    return render_text(
        "migration.txt.j2",
        script=script,
        label=done.config.require_label(),
        columns=done.columns,
        lines=before.lines_to_change(script),
    )


def _report(root: Path, done: Migrated, guidance: str, *, as_json: bool) -> None:
    written = [draft.name for draft in done.texts if draft.content is not None]
    written += [path.relative_to(root).as_posix() for path in done.data]
    removed = [draft.name for draft in done.texts if draft.content is None]
    commands = [] if done.passphrase is None else [done.passphrase]
    commands += [
        *mail_commands(done.config, None),
        add_command(root, written + removed),
        "git commit -m 'Judge models by the ease.ml/ci action'",
    ]
    if as_json:
        show_json(
            {
                "written": written,
                "removed": removed,
                "rows": done.rows,
                "rows_required": done.config.plan().rows,
                "commands": commands,
                "script": guidance.splitlines(),
            }
        )
        return
    show_note(f"{done.rows:,} secret rows; {done.config.plan().rows:,} are required.")
    show_note(guidance)
    show_note(f"The secret {PRIVATE_KEY_SECRET} is used as it is. When the script has changed:")
    show_commands(commands)
