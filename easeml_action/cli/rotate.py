# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""``easeml rotate``: a new test set in place of a used one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from easeml_action.cli.app import app
from easeml_action.cli.encrypt import (
    ConfigFile,
    Data,
    PublicKey,
    SampleRows,
    Symmetric,
    passphrase_if,
    report,
)
from easeml_action.cli.encryption import (
    Layout,
    encrypt,
    insist_on_rows,
    load_config,
    read_plaintext,
    warn_of,
)
from easeml_action.cli.errors import WrongUse
from easeml_action.cli.files import read_file, work_tree_of
from easeml_action.cli.form import OldFormUnread, insist_on_form, parse_before
from easeml_action.cli.keygen import PUBLIC_KEY
from easeml_action.cli.opening import (
    DEFAULT_LEDGER_BRANCH,
    LedgerBranch,
    PrivateKey,
    ledger_of,
    opened_vault,
)
from easeml_action.cli.proposal import Proposer
from easeml_action.cli.terminal import show_json, show_note
from easeml_action.errors import GateError

if TYPE_CHECKING:
    from easeml_action.ledger import History
    from easeml_action.testset import TestSet, Vault

# what errors call the rows that are replaced
OLD_ROWS = "the old test set"
OLD_SAMPLE = "the public sample"

# the text of the pull request, and of its commit
PULL_REQUEST = (
    "{path} holds {rows:,} new rows, encrypted; the configuration requires {rows_required:,}. The "
    "identity of the test set is {identity}. Once this is merged, the next evaluation opens it and "
    "closes the issue that asked for it."
)


class TestSetKnown(GateError):
    """The rows are those of a test set that the ledger knows."""

    __test__ = False  # the name begins as a test class does

    def __init__(self, identity: str) -> None:
        super().__init__(
            f"These rows are the test set {identity}, which has been in use before.",
            "Use rows that no model was judged on.",
        )


@app.command(
    epilog="Example: easeml rotate ~/private/new.csv --private-key ~/.easeml/p.private.asc"
)
def rotate(
    *,
    data: Data,
    private_key: PrivateKey = None,
    public_key: PublicKey = None,
    symmetric: Symmetric = False,
    sample_rows: SampleRows = 10,
    config: ConfigFile = None,
    ledger_branch: LedgerBranch = DEFAULT_LEDGER_BRANCH,
    other_form: Annotated[
        bool,
        typer.Option(
            "--other-form", help="Take rows with other columns or labels than the old ones have."
        ),
    ] = False,
    pull_request: Annotated[
        bool,
        typer.Option(
            "--pull-request", help="Open a pull request (token: GITHUB_TOKEN), write nothing here."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Replace the test set by rows that are new, enough, and in the form of the old ones."""
    from easeml_action.recycling import insist_apart, insist_on_new_rows

    root = work_tree_of(Path.cwd()) or Path.cwd()
    loaded = load_config(config, root)
    if loaded is None:
        raise WrongUse(
            "There is no configuration here.", "Run this in the repository, or add --config FILE."
        )
    loaded.require_test_set()
    loaded.require_label()
    layout = Layout.of(data, loaded, root=root)
    proposer = Proposer.of(root) if pull_request else None
    warn_of(data)
    rows, public_rows = layout.split(read_plaintext(data, root), sample_rows)
    test_set = layout.parse(rows)
    required = insist_on_rows(test_set.rows, loaded)
    with opened_vault(private_key) as vault:
        key = vault.derive("rows")
        identity = test_set.identity(key)
        ledger = ledger_of(vault, ledger_branch)
        history = ledger.read()
        if history.periods_of(identity):
            raise TestSetKnown(identity)
        tolerated = loaded.allow_overlap
        old, sample = rows_before(layout, vault, other_form=other_form)
        for other, where in ((old, OLD_ROWS), (sample, OLD_SAMPLE)):
            if other is not None:
                insist_apart(test_set, other, key, where, tolerated)
        insist_on_new_rows(test_set, key, ledger.shelved_rows(), tolerated)
        if old is not None:
            if not other_form:
                insist_on_form(test_set, old, sample)
            note_what_ends(history, old.identity(key))
    ciphertext = encrypt(rows, public_key or root / PUBLIC_KEY, passphrase_if(symmetric))
    if proposer is not None:
        facts = Facts(identity, test_set.rows, loaded.plan().rows)
        new = {layout.test_set: ciphertext, layout.sample: public_rows}
        page = propose(proposer, new, facts, root=root, config=config)
        if as_json:
            show_json({"pull_request": page, **asdict(facts)})
        else:
            show_note(f"Opened: {page}")
        return
    layout.write(ciphertext, public_rows)
    report(layout, test_set.rows, required, identity, sample_rows, as_json=as_json)


def rows_before(
    layout: Layout, vault: "Vault", *, other_form: bool
) -> "tuple[TestSet | None, TestSet | None]":
    """Return the test set and the sample that are replaced; None for what cannot be compared.

    Parameters
    ----------
    other_form
        Whether they may be in another form than the new ones.

    Raises
    ------
    OldFormUnread
        They are, and may not be.
    """

    def read(path: Path, where: str) -> "TestSet | None":
        if not path.exists():
            return None
        content = read_file(path)
        plain = vault.decrypt(content) if path == layout.test_set else content
        try:
            return parse_before(layout, plain, where)
        except OldFormUnread as unread:
            if not other_form:
                raise
            show_note(f"Note: not compared: {unread.problem}")
            return None

    return read(layout.test_set, OLD_ROWS), read(layout.sample, OLD_SAMPLE)


def note_what_ends(history: "History", whole: str) -> None:
    """Say what is left of the old test set, where something is."""
    from easeml_action.github import left_text

    if not history.periods_of(whole):
        left = ["no model was judged on it yet"]
    elif history.is_used_up(whole):
        return
    else:
        newest = history.periods_of(whole)[-1]
        more = newest.period.of - newest.period.number
        left = [] if newest.is_retired else [left_text(newest.remaining)]
        left += [f"{more:,} more {'period' if more == 1 else 'periods'}"] if more else []
    show_note(
        "Note: the old test set is not used up, and ends when the new one is first used: "
        f"{', '.join(left)}."
    )


@dataclass(frozen=True)
class Facts:
    """What everybody may know of a new test set."""

    identity: str
    rows: int
    rows_required: int


def propose(
    proposer: Proposer,
    new: Mapping[Path, bytes | None],
    facts: Facts,
    *,
    root: Path,
    config: Path | None,
) -> str:
    """Open the pull request that brings a new test set; return its page.

    Parameters
    ----------
    new
        The two files; None where there is no sample.
    root, config
        The work tree, and the configuration in it if it has another name than usual.
    """
    from easeml_action.config import DEFAULT_NAME

    def in_tree(path: Path) -> str:
        place = path.absolute()
        if not place.is_relative_to(root):
            raise WrongUse(f"{path} is not in the repository {root}.", "Name a file in it.")
        return place.relative_to(root).as_posix()

    looked_at = [*new, config or root / DEFAULT_NAME]
    held = {in_tree(path): read_file(path) if path.exists() else None for path in looked_at}
    files = {in_tree(path): content for path, content in new.items()}
    return proposer.propose(
        {name: content for name, content in files.items() if content != held[name]},
        branch=f"easeml-test-set-{facts.identity}",
        title="Use a new test set",
        body=PULL_REQUEST.format(path=next(iter(files)), **asdict(facts)),
        checked=held,
    )
