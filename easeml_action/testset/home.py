"""A home for gpg that lasts as long as a ``with`` block: its own keys, its own agent."""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import gnupg
from pydantic import SecretStr

from easeml_action.testset.agent import Agent
from easeml_action.testset.gpg_errors import PassphraseUnusable

_CHUNK = 1 << 20  # bytes that python-gnupg moves at a time
_LONGEST_PASSPHRASE = 255  # bytes, gpg's own bound

# How gpg stretches the passphrase of a symmetric message: for as long as it can.
STRETCHED = ("--s2k-mode", "3", "--s2k-digest-algo", "SHA512", "--s2k-count", "65011712")

# No network, no configuration of the machine's owner, no question on a terminal, no other agent.
_OPTIONS = [
    "--no-options",
    "--no-autostart",
    "--no-auto-key-locate",
    "--no-auto-check-trustdb",
    "--no-symkey-cache",
    "--pinentry-mode",
    "loopback",
]


def _never(_: logging.LogRecord) -> bool:
    return False


# At level DEBUG python-gnupg logs the first bytes of keys and data: it may log nothing.
logging.getLogger("gnupg").addFilter(_never)


@dataclass(frozen=True)
class Home:
    """A running gpg: python-gnupg's wrapper and the agent that guards the keys."""

    gpg: gnupg.GPG
    agent: Agent


@contextmanager
def open_home(*, stretch: bool = False) -> Iterator[Home]:
    """Make a fresh GNUPGHOME with its agent; both are gone after the block, whatever happens.

    It lies in memory (/dev/shm) where that can be written, else under the temporary directory.

    Parameters
    ----------
    stretch
        Whether keys made here leave it under a passphrase, which then has to be stretched.

    Raises
    ------
    GpgMissing
        gpg, gpg-agent or gpgconf is not installed.
    """
    directory = tempfile.mkdtemp(prefix="easeml-", dir=_parent())
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": directory, "LC_ALL": "C"}
    try:
        with Agent(Path(directory), environment, stretch=stretch) as agent:
            # Latin-1 passes every byte of gpg's messages; see gpg_text.
            gpg = gnupg.GPG(
                gnupghome=directory, options=_OPTIONS, env=environment, encoding="latin-1"
            )
            gpg.buffer_size = _CHUNK
            yield Home(gpg, agent)
    finally:
        shutil.rmtree(directory)


def _parent() -> str:
    memory = "/dev/shm"  # noqa: S108 - the directory made in it is private and its name random
    return memory if os.access(memory, os.W_OK | os.X_OK) else tempfile.gettempdir()


def gpg_text(text: str) -> str:
    """Return text in the form that makes python-gnupg write its UTF-8 bytes."""
    return text.encode().decode("latin-1")


def open_passphrase(passphrase: SecretStr | None) -> str | None:
    """Return the passphrase without the line end that secrets often carry; None for none.

    Raises
    ------
    PassphraseUnusable
        It has a line break or NUL inside, or is longer than gpg allows.
    """
    text = passphrase.get_secret_value().rstrip("\r\n") if passphrase is not None else ""
    if any(sign in text for sign in "\r\n\0") or len(text.encode()) > _LONGEST_PASSPHRASE:
        raise PassphraseUnusable
    return text or None


def status_lines(stderr: str) -> list[list[str]]:
    """Return gpg's machine-readable status lines, each split into words.

    Lines end with a line feed only: the other ends of line that Python knows may stand in a
    name that a message brings along, which must not pass for a line of gpg's.
    """
    prefix = "[GNUPG:] "
    return [
        line.removeprefix(prefix).split()
        for line in stderr.split("\n")
        if line.startswith(prefix) and len(line) > len(prefix)
    ]
