# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""Where a repository lives on GitHub, and the token that the user has for it."""

import os
import re
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr

from easeml_action.cli.errors import WrongUse
from easeml_action.git import Git, GitFailed
from easeml_action.patience import Patience

if TYPE_CHECKING:
    from easeml_action.github import GitHub

TOKEN_VARIABLES = ("GITHUB_TOKEN", "GH_TOKEN")

_PUBLIC_HOST = "github.com"
# A person waits, and can ask again: a server that fails for longer is said to fail.
_SECONDS = 60.0
# https://HOST/OWNER/NAME, ssh://git@HOST/OWNER/NAME and git@HOST:OWNER/NAME
_ADDRESS = re.compile(
    r"(?:(?:https?|ssh|git)://)?(?:[^@/]+@)?(?P<host>[^/:]+)(?::\d+(?=/))?[:/]"
    r"(?P<name>[^/\s]+/[^/\s]+?)(?:\.git)?/?"
)


def given_token() -> SecretStr | None:
    """Return the token of the environment, or None."""
    texts = (os.environ.get(name, "").strip() for name in TOKEN_VARIABLES)
    return next((SecretStr(text) for text in texts if text), None)


def repository_at(directory: Path) -> Git:
    """Return a repository that shows GitHub the token of the environment, and nobody else."""
    host, _ = _place_of(Git(directory))
    token = given_token() if host in _github_hosts() else None
    return Git(directory, token, Patience(_SECONDS))


def github_of(git: Git, token: SecretStr) -> "GitHub | None":
    """Return the API of the repository that is ``origin``; None where that is not on GitHub.

    GITHUB_SERVER_URL, GITHUB_REPOSITORY and GITHUB_API_URL tell what the address of origin does
    not, such as that a host is GitHub Enterprise.
    """
    from easeml_action.github import GitHub
    from easeml_action.github.api import DEFAULT_API_URL

    host, name = _place_of(git)
    given = os.environ.get("GITHUB_API_URL", "").strip()
    if not given and host not in _github_hosts():
        return None
    own = DEFAULT_API_URL if host == _PUBLIC_HOST else f"https://{host}/api/v3"
    name = os.environ.get("GITHUB_REPOSITORY", "").strip() or name
    if name is None:
        return None
    return GitHub(name, token, given or own, patience=Patience(_SECONDS))


def add_command(root: Path, names: Iterable[str]) -> str:
    """Return the command that adds files to the next commit, from wherever it is typed.

    Parameters
    ----------
    root
        The work tree.
    names
        The files' paths in it.
    """
    place = "" if Path.cwd().resolve() == root.resolve() else f" -C {shlex.quote(str(root))}"
    return f"git{place} add {' '.join(map(shlex.quote, sorted(names)))}"


def push_command(git: Git) -> str:
    """Return the command that pushes the branch that is checked out, also for the first time."""
    try:
        git.text("rev-parse", "--abbrev-ref", "@{upstream}")
    except GitFailed:
        return "git push -u origin HEAD"
    return "git push"


def require_github(git: Git, purpose: str) -> "GitHub":
    """Return the API of the repository that is ``origin``.

    Parameters
    ----------
    purpose
        What it is for; the beginning of the sentence that asks for a token.

    Raises
    ------
    WrongUse
        There is no token, or origin is not on GitHub.
    """
    token = given_token()
    if token is None:
        raise WrongUse(
            f"{purpose} needs a token.",
            f"Set {' or '.join(TOKEN_VARIABLES)}, as with: export GH_TOKEN=$(gh auth token).",
        )
    github = github_of(git, token)
    if github is None:
        raise WrongUse(
            "Origin does not answer as a repository on GitHub.",
            "Check git remote -v, or set GITHUB_REPOSITORY to owner/name and GITHUB_API_URL.",
        )
    return github


def _github_hosts() -> frozenset[str]:
    """Return the hosts that are GitHub: a token goes to no other."""
    server = urlsplit(os.environ.get("GITHUB_SERVER_URL", "")).hostname
    return frozenset({_PUBLIC_HOST} | ({server} if server else set()))


def _place_of(git: Git) -> tuple[str | None, str | None]:
    """Return the host and ``owner/name`` of origin, where its address tells."""
    try:
        address = git.text("remote", "get-url", "origin")
    except GitFailed:
        return None, None
    found = _ADDRESS.fullmatch(address)
    return (found["host"], found["name"]) if found else (None, None)
