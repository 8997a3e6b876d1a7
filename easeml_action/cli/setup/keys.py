# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""The key pair of a repository: the public half in it, the private half outside."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from easeml_action.cli.credentials import PASSPHRASE_VARIABLE, given_passphrase, read_private_key
from easeml_action.cli.files import read_file, write_new
from easeml_action.cli.keygen import (
    PUBLIC_KEY,
    insist_on_outside,
    make_key_pair,
    private_key_place,
)
from easeml_action.errors import GateError


class KeysDiffer(GateError):
    """The two keys are no pair."""

    def __init__(self, private: Path, public: Path) -> None:
        super().__init__(
            f"{private} does not belong to {public}.",
            "Name the private key of this repository with --private-key.",
        )


@dataclass(frozen=True)
class Keys:
    """Where the two keys are, or will be."""

    private: Path
    public: Path

    @classmethod
    def of(cls, root: Path, private: Path | None) -> "Keys":
        """Return the places of the keys of a repository."""
        return cls(private or private_key_place(root), root / PUBLIC_KEY)

    @property
    def public_text(self) -> str | None:
        """The public key, or None where there is none yet."""
        if not self.public.exists():
            return None
        return read_file(self.public).decode("utf-8", errors="replace")

    @property
    def private_text(self) -> SecretStr | None:
        """The private key, or None where its file is not here."""
        return read_private_key(self.private) if self.private.exists() else None

    @property
    def passphrase_secret(self) -> str | None:
        """The name of the secret that holds the passphrase; None for a key without one."""
        from easeml_action.testset import is_protected

        private = self.private_text
        protected = given_passphrase() is not None if private is None else is_protected(private)
        return PASSPHRASE_VARIABLE if protected else None

    def ensure(self, root: Path) -> list[str]:
        """Make the pair, or its public half from the private one; return the names written.

        Raises
        ------
        KeysDiffer
            Both are there, and no pair.
        """
        from easeml_action.testset import fingerprint_of, open_vault

        insist_on_outside(self.private)
        private, public = self.private_text, self.public_text
        if private is not None:
            with open_vault(private, None) as vault:
                own, fingerprint = vault.public_key, vault.fingerprint
            if public is None:
                write_new(self.public, str(own).encode())
            elif fingerprint_of(public) != fingerprint:
                raise KeysDiffer(self.private, self.public)
        elif public is None:
            make_key_pair(self.private, self.public)
        return [self.public.relative_to(root).as_posix()] if public is None else []
