from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from pydantic import SecretStr

from easeml_action.testset import encrypt_to, encrypt_with, generate_key, open_vault
from easeml_action.testset.gpg_errors import KeyExpired, PassphraseUnusable, PublicKeyUnreadable

PHRASE = SecretStr(' a "phräse": % \\')


@pytest.mark.parametrize("phrase", [None, PHRASE])
def test_a_new_key_opens_what_is_encrypted_to_it(phrase: SecretStr | None) -> None:
    pair = generate_key("Ada Lövelace", "ada@example.com", phrase)
    assert pair.public_key.startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----")
    assert "PRIVATE KEY BLOCK" in pair.private_key.get_secret_value()
    assert "PRIVATE" not in repr(pair)
    with open_vault(pair.private_key, phrase) as vault:
        assert vault.decrypt(encrypt_to(pair.public_key, b"rows")) == b"rows"
        assert len(vault.derive("ledger")) == 32


def test_a_key_says_whose_it_is_and_when_it_expires(new_key_maker: Callable[[], Any]) -> None:
    pair = generate_key("Ada Lövelace", "ada@example.com", None, date(2099, 12, 31))
    maker = new_key_maker()
    maker.run("--import", stdin=pair.public_key.encode())
    listed = maker.run("--display-charset", "utf-8", "--list-keys", pair.fingerprint).decode()
    assert "Ada Lövelace <ada@example.com>" in listed
    assert listed.count("expires: 2099-12-31") == 2


@pytest.mark.parametrize(
    ("name", "email", "argument"),
    [
        ("", "a@b.c", "name"),
        ("a", " ", "email"),
        ("a\n%no-protection", "a@b.c", "name"),
        ("a", "<a@b.c>", "email"),
    ],
)
def test_a_user_id_that_cannot_be_is_refused(name: str, email: str, argument: str) -> None:
    with pytest.raises(ValueError, match=f"{argument} must be one line"):
        generate_key(name, email, None)


def test_an_expired_public_key_is_named_with_its_day(new_key_maker: Callable[[], Any]) -> None:
    maker = new_key_maker()
    key = maker.make("expired", "ed25519", "cv25519", expiry="2020-01-01", now="20190101T000000!")
    message = f"{key[-16:]} expired on 2020-01-01.*--quick-set-expire"
    with pytest.raises(KeyExpired, match=message):
        encrypt_to(maker.public(key), b"rows")


def test_an_unusable_public_key_is_named(key_maker: Any, ed25519: str, stranger: str) -> None:
    signing = key_maker.make("signer", "ed25519", None)
    cases = {
        "it is a private key": key_maker.private(ed25519).decode(),
        "gpg finds 0 keys": "not a key",
        "gpg finds 2 keys": key_maker.run("--armor", "--export", ed25519, stranger).decode(),
        "made for signatures only": key_maker.public(signing),
    }
    for message, text in cases.items():
        with pytest.raises(PublicKeyUnreadable, match=message):
            encrypt_to(text, b"rows")


def test_an_empty_passphrase_encrypts_nothing() -> None:
    with pytest.raises(PassphraseUnusable):
        encrypt_with(SecretStr("\n"), b"rows")
