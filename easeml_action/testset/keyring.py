"""The key holder's side: make a key pair, encrypt a test set to it."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from pydantic import SecretStr

from easeml_action.testset.gpg_errors import (
    GpgFailed,
    KeyExpired,
    PassphraseUnusable,
    PublicKeyUnreadable,
)
from easeml_action.testset.home import STRETCHED, Home, gpg_text, open_home, open_passphrase

_LOOPBACK_PASSPHRASE = ["--passphrase-fd", "0"]


@dataclass(frozen=True)
class KeyPair:
    """A new key: the private half for the repository's secrets, the public half for everybody.

    Both are armored.
    """

    private_key: SecretStr
    public_key: str
    fingerprint: str


def generate_key(
    name: str, email: str, passphrase: SecretStr | None, expires: date | None = None
) -> KeyPair:
    """Make a key pair (Ed25519 to certify, Curve25519 to encrypt) outside the user's keyring.

    Parameters
    ----------
    name, email
        The user id; one line each, without angle brackets.
    passphrase
        Protects the private key; None leaves it to the secret store alone.
    expires
        The day from which nobody encrypts to it any more; None for never.

    Raises
    ------
    ValueError
        The name or the address cannot stand in a user id.
    PassphraseUnusable, GpgMissing, GpgFailed
    """
    for argument, value in (("name", name), ("email", email)):
        if not value.strip() or re.search(r"[\x00-\x1f\x7f<>]", value):
            raise ValueError(f"{argument} must be one line of text without < and >")
    phrase = open_passphrase(passphrase)
    request = [
        "Key-Type: EDDSA",
        "Key-Curve: ed25519",
        "Key-Usage: sign",
        "Subkey-Type: ECDH",
        "Subkey-Curve: cv25519",
        "Subkey-Usage: encrypt",
        f"Name-Real: {name.strip()}",
        f"Name-Email: {email.strip()}",
        f"Expire-Date: {expires.isoformat() if expires is not None else 0}",
        "%commit",
        "",
    ]
    with open_home(stretch=True) as home:
        if phrase is None:
            request.insert(0, "%no-protection")
            done = home.gpg.gen_key(gpg_text("\n".join(request)))
        else:
            # gpg reads the first line of the same stream as the passphrase.
            plain_options = home.gpg.options
            home.gpg.options = [*plain_options, *_LOOPBACK_PASSPHRASE]
            done = home.gpg.gen_key(gpg_text("\n".join([phrase, *request])))
            home.gpg.options = plain_options
        if not done.fingerprint:
            raise GpgFailed("gpg --gen-key", "it made no key")
        private = home.gpg.export_keys(
            done.fingerprint,
            secret=True,
            passphrase=gpg_text(phrase) if phrase is not None else None,
            expect_passphrase=False,
        )
        public = home.gpg.export_keys(done.fingerprint)
    if not private or not public:
        raise GpgFailed("gpg --export", "it exported no key")
    return KeyPair(SecretStr(private), public, done.fingerprint)


def encrypt_to(public_key: str, data: bytes, *, armor: bool = False) -> bytes:
    """Encrypt data to the one key in an armored public key.

    Parameters
    ----------
    public_key
        As exported by ``gpg --export --armor``.
    data
        Anything, usually a test set.
    armor
        Whether the result is text; binary is a quarter smaller.

    Raises
    ------
    PublicKeyUnreadable
        It is no public key, it is a private key, or it cannot encrypt (revoked, or made for
        signatures only).
    KeyExpired
        It can no longer be encrypted to.
    """
    with open_home() as home:
        key = _import_public(home, public_key)
        done = home.gpg.encrypt(data, [key["fingerprint"]], always_trust=True, armor=armor)
        if done.ok and done.returncode == 0:
            return bytes(done.data)
        details = [key, *key.get("subkey_info", {}).values()]
        for part in details:
            if part.get("trust") == "e":
                day = datetime.fromtimestamp(int(part["expires"]), UTC).date()
                raise KeyExpired(key["fingerprint"], day.isoformat())
        raise PublicKeyUnreadable("it is revoked, or made for signatures only")


def fingerprint_of(public_key: str) -> str:
    """Return the fingerprint of the one key in an armored public key.

    Raises
    ------
    PublicKeyUnreadable
        It is no public key, or it is a private key.
    """
    with open_home() as home:
        return str(_import_public(home, public_key)["fingerprint"])


def _import_public(home: Home, public_key: str) -> dict[str, Any]:
    if "PRIVATE KEY BLOCK" in public_key:
        raise PublicKeyUnreadable("it is a private key")
    home.gpg.import_keys(gpg_text(public_key))
    keys: list[dict[str, Any]] = home.gpg.list_keys()
    if len(keys) != 1:
        raise PublicKeyUnreadable(f"gpg finds {len(keys)} keys in it")
    return keys[0]


def encrypt_with(passphrase: SecretStr, data: bytes) -> bytes:
    """Encrypt data with a passphrase (AES-256).

    Raises
    ------
    PassphraseUnusable
        It is empty, too long or has a line break inside.
    """
    phrase = open_passphrase(passphrase)
    if phrase is None:
        raise PassphraseUnusable
    with open_home() as home:
        done = home.gpg.encrypt(
            data,
            None,
            symmetric="AES256",
            passphrase=gpg_text(phrase),
            armor=False,
            extra_args=[*STRETCHED],
        )
    if not done.ok or done.returncode != 0:
        raise GpgFailed("gpg --symmetric")
    return bytes(done.data)
