"""What a commit asks of its Python environment, and what that depends on."""

import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from easeml_action.errors import GateError

MAX_BYTES = 20 * 2**20

_ARCHIVE = r"(?!\S*\.(?:whl|zip|gz|bz2|tgz|xz|tar)\b)"
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\s*(?:\[[^\]]*\])?"
_VERSION = r"(?:\(?\s*(?:===|==|~=|!=|<=|>=|<|>)[^;@/]*)?"
_MARKER = r"(?:;.*)?"
_HASHES = r"(?:\s--hash=\S+)*"
_OPTION = (
    r"(?:--index-url|-i|--extra-index-url)[ =]\s*https?://\S+"
    r"|--(?:pre|prefer-binary|require-hashes|no-index)"
    r"|--(?:no-binary|only-binary|trusted-host)[ =]\s*\S+"
)
_SELF_CONTAINED = re.compile(
    rf"(?:{_OPTION}|{_ARCHIVE}{_NAME}\s*{_VERSION}{_MARKER}{_HASHES}"
    rf"|{_NAME}\s*@\s*(?:git\+)?https?://\S+\s*{_MARKER}{_HASHES})\s*"
)


class UnreadableProject(GateError):
    """A file that describes the environment cannot be read."""

    def __init__(self, name: str, cause: str) -> None:
        super().__init__(f"The model's {name} cannot be read: {cause}.", f"Mend {name}.")


@dataclass(frozen=True)
class Recipe:
    """How to build an environment.

    Parameters
    ----------
    title
        The file it is built from, for people.
    files
        The names of the files that the build reads.
    whole
        Whether the build also reads the rest of the checkout.
    arguments
        What uv is told, after ``uv``; empty for an environment without packages.
    """

    title: str
    files: tuple[str, ...] = ()
    whole: bool = False
    arguments: tuple[str, ...] = ()

    @property
    def lists_packages(self) -> bool:
        """Whether it only names packages, which may all be had without building one."""
        return "--requirements" in self.arguments

    def key(self, checkout: Path, digest: str, *machine: str) -> str:
        """Name the environment: equal names are equal environments.

        Parameters
        ----------
        checkout
            The model's files.
        digest
            The model's digest.
        machine
            What else the build depends on.
        """
        parts = [self.title, *self.arguments, *machine, digest if self.whole else ""]
        hashed = hashlib.sha256("\0".join(parts).encode())
        for name in self.files:
            hashed.update(hashlib.sha256((checkout / name).read_bytes()).digest())
        return hashed.hexdigest()


def read_recipe(checkout: Path) -> Recipe:
    """Decide how to build the environment of a checkout.

    ``requirements.txt`` comes first, then ``uv.lock``, then ``pyproject.toml``; without any of
    them the environment is bare. A project with a build system is installed itself, too.

    Raises
    ------
    UnreadableProject
        One of the files is not what its name says.
    """
    if (checkout / "requirements.txt").is_file():
        arguments = ("pip", "install", "--requirements", "requirements.txt")
        whole = not is_self_contained(_read(checkout, "requirements.txt"))
        return Recipe("requirements.txt", ("requirements.txt",), whole, arguments)
    if not (checkout / "pyproject.toml").is_file():
        return Recipe("no requirements")
    project = _read_project(checkout)
    # Sources can name folders of the repository; a build system reads what it likes.
    whole = "build-system" in project or "uv" in project.get("tool", {})
    if (checkout / "uv.lock").is_file():
        arguments = ("sync", "--frozen", "--no-dev", "--no-editable")
        return Recipe("uv.lock", ("pyproject.toml", "uv.lock"), True, arguments)
    if "build-system" in project:
        return Recipe("pyproject.toml", ("pyproject.toml",), True, ("pip", "install", "."))
    if "project" in project:
        arguments = ("pip", "install", "--requirements", "pyproject.toml")
        return Recipe("pyproject.toml", ("pyproject.toml",), whole, arguments)
    return Recipe("no requirements")


def is_self_contained(requirements: str) -> bool:
    """Say whether a requirements file can be read without any other file beside it."""
    joined = re.sub(r"\\\n", " ", requirements)
    lines = (re.sub(r"(?:^|\s)#.*", "", line).strip() for line in joined.splitlines())
    return all(_SELF_CONTAINED.fullmatch(line) for line in lines if line)


def _read_project(checkout: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_read(checkout, "pyproject.toml"))
    except (tomllib.TOMLDecodeError, RecursionError):
        raise UnreadableProject("pyproject.toml", "it is not TOML") from None


def _read(checkout: Path, name: str) -> str:
    content = (checkout / name).read_bytes()
    if len(content) > MAX_BYTES:
        raise UnreadableProject(name, f"it is larger than {MAX_BYTES // 2**20} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableProject(name, "it is not UTF-8 text") from None
