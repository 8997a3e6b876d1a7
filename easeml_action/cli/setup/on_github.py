# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""What of a gate is there, as far as GitHub's settings tell whoever has a token."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from easeml_action.cli.hosting import TOKEN_VARIABLES, github_of, given_token
from easeml_action.cli.keygen import secret_command
from easeml_action.cli.setup.findings import Finding, Look, look_at
from easeml_action.cli.setup.local import SetUp

if TYPE_CHECKING:
    from easeml_action.cli.setup.workflow_file import GateJob
    from easeml_action.github import GitHub

STATUS = "easeml/ci"


@dataclass(frozen=True)
class WantedSecret:
    """A secret that a gate is given.

    Parameters
    ----------
    name
        Its name.
    environment
        The environment that is to keep it; None for the repository.
    needed
        Whether the gate does not work without it.
    command
        What stores it.
    """

    name: str
    environment: str | None
    needed: bool
    command: str

    @property
    def missing(self) -> Finding:
        """What is to be said where it is not stored."""
        place = "" if self.environment is None else f" in the environment {self.environment}"
        fact = f"there is no secret {self.name}{place}"
        return Finding(
            "secret", "missing" if self.needed else "advised", fact, f"Run: {self.command}."
        )


def look_at_github(set_up: SetUp) -> list[Finding]:
    """Return how the settings of the repository stand; what the token may not see is unknown."""
    token = given_token()
    if token is None:
        cure = f"Set {' or '.join(TOKEN_VARIABLES)}, as with: export GH_TOKEN=$(gh auth token)."
        return [Finding("on GitHub", "unknown", "not looked at: there is no token", cure)]
    github = github_of(set_up.git, token)
    if github is None:
        cure = "Set GITHUB_REPOSITORY to owner/name."
        return [Finding("on GitHub", "unknown", "origin is not an address of GitHub's", cure)]
    unseen = look_at("on GitHub", partial(_repository, github), fault="unknown")
    if unseen:
        return unseen
    looks: list[tuple[str, Look]] = [
        *_looks_at_secrets(github, set_up),
        ("Actions", partial(_actions, github)),
        ("ledger's branch", partial(_ledger, github, set_up.ledger_branch)),
    ]
    if set_up.default_branch is not None:
        looks.append(("required status", partial(_required, github, set_up.default_branch)))
    return [finding for piece, look in looks for finding in look_at(piece, look, fault="unknown")]


def _repository(github: "GitHub") -> Iterator[Finding]:
    """Look whether there is anything to see; what can be seen is no finding yet."""
    from easeml_action.github import is_seen

    if not is_seen(github):
        fact = f"the token sees no repository {github.repository}"
        cure = "Use a token of somebody who does, or set GITHUB_REPOSITORY to owner/name."
        yield Finding("on GitHub", "unknown", fact, cure)


def _looks_at_secrets(github: "GitHub", set_up: SetUp) -> Iterator[tuple[str, Look]]:
    """Return a look at each environment and at each secret, so that one not seen hides no other."""
    secrets = dict.fromkeys(each for job in set_up.jobs for each in _secrets_of(job, set_up))
    for environment in dict.fromkeys(secret.environment for secret in secrets):
        if environment is not None:
            yield "environment", partial(_environment, github, environment)
    for secret in secrets:
        if secret.environment is None:
            yield "secret", partial(_secret, github, secret)
        elif "${{" not in secret.environment:
            yield "secret", partial(_kept_secret, github, secret, secret.environment)
            yield "secret", partial(_open_copy, github, secret.name)


def _secrets_of(job: "GateJob", set_up: SetUp) -> "Iterator[WantedSecret]":
    for each in ("private-key", "passphrase", "smtp-url"):
        name = job.secret(each)
        if name is not None:
            source = set_up.keys.private if each == "private-key" else None
            command = secret_command(name, source, job.environment)
            yield WantedSecret(name, job.environment, each != "smtp-url", command)


def _environment(github: "GitHub", name: str) -> Iterator[Finding]:
    from easeml_action.github import find_environment

    if "${{" in name:
        yield Finding("environment", "unknown", f"{name} is known when it runs")
        return
    found = find_environment(github, name)
    if found is not None and (found.reviewed or found.restricted):
        kept = [("reviewers", found.reviewed), ("its deployment branches", found.restricted)]
        fact = f"{name} is kept by {' and '.join(text for text, is_so in kept if is_so)}"
        yield Finding("environment", "ok", fact)
        return
    fact = f"every run gets into {name}: it has neither reviewers nor deployment branches"
    if found is None:
        fact = f"there is no {name}: the first run makes one that every run gets into"
    cure = f"Set it up under Settings, Environments, {name}, before it gets the key."
    yield Finding("environment", "advised", fact, cure)


def _secret(github: "GitHub", secret: WantedSecret) -> Iterator[Finding]:
    """Look for a secret that every run of the repository may have."""
    from easeml_action.github import has_secret, shares_secret

    if has_secret(github, secret.name):
        yield Finding("secret", "ok", f"{secret.name} is stored")
    elif shares_secret(github, secret.name):
        yield Finding("secret", "ok", f"{secret.name} is stored in the organization")
    else:
        yield secret.missing


def _kept_secret(github: "GitHub", secret: WantedSecret, environment: str) -> Iterator[Finding]:
    """Look for a secret that an environment keeps."""
    from easeml_action.github import has_environment_secret

    if has_environment_secret(github, environment, secret.name):
        fact = f"{secret.name} is stored in the environment {environment}"
        yield Finding("secret", "ok", fact)
    else:
        yield secret.missing


def _open_copy(github: "GitHub", name: str) -> Iterator[Finding]:
    """Look whether a secret that an environment is to keep is to be had without it."""
    from easeml_action.github import has_secret, shares_secret

    if has_secret(github, name):
        fact = f"{name} is a secret of the repository: every workflow gets it, also a branch's own"
        yield Finding("secret", "advised", fact, f"Run: gh secret delete {name}.")
    elif shares_secret(github, name):
        fact = f"{name} is a secret of the organization: every workflow gets it"
        cure = "Take this repository out of those that may use it, in the organization's settings."
        yield Finding("secret", "advised", fact, cure)


def _actions(github: "GitHub") -> Iterator[Finding]:
    from easeml_action.github import default_permission, runs_actions

    if runs_actions(github):
        yield Finding("Actions", "ok", "enabled")
    else:
        cure = "Enable them under Settings, Actions, General."
        yield Finding("Actions", "missing", "disabled for this repository", cure)
    if default_permission(github) == "write":
        fact = "every workflow may write by default, to the ledger's branch, too"
        cure = "Choose read permissions under Settings, Actions, General."
        yield Finding("Actions", "advised", fact, cure)


def _required(github: "GitHub", branch: str) -> Iterator[Finding]:
    from easeml_action.github import required_checks

    if STATUS in required_checks(github, branch):
        yield Finding("required status", "ok", f"{branch} requires {STATUS}")
    else:
        cure = f"Require it under Settings, Rules, for {branch}: until then a fail blocks nothing."
        yield Finding("required status", "advised", f"{branch} does not require {STATUS}", cure)


def _ledger(github: "GitHub", branch: str) -> Iterator[Finding]:
    from easeml_action.github import keeps_history

    if keeps_history(github, branch):
        yield Finding("ledger's branch", "ok", f"{branch} can be neither rewritten nor deleted")
    else:
        cure = f"Forbid force pushes and deletion of {branch} under Settings, Rules."
        yield Finding("ledger's branch", "advised", f"{branch} could be rewritten", cure)
