# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""Where a repository lives on GitHub, and the token that the user has for it."""

import os
import re
from typing import TYPE_CHECKING

from pydantic import SecretStr

from easeml_action.git import Git, GitFailed

if TYPE_CHECKING:
    from easeml_action.github import GitHub

TOKEN_VARIABLES = ("GITHUB_TOKEN", "GH_TOKEN")

_PUBLIC_HOST = "github.com"
# https://HOST/OWNER/NAME, ssh://git@HOST/OWNER/NAME and git@HOST:OWNER/NAME
_ADDRESS = re.compile(
    r"(?:(?:https?|ssh|git)://)?(?:[^@/]+@)?(?P<host>[^/:]+)(?::\d+(?=/))?[:/]"
    r"(?P<name>[^/\s]+/[^/\s]+?)(?:\.git)?/?"
)


def given_token() -> SecretStr | None:
    """Return the token of the environment, or None."""
    texts = (os.environ.get(name, "").strip() for name in TOKEN_VARIABLES)
    return next((SecretStr(text) for text in texts if text), None)


def github_of(git: Git, token: SecretStr) -> "GitHub | None":
    """Return the API of the repository that is ``origin``; None where that is not on GitHub.

    GITHUB_REPOSITORY and GITHUB_API_URL name what the address of origin does not tell.
    """
    from easeml_action.github import GitHub
    from easeml_action.github.api import DEFAULT_API_URL

    host, name = _place_of(git)
    name = os.environ.get("GITHUB_REPOSITORY", "").strip() or name
    enterprise = f"https://{host}/api/v3" if host not in {None, _PUBLIC_HOST} else DEFAULT_API_URL
    api = os.environ.get("GITHUB_API_URL", "").strip() or enterprise
    return None if name is None else GitHub(name, token, api)


def _place_of(git: Git) -> tuple[str | None, str | None]:
    """Return the host and ``owner/name`` of origin, where its address tells."""
    try:
        address = git.text("remote", "get-url", "origin")
    except GitFailed:
        return None, None
    found = _ADDRESS.fullmatch(address)
    return (found["host"], found["name"]) if found else (None, None)
