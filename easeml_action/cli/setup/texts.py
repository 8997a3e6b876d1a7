# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""The texts that a set-up writes: the commented configuration, and the workflow."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from easeml_action import __version__
from easeml_action.cli.credentials import PRIVATE_KEY_VARIABLE
from easeml_action.cli.keygen import secret_command
from easeml_action.cli.setup.drafts import Draft

if TYPE_CHECKING:
    from easeml_action.config import Config

WORKFLOW = ".github/workflows/easeml.yml"
# Tags of releases do not move; whoever wants more writes a commit's id.
ACTION = f"easeml/ci-action@v{__version__}"
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
SMTP_URL_SECRET = "EASEML_SMTP_URL"  # noqa: S105  a name, not a secret

# The keys that the template has a sentence for.
_EXPLAINED = (
    "script",
    "condition",
    "reliability",
    "mode",
    "adaptivity",
    "passes",
    "pass_rate",
    "steps",
    "max_disagreement",
    "test_set",
    "label",
)


def config_draft(root: Path, settings: Mapping[str, Any]) -> Draft:
    """Return the configuration that holds the settings, with a comment on each."""
    from easeml_action.config import DEFAULT_NAME, SCHEMA_URL
    from easeml_action.github.markdown import render_text

    value = {key: as_yaml(setting) for key, setting in settings.items()}
    others = [key for key in value if key not in _EXPLAINED]
    text = render_text("easeml.yml.j2", schema=SCHEMA_URL, value=value, others=others)
    return Draft(root, DEFAULT_NAME, text)


def workflow_draft(
    root: Path,
    branch: str,
    *,
    action: str = ACTION,
    private_key: str = PRIVATE_KEY_VARIABLE,
    passphrase: str | None = None,
    mails: bool = False,
) -> Draft:
    """Return the workflow that runs the gate.

    Parameters
    ----------
    branch
        The default branch.
    action
        What ``uses:`` names.
    private_key, passphrase
        The names of the secrets; None for a key without a passphrase.
    mails
        Whether the verdicts are mailed, for which there is a secret, too.
    """
    from easeml_action.github.markdown import render_text

    text = render_text(
        "workflow.yml.j2",
        branch=as_yaml(branch),
        checkout=CHECKOUT,
        action=action,
        private_key=private_key,
        passphrase=passphrase,
        smtp_url=SMTP_URL_SECRET if mails else None,
    )
    return Draft(root, WORKFLOW, text)


def mail_commands(config: "Config", environment: str | None) -> list[str]:
    """Return what stores the address of the mail server, where verdicts are mailed."""
    return [] if config.recipient is None else [secret_command(SMTP_URL_SECRET, None, environment)]


def as_yaml(value: object) -> str:
    """Write one value as YAML does, in one line and quoted where it has to be."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=1_000, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("...").strip()
