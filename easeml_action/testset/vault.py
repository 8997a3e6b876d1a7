"""The vault: opens the test set, seals what must stay secret, derives the keys of the ledger."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import SecretStr

from easeml_action.testset.ciphertext import check_ciphertext, read_plaintext
from easeml_action.testset.gpg_errors import (
    GpgFailed,
    KeyNeeded,
    PrimaryKeyMissing,
    PrivateKeyUnreadable,
    SeveralPrivateKeys,
    WrongPassphrase,
)
from easeml_action.testset.home import STRETCHED, Home, gpg_text, open_home, open_passphrase
from easeml_action.testset.keytext import private_key_bytes

LARGEST_PLAINTEXT = 4 << 30  # bytes: a bound against compression bombs, far above any test set

# The length of a sealed text must tell nothing but the length of what was sealed.
_UNCOMPRESSED = ("--compress-algo", "none")

# What derived keys are for: sealing the ledger's records, and naming rows by keyed digests.
Purpose = Literal["ledger", "rows"]

_DOMAIN = b"easeml_action vault root, version 1"
_SCRYPT_COST = 1 << 16  # with r = 8: 64 MiB and a fraction of a second per guess


@dataclass(frozen=True)
class _PrivateKey:
    fingerprint: str
    keygrip: str
    complete: bool  # the secret part of the primary key is there
    ids: tuple[str, ...]  # key ids of the primary key and its subkeys
    last_moment: int | None  # the last second at which neither it nor a subkey has expired


class Vault:
    """What one private key, or one passphrase, can open and seal.

    Made by `open_vault`, usable inside its block.
    """

    def __init__(self, home: Home, key: _PrivateKey | None, passphrase: str | None) -> None:
        self._home = home
        self._key = key
        self._passphrase = passphrase
        self._root: bytes | None = None

    @property
    def fingerprint(self) -> str | None:
        """The fingerprint of the private key; None for a passphrase alone."""
        return None if self._key is None else self._key.fingerprint

    @property
    def public_key(self) -> str | None:
        """The public half of the private key, armored; None for a passphrase alone."""
        return None if self._key is None else self._home.gpg.export_keys(self._key.fingerprint)

    def decrypt(self, ciphertext: bytes, *, limit: int = LARGEST_PLAINTEXT) -> bytes:
        """Open a message.

        Parameters
        ----------
        ciphertext
            An OpenPGP message, binary or armored, to this vault's key or by its passphrase.
        limit
            The largest plaintext accepted, in bytes.

        Raises
        ------
        NotEncrypted, WrongKey, WrongPassphrase, CiphertextCorrupted, PlaintextTooLarge
            And then nothing of the message is returned, however much of it could be read.
        """
        check_ciphertext(ciphertext)
        done = self._home.gpg.decrypt(
            ciphertext,
            passphrase=self._gpg_passphrase(),
            extra_args=["--max-output", str(limit)],
        )
        own = self._key.ids if self._key is not None else ()
        return read_plaintext(done, own, limit, given=self._passphrase is not None)

    def encrypt(self, plaintext: bytes) -> str:
        """Seal a text to this vault itself, armored.

        The length of the result depends on the length of the plaintext and on the key, not on
        the plaintext. (An RSA key makes it two or so characters shorter once in 256 times, by
        gpg's own randomness.) A key that has expired still seals: an old test set's estimates
        must not be lost with its key.
        """
        arguments: dict[str, Any]
        if self._key is not None:
            arguments = {"recipients": [self._key.fingerprint], "always_trust": True}
            extra = [*_UNCOMPRESSED]
            if self._key.last_moment is not None:
                extra += ["--faked-system-time", str(self._key.last_moment)]
        else:
            arguments = {
                "recipients": None,
                "symmetric": "AES256",
                "passphrase": self._gpg_passphrase(),
            }
            extra = [*_UNCOMPRESSED, *STRETCHED]
        done = self._home.gpg.encrypt(plaintext, armor=True, extra_args=extra, **arguments)
        if not done.ok:
            raise GpgFailed("gpg --encrypt", done.status or "it gave no reason")
        return bytes(done.data).decode("ascii")

    def derive(self, purpose: Purpose) -> bytes:
        """Return 32 bytes that only the holder of the key can compute.

        Parameters
        ----------
        purpose
            What they are for; different purposes give independent bytes.

        Returns
        -------
        bytes
            The same for the same key, however it was exported and whatever protects it, and
            with every version of gpg: a hash of the primary key's deterministic signature over
            a text that nothing else signs. Without a key: scrypt of the passphrase.

        Raises
        ------
        WrongPassphrase
            The key is protected and the passphrase does not open it, or there is none.
        PrimaryKeyMissing
            The private key was exported without its primary key.
        """
        if self._root is None:
            self._root = self._compute_root()
        return hashlib.blake2b(
            purpose.encode(), digest_size=32, key=self._root, person=b"easeml-derive"
        ).digest()

    def _compute_root(self) -> bytes:
        if self._key is None:
            secret = (self._passphrase or "").encode()
            return hashlib.scrypt(
                secret, salt=_DOMAIN, n=_SCRYPT_COST, r=8, p=1, maxmem=1 << 27, dklen=64
            )
        if not self._key.complete:
            raise PrimaryKeyMissing
        digest = hashlib.sha512(_DOMAIN).digest()
        signature = self._home.agent.sign(self._key.keygrip, digest, self._passphrase)
        return hashlib.blake2b(signature, digest_size=64, person=b"easeml-root").digest()

    def _gpg_passphrase(self) -> str | None:
        return gpg_text(self._passphrase) if self._passphrase is not None else None


@contextmanager
def open_vault(private_key: SecretStr | None, passphrase: SecretStr | None) -> Iterator[Vault]:
    r"""Open a vault; its keyring and its agent are gone after the block, whatever happens.

    Parameters
    ----------
    private_key
        Armored, or base64 of the armored or binary form; None for a set that was encrypted
        with a passphrase. White space around it and a literal ``\n`` do no harm.
    passphrase
        What protects the private key, or the test set itself. An empty one counts as none.

    Raises
    ------
    KeyNeeded, PrivateKeyUnreadable, SeveralPrivateKeys, PassphraseUnusable, GpgMissing
    """
    phrase = open_passphrase(passphrase)
    text = private_key.get_secret_value() if private_key is not None else ""
    if not text.strip():
        if phrase is None:
            raise KeyNeeded
        with open_home() as home:
            yield Vault(home, None, phrase)
        return
    binary = private_key_bytes(text)
    with open_home() as home:
        yield Vault(home, _import(home, binary), phrase)


def is_protected(private_key: SecretStr) -> bool:
    """Say whether a passphrase protects a private key.

    Raises
    ------
    PrivateKeyUnreadable, SeveralPrivateKeys, PrimaryKeyMissing, GpgMissing
    """
    with open_vault(private_key, None) as vault:
        try:
            vault.derive("rows")
        except WrongPassphrase:
            return True
    return False


def _import(home: Home, binary: bytes) -> _PrivateKey:
    home.gpg.import_keys(binary)
    keys = home.gpg.list_keys(secret=True)
    if not keys:
        raise PrivateKeyUnreadable("gpg finds no private key in it")
    if len(keys) > 1:
        raise SeveralPrivateKeys(len(keys))
    key = keys[0]
    details = [key, *key.get("subkey_info", {}).values()]
    expiries = [int(part["expires"]) for part in details if part.get("expires")]
    expired = any(part.get("trust") == "e" for part in details)
    return _PrivateKey(
        fingerprint=key["fingerprint"],
        keygrip=key["keygrip"],
        complete=key.get("token") == "+",
        ids=tuple(part["keyid"] for part in details),
        last_moment=min(expiries) - 1 if expired else None,
    )
