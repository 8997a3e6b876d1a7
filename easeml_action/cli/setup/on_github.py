# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""What of a gate is there, as far as GitHub's settings tell whoever has a token."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from easeml_action.cli.hosting import TOKEN_VARIABLES, github_of, given_token
from easeml_action.cli.setup.findings import Finding, look_at
from easeml_action.git import Git

if TYPE_CHECKING:
    from easeml_action.cli.setup.workflow_file import GateJob
    from easeml_action.github import GitHub

STATUS = "easeml/ci"


def look_at_github(
    git: Git, jobs: "Iterable[GateJob]", branch: str | None, ledger_branch: str
) -> list[Finding]:
    """Return how the settings of the repository stand; what the token may not see is unknown.

    Parameters
    ----------
    git
        The clone, whose origin says which repository it is.
    jobs
        The jobs that run the gate: their secrets are looked for.
    branch
        The default branch, where that is known.
    ledger_branch
        The ledger's branch.
    """
    token = given_token()
    if token is None:
        cure = f"Set {' or '.join(TOKEN_VARIABLES)}, as with: export GH_TOKEN=$(gh auth token)."
        return [Finding("on GitHub", "unknown", "not looked at: there is no token", cure)]
    github = github_of(git, token)
    if github is None:
        cure = "Set GITHUB_REPOSITORY to owner/name."
        return [Finding("on GitHub", "unknown", "origin is not an address of GitHub's", cure)]
    names = {
        secret
        for job in jobs
        for each in ("private-key", "passphrase")
        if (secret := job.secret(each)) is not None
    }
    looks = [
        ("secret", lambda: _secrets(github, sorted(names))),
        ("Actions", lambda: _actions(github)),
        ("ledger's branch", lambda: _ledger(github, ledger_branch)),
    ]
    if branch is not None:
        looks.append(("required status", lambda: _required(github, branch)))
    return [finding for piece, look in looks for finding in look_at(piece, look, fault="unknown")]


def _secrets(github: "GitHub", names: list[str]) -> Iterator[Finding]:
    from easeml_action.github import has_secret

    for name in names:
        if has_secret(github, name):
            yield Finding("secret", "ok", f"{name} is stored")
        else:
            cure = f"Run: gh secret set {name}, as `easeml init` and `easeml keygen` show."
            yield Finding("secret", "missing", f"there is no secret {name}", cure)


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
