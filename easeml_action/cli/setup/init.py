# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""``easeml init``: a gate for the repository in the working directory."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from easeml_action.cli.app import app
from easeml_action.cli.encrypt import Label, SampleRows
from easeml_action.cli.encryption import (
    column_of,
    could_be_committed,
    encrypt,
    insist_on_rows,
    load_config,
    warn_of,
)
from easeml_action.cli.errors import WrongUse, read_as_options
from easeml_action.cli.files import work_tree_of
from easeml_action.cli.hosting import add_command, push_command, repository_at
from easeml_action.cli.keygen import secret_commands
from easeml_action.cli.opening import DEFAULT_LEDGER_BRANCH, LedgerBranch
from easeml_action.cli.rehearsal import default_branch
from easeml_action.cli.secrecy import insist_no_private_key
from easeml_action.cli.setup.check import show_check
from easeml_action.cli.setup.drafts import Draft, ignoring
from easeml_action.cli.setup.keys import Keys
from easeml_action.cli.setup.migration import Wish, migrate
from easeml_action.cli.setup.plain import Plain, ciphertext_name, read_plain
from easeml_action.cli.setup.questions import can_ask, confirm
from easeml_action.cli.setup.terms import Settings, check_settings, complete, insist_on_options
from easeml_action.cli.setup.texts import (
    ACTION,
    SMTP_URL_SECRET,
    WORKFLOW,
    config_draft,
    mail_commands,
    workflow_draft,
)
from easeml_action.cli.setup.workflow_file import find_gate_jobs
from easeml_action.cli.term_options import (
    Adaptivity,
    Condition,
    MaxDisagreement,
    Mode,
    Passes,
    PassRate,
    Reliability,
    Steps,
)
from easeml_action.cli.terminal import show_commands, show_json, show_note
from easeml_action.git import Git, GitFailed

if TYPE_CHECKING:
    from easeml_action.config import Config

_EXAMPLE = "Example: easeml init ~/test.csv --label label --condition 'n > 0.8 +/- 0.05'"


@app.command("init", epilog=_EXAMPLE)
def set_up(
    *,
    data: Annotated[
        Path | None, typer.Argument(help="The plain test set, a file that no commit may hold.")
    ] = None,
    label: Label = None,
    condition: Condition = None,
    reliability: Reliability = None,
    steps: Steps = None,
    adaptivity: Adaptivity = None,
    mode: Mode = None,
    passes: Passes = None,
    pass_rate: PassRate = None,
    max_disagreement: MaxDisagreement = None,
    script: Annotated[
        str | None, typer.Option(help="The model's program. Suggested: ./evaluate_model.py.")
    ] = None,
    dockerfile: Annotated[
        str | None, typer.Option(help="A Dockerfile of the model, which runs in it.")
    ] = None,
    periods: Annotated[
        str | None,
        typer.Option(help="Periods that the test set serves, or auto: as many as it can."),
    ] = None,
    test_set: Annotated[
        str | None, typer.Option(help="The ciphertext. Default: data_test/test.csv.gpg.")
    ] = None,
    sample_rows: SampleRows = 10,
    header: Annotated[
        bool | None, typer.Option(help="Whether the first line names the columns.")
    ] = None,
    format: Annotated[str | None, typer.Option(help="csv, tsv or jsonl.")] = None,
    private_key: Annotated[
        Path | None,
        typer.Option(help="The private key's file. Default: ~/.easeml/FOLDER.private.asc."),
    ] = None,
    action: Annotated[
        str, typer.Option(help="What the workflow uses, such as a commit of the action.")
    ] = ACTION,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")] = False,
    from_easeml_ci: Annotated[
        bool,
        typer.Option(
            "--from-easeml-ci", help="Take over a repository of the paper's implementation."
        ),
    ] = False,
    accept_used_rows: Annotated[
        bool,
        typer.Option(
            "--accept-used-rows", help="With --from-easeml-ci: keep rows that were judged on."
        ),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only say what is there, and what is missing.")
    ] = False,
    ledger_branch: LedgerBranch = DEFAULT_LEDGER_BRANCH,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Set a gate up: key pair, encrypted test set, configuration and workflow.

    What is there stays as it is: a second run adds only what is missing. On a terminal, what is not
    said is asked for; elsewhere it is 0.999 for 32 steps, full and fp-free.
    """
    options = {
        "script": script,
        "condition": condition,
        "reliability": reliability,
        "mode": mode,
        "adaptivity": adaptivity,
        "passes": passes,
        "pass_rate": pass_rate,
        "steps": steps,
        "max_disagreement": max_disagreement,
        "dockerfile": dockerfile,
        "periods": int(periods) if periods and periods.isdecimal() else periods,
        "test_set": test_set,
        "label": column_of(label),
        "header": header,
        "format": format,
    }
    settings: Settings = {key: value for key, value in options.items() if value is not None}
    root = require_repository()
    keys = Keys.of(root, private_key)
    if check:
        return show_check(root, keys, ledger_branch, as_json=as_json)
    git = repository_at(root)
    branch = default_branch(git) or current_branch(git)
    if from_easeml_ci:
        wish = Wish(data, label, private_key, sample_rows, accept_used_rows, action)
        migrate(root, branch, wish, yes=yes, as_json=as_json)
        return 0
    insist_no_private_key(git, keys.public_text)
    config, plain, drafts = load_config(None, root), None, []
    there = (root / settings.get("test_set", ciphertext_name(data))).exists()
    if config is None:
        insist_on_options(settings, data or there or None)
        check_settings(settings, "Among the options")
        if not there:
            plain = read_plain(data, settings, None, root=root, sample_rows=sample_rows)
            settings |= plain.settings(root)
        settings.setdefault("test_set", ciphertext_name(data))
        drafts.append(
            config_draft(root, complete(settings, None if plain is None else plain.count))
        )
        config = read_draft(drafts[0])
    else:
        insist_on_agreement(config, settings)
        there = (root / config.require_test_set()).exists()
        if not there:
            plain = read_plain(data, settings, config, root=root, sample_rows=sample_rows)
            insist_on_rows(plain.count, config)
    if there and data is not None:
        show_note(f"{config.test_set} is there, and stays: `easeml rotate` replaces it.")
    workflow = root / WORKFLOW
    coming = [keys.private, keys.public, *(draft.path for draft in drafts), workflow]
    if plain is not None:
        coming += [plain.layout.test_set, plain.layout.sample]
    if can_ask() and not yes:
        confirm_writing([path for path in coming if not path.exists()])
    written = keys.ensure(root)
    if not workflow.exists():
        secret = keys.passphrase_secret
        mails = config.recipient is not None
        drafts.append(workflow_draft(root, branch, action=action, passphrase=secret, mails=mails))
    if plain is not None:
        written += write_rows(plain, keys, root)
    for draft in drafts:
        draft.write()
        written.append(draft.name)
    report(config, keys, root, written, plain, as_json=as_json)
    return 0


def require_repository() -> Path:
    """Return the work tree of the working directory.

    Raises
    ------
    WrongUse
        There is none.
    """
    root = work_tree_of(Path.cwd())
    if root is None:
        raise WrongUse(
            "The working directory is in no git repository.",
            "Go to the repository of the model, or make one with: git init -b main.",
        )
    return root


def read_draft(draft: Draft) -> "Config":
    """Read a configuration as it is going to be."""
    from easeml_action.config import Config

    return Config.load(str(draft.content).encode(), draft.name)


def insist_on_agreement(config: "Config", settings: Settings) -> None:
    """Refuse options that say something else than the configuration that is there.

    Raises
    ------
    WrongUse
        They do.
    """
    from easeml_action.config import DEFAULT_NAME, Config

    held = {key: getattr(config, key) for key in Config.model_fields}
    known = {key: value for key, value in held.items() if value is not None}
    known["condition"] = str(config.condition)
    with read_as_options():
        asked = Config.read(known | settings, "Among the options")
    for key in settings:
        if getattr(asked, key) != held[key]:
            raise WrongUse(
                f"{DEFAULT_NAME} is there, and says {key}: {known.get(key, 'nothing')}.",
                f"Leave out --{key.replace('_', '-')}, or edit {DEFAULT_NAME}.",
            )


def current_branch(git: Git) -> str:
    """Return the branch that is checked out, or the usual name where that is none."""
    try:
        return git.text("symbolic-ref", "--short", "HEAD")
    except GitFailed:
        return "main"


def confirm_writing(files: list[Path]) -> None:
    """Ask before anything is written.

    Raises
    ------
    Abort
        The answer is no.
    """
    if not files:
        return
    show_note("These files will be written:")
    for path in files:
        show_note(f"  {os.path.relpath(path) if path.is_relative_to(Path.cwd()) else path}")
    if not confirm("Go on?"):
        raise typer.Abort


def write_rows(plain: Plain, keys: Keys, root: Path) -> list[str]:
    """Write the two files of a test set, keep git from the plain one, and return the names."""
    written = []
    if could_be_committed(plain.path):
        if work_tree_of(plain.path) == root:
            draft = ignoring(root, plain.path)
            draft.write()
            written.append(draft.name)
        else:
            warn_of(plain.path)
    layout = plain.layout
    layout.write(encrypt(plain.rows, keys.public, None), plain.sample)
    places = [layout.test_set] if plain.sample is None else [layout.test_set, layout.sample]
    return written + [place.relative_to(root).as_posix() for place in places]


def report(
    config: "Config",
    keys: Keys,
    root: Path,
    written: list[str],
    plain: Plain | None,
    *,
    as_json: bool,
) -> None:
    """Say what was written, and the commands that come next."""
    commands = []
    environment = next((job.environment for job in find_gate_jobs(root)), None)
    if written:
        protected = keys.passphrase_secret is not None
        commands = [
            *secret_commands(keys.private, protected=protected, environment=environment),
            *mail_commands(config, environment),
            add_command(root, written),
            "git commit -m 'Judge models on a secret test set'",
            push_command(Git(root)),
        ]
    if as_json:
        show_json(
            {
                "written": written,
                "rows": None if plain is None else plain.count,
                "rows_required": config.plan().rows,
                "private_key": str(keys.private),
                "commands": commands,
            }
        )
        return
    for name in written:
        show_note(f"Written: {name}")
    if not (root / config.script).exists():
        show_note(
            f"There is no {config.script} yet: it is run as {config.script} FEATURES PREDICTIONS "
            "and writes one prediction per line."
        )
    if not written:
        show_note("Everything is there. `easeml init --check` looks closer.")
        return
    if config.recipient is not None:
        show_note(f"{SMTP_URL_SECRET} is the mail server, as smtps://USER:PASSWORD@HOST.")
    show_note(
        f"The private key is {keys.private}: keep a copy in a safe place, and commit it nowhere."
    )
    place = "repository" if environment is None else f"environment {environment}"
    show_note(f"Store it as a secret of the {place}, and commit what was written:")
    show_commands(commands)
