import base64
import logging
import os
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from easeml_action.errors import GateError
from easeml_action.testset import Vault, encrypt_to, encrypt_with, fingerprint_of, open_vault
from easeml_action.testset.gpg_errors import (
    CiphertextCorrupted,
    GpgFailed,
    GpgMissing,
    KeyNeeded,
    NotEncrypted,
    PassphraseUnusable,
    PlaintextTooLarge,
    PrimaryKeyMissing,
    PrivateKeyUnreadable,
    SeveralPrivateKeys,
    WrongKey,
    WrongPassphrase,
)

ROWS = b"x,label\n" + b"".join(b"SECRET-%d,%d\n" % (row, row % 2) for row in range(500))
PHRASE = 'pass "phräse" %41\\ '


def secret(text: bytes | str) -> SecretStr:
    return SecretStr(text if isinstance(text, str) else text.decode())


def home_of(vault: Vault) -> Path:
    return Path(vault._home.gpg.gnupghome)


def processes_that_name(path: Path) -> list[str]:
    """Return the command lines of living processes that mention a path."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(path) in command:
            found.append(command)
    return found


def test_a_test_set_encrypted_to_the_key_is_opened(key_maker: Any, ed25519: str) -> None:
    public = key_maker.public(ed25519)
    with open_vault(secret(key_maker.private(ed25519)), None) as vault:
        assert vault.decrypt(encrypt_to(public, ROWS)) == ROWS
        assert vault.decrypt(encrypt_to(public, ROWS, armor=True)) == ROWS
        assert vault.decrypt(key_maker.run("-r", ed25519, "--encrypt", stdin=ROWS)) == ROWS
        assert vault.decrypt(encrypt_to(public, b"")) == b""


def test_a_test_set_to_a_hidden_recipient_is_opened(key_maker: Any, ed25519: str) -> None:
    hidden = key_maker.run("-R", ed25519, "--encrypt", stdin=ROWS)
    with open_vault(secret(key_maker.private(ed25519)), None) as vault:
        assert vault.decrypt(hidden) == ROWS


def test_a_test_set_encrypted_with_a_passphrase_is_opened(key_maker: Any) -> None:
    with open_vault(None, SecretStr(PHRASE + "\n")) as vault:
        assert vault.decrypt(encrypt_with(SecretStr(PHRASE), ROWS)) == ROWS
        ours = key_maker.run("--symmetric", stdin=ROWS, passphrase=PHRASE)
        assert vault.decrypt(ours) == ROWS
        assert vault.decrypt(vault.encrypt(b"seal").encode()) == b"seal"


def test_a_passphrase_opens_a_set_beside_a_key_as_well(key_maker: Any, ed25519: str) -> None:
    with open_vault(secret(key_maker.private(ed25519)), SecretStr(PHRASE)) as vault:
        assert vault.decrypt(encrypt_with(SecretStr(PHRASE), ROWS)) == ROWS


KINDS = [("ed25519", "cv25519"), ("rsa3072", "rsa3072"), ("nistp256", "nistp256")]


@pytest.mark.parametrize(("primary", "subkey"), KINDS, ids=[primary for primary, _ in KINDS])
def test_every_kind_of_key_in_every_spelling_opens_seals_and_derives_the_same(
    new_key_maker: Callable[[], Any], primary: str, subkey: str
) -> None:
    maker = new_key_maker()
    key = maker.make("kind", primary, subkey)
    ciphertext = encrypt_to(maker.public(key), ROWS)
    armored, binary = maker.private(key), maker.private(key, armor=False)
    spellings: list[tuple[bytes | str, str | None]] = [
        (armored, None),
        (base64.b64encode(armored), ""),
        (base64.b64encode(binary), "no passphrase needed"),
    ]
    # The same key again under one passphrase, and then under another.
    for old, new in (("", PHRASE), (PHRASE, "another")):
        maker.change_passphrase(key, old, new)
        spellings.append((maker.private(key, passphrase=new), new))
    derived, sealed = set(), []
    for text, phrase in spellings:
        given = SecretStr(phrase) if phrase is not None else None
        with open_vault(secret(text), given) as vault:
            derived.add((vault.derive("ledger"), vault.derive("rows")))
            assert vault.decrypt(ciphertext) == ROWS
            sealed.append(vault.encrypt(b"estimates"))
            assert all(vault.decrypt(text.encode()) == b"estimates" for text in sealed)
            derived.add((vault.derive("ledger"), vault.derive("rows")))
    assert len(derived) == 1
    ledger, rows = derived.pop()
    assert len(ledger) == len(rows) == 32
    assert ledger != rows


def test_a_secret_that_holds_both_halves_of_a_key_opens(key_maker: Any, ed25519: str) -> None:
    both = key_maker.public(ed25519).encode() + key_maker.private(ed25519)
    ciphertext = encrypt_to(key_maker.public(ed25519), ROWS)
    for text in (both, base64.b64encode(both)):
        with open_vault(secret(text), None) as vault:
            assert vault.decrypt(ciphertext) == ROWS


def test_a_private_key_tells_its_public_half(key_maker: Any, ed25519: str) -> None:
    with open_vault(secret(key_maker.private(ed25519)), None) as vault:
        assert vault.fingerprint == ed25519 == fingerprint_of(vault.public_key or "")
        assert vault.decrypt(encrypt_to(vault.public_key or "", ROWS)) == ROWS
    with open_vault(None, SecretStr(PHRASE)) as vault:
        assert (vault.fingerprint, vault.public_key) == (None, None)


def test_another_key_derives_something_else(key_maker: Any, ed25519: str, stranger: str) -> None:
    derived = set()
    for key in (ed25519, stranger):
        with open_vault(secret(key_maker.private(key)), None) as vault:
            derived.add(vault.derive("ledger"))
    for phrase in ("one", "two", "two\r\n"):
        with open_vault(None, SecretStr(phrase)) as vault:
            derived.add(vault.derive("ledger"))
    assert len(derived) == 4


@pytest.mark.parametrize(
    "mangle",
    [
        lambda text: "\n\t " + text + "  \n\n",
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\\n"),
        lambda text: text.replace("\n", "\\r\\n"),
        lambda text: '"' + text.replace("\n", "\\n") + '"',
        lambda text: text.replace("\n", " "),
        lambda text: text.replace("\n", "\n    "),
        lambda text: text.replace("BLOCK-----\n", "BLOCK-----\nComment: a note\nVersion: x\n", 1),
        lambda text: base64.encodebytes(text.encode()).decode(),
        lambda text: base64.b64encode(text.replace("\n", "\r\n").encode()).decode().rstrip("="),
    ],
)
def test_a_key_survives_what_secrets_do_to_its_text(
    key_maker: Any, ed25519: str, mangle: Callable[[str], str]
) -> None:
    text = mangle(key_maker.private(ed25519).decode())
    with open_vault(SecretStr(text), None) as vault:
        assert vault.decrypt(encrypt_to(key_maker.public(ed25519), b"rows")) == b"rows"


def test_the_length_of_a_sealed_text_tells_only_the_length_of_its_content(
    key_maker: Any, ed25519: str
) -> None:
    for key, phrase in ((key_maker.private(ed25519), None), ("", SecretStr("phrase"))):
        with open_vault(secret(key), phrase) as vault:
            contents = [bytes(1000), os.urandom(1000), b"0.98" * 250]
            assert len({len(vault.encrypt(content)) for content in contents}) == 1


def test_an_expired_key_still_opens_and_seals(new_key_maker: Callable[[], Any]) -> None:
    maker = new_key_maker()
    key = maker.make("expired", "ed25519", "cv25519", expiry="2020-01-01", now="20190101T000000!")
    ciphertext = maker.run(
        "--faked-system-time", "20190601T000000!", "-r", key, "--encrypt", stdin=ROWS
    )
    with open_vault(secret(maker.private(key)), None) as vault:
        assert vault.decrypt(ciphertext) == ROWS
        assert vault.decrypt(vault.encrypt(b"estimates").encode()) == b"estimates"


def fails(
    error: type[GateError],
    message: str,
    key: bytes | str | None,
    phrase: str | None = None,
    use: Callable[[Vault], object] = lambda vault: vault.derive("ledger"),
) -> None:
    """Check an error, and that it and what it comes from tell no secret."""
    with pytest.raises(error, match=message) as caught:  # noqa: SIM117
        with open_vault(
            secret(key) if key is not None else None,
            SecretStr(phrase) if phrase is not None else None,
        ) as vault:
            use(vault)
    shown = f"{caught.value} {caught.value.__cause__!r}"
    assert "SECRET" not in shown
    assert not phrase or phrase not in shown


def test_without_key_and_passphrase_the_inputs_are_named() -> None:
    for key, phrase in ((None, None), ("", ""), (" \n", "\n")):
        fails(KeyNeeded, "private-key or passphrase", key, phrase)


def test_an_unreadable_private_key_is_named(key_maker: Any, ed25519: str) -> None:
    armored = key_maker.private(ed25519).decode()
    binary = key_maker.private(ed25519, armor=False)
    public = key_maker.public(ed25519)
    cases = [
        ("it is a public key", public),
        ("it is a public key", base64.b64encode(public.encode())),
        ("it is a public key", base64.b64encode(key_maker.run("--export", ed25519))),
        ("neither armored nor base64", "SECRET key, not pasted"),
        ("breaks off", armored[: len(armored) // 2]),
        ("breaks off", "-----BEGIN OPENSSH PRIVATE KEY-----\nSECRET\n-----END"),
        ("does not start like a key", base64.b64encode(b"SECRET" * 30)),
        ("it is empty", '""'),
        ("longer than any key", "SECRET" * 1_000_000),
        ("no private key in it", base64.b64encode(binary[: len(binary) // 4])),
        ("no private key in it", armored.replace(armored.splitlines()[3], "A" * 64)),
    ]
    for message, text in cases:
        fails(PrivateKeyUnreadable, message, text)


def test_two_keys_in_one_secret_are_refused(key_maker: Any, ed25519: str, stranger: str) -> None:
    both = key_maker.run("--armor", "--export-secret-keys", ed25519, stranger)
    fails(SeveralPrivateKeys, "holds 2 keys", both)


def test_a_key_exported_without_its_primary_key_opens_but_derives_nothing(
    key_maker: Any, ed25519: str
) -> None:
    partial = key_maker.run("--armor", "--export-secret-subkeys", ed25519)
    with open_vault(secret(partial), None) as vault:
        assert vault.decrypt(encrypt_to(key_maker.public(ed25519), ROWS)) == ROWS
    fails(PrimaryKeyMissing, "--export-secret-keys", partial)


def test_a_wrong_key_names_both(key_maker: Any, ed25519: str, stranger: str) -> None:
    ciphertext = encrypt_to(key_maker.public(stranger), ROWS)
    subkeys = {name: key_maker.key_ids(name)[-1] for name in (ed25519, stranger)}
    key = key_maker.private(ed25519)
    message = f"key {subkeys[stranger]}, but .*{ed25519[-16:]} and {subkeys[ed25519]}"
    fails(WrongKey, message, key, None, lambda vault: vault.decrypt(ciphertext))
    fails(WrongKey, "only a passphrase", None, "xyzzy", lambda vault: vault.decrypt(ciphertext))
    hidden = key_maker.run("-R", stranger, "--encrypt", stdin=ROWS)
    fails(WrongKey, "key that it hides", key, None, lambda vault: vault.decrypt(hidden))


def test_a_wrong_or_missing_passphrase_is_named(new_key_maker: Callable[[], Any]) -> None:
    maker = new_key_maker()
    key = maker.make("protected", "ed25519", "cv25519")
    ciphertext = encrypt_to(maker.public(key), ROWS)
    maker.change_passphrase(key, "", "right")
    private = maker.private(key, passphrase="right")
    uses: list[Callable[[Vault], object]] = [
        lambda vault: vault.derive("ledger"),
        lambda vault: vault.decrypt(ciphertext),
    ]
    for use in uses:
        fails(WrongPassphrase, "does not open the private key", private, "wrong", use)
        fails(WrongPassphrase, "none was given", private, None, use)


def test_a_wrong_passphrase_for_the_set_itself_is_named(key_maker: Any, ed25519: str) -> None:
    ciphertext = encrypt_with(SecretStr("right"), ROWS)
    foreign = key_maker.run("--symmetric", stdin=ROWS, passphrase="right")
    for message in (ciphertext, foreign):
        fails(
            WrongPassphrase,
            "does not open the test set",
            None,
            "wrong",
            lambda vault, message=message: vault.decrypt(message),
        )
    fails(
        WrongPassphrase,
        "encrypted with a passphrase and none was given",
        key_maker.private(ed25519),
        None,
        lambda vault: vault.decrypt(ciphertext),
    )


def test_a_passphrase_that_gpg_cannot_take_is_refused() -> None:
    for phrase in ("two\nlines", "x" * 300, "nul\0"):
        fails(PassphraseUnusable, "line break inside or more than 255 bytes", None, phrase)


def test_a_damaged_ciphertext_never_gives_data(key_maker: Any, ed25519: str) -> None:
    key = secret(key_maker.private(ed25519))
    whole = encrypt_to(key_maker.public(ed25519), os.urandom(3000))
    half, most = whole[: len(whole) // 2], whole[:-1]
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    with open_vault(key, None) as vault:
        for damaged in (half, most, whole[:-30], flipped, whole[:40]):
            with pytest.raises(CiphertextCorrupted, match="truncated or corrupted"):
                vault.decrypt(damaged)
        for place in range(0, len(whole), 331):
            changed = whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :]
            with pytest.raises(GateError):
                vault.decrypt(changed)
        text = encrypt_to(key_maker.public(ed25519), ROWS, armor=True)
        with pytest.raises(CiphertextCorrupted):
            vault.decrypt(text[: len(text) // 2])


def test_a_damaged_symmetric_ciphertext_never_gives_data() -> None:
    whole = encrypt_with(SecretStr("phrase"), os.urandom(3000))
    flipped = whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:]
    with open_vault(None, SecretStr("phrase")) as vault:
        for damaged in (whole[: len(whole) // 2], whole[:-1], flipped):
            with pytest.raises(CiphertextCorrupted):
                vault.decrypt(damaged)


def test_what_is_not_encrypted_is_not_taken_for_a_test_set(key_maker: Any, ed25519: str) -> None:
    signed = key_maker.run("--armor", "-u", ed25519, "--sign", stdin=ROWS)
    packed = key_maker.run("--armor", "--store", stdin=ROWS)
    key = key_maker.private(ed25519)
    for message in (signed, packed, ROWS, b""):
        fails(
            NotEncrypted,
            "not a message encrypted by gpg",
            key,
            None,
            lambda vault, m=message: vault.decrypt(m),
        )


def test_a_compression_bomb_stops_at_the_limit(key_maker: Any, ed25519: str) -> None:
    bomb = encrypt_to(key_maker.public(ed25519), bytes(30_000_000))
    assert len(bomb) < 100_000
    with open_vault(secret(key_maker.private(ed25519)), None) as vault:
        with pytest.raises(PlaintextTooLarge, match="larger than 1,000,000 bytes"):
            vault.decrypt(bomb, limit=1_000_000)
        assert len(vault.decrypt(bomb, limit=30_000_000)) == 30_000_000


def test_a_refusal_by_the_agent_is_named(key_maker: Any, ed25519: str) -> None:
    with open_vault(secret(key_maker.private(ed25519)), None) as vault:
        with pytest.raises(GpgFailed, match="gpg-agent failed: error 17"):
            vault._home.agent.sign("0" * 40, bytes(64), None)
        assert len(vault.derive("ledger")) == 32


def test_nothing_is_left_behind_even_after_an_error(key_maker: Any, ed25519: str) -> None:
    homes = []

    class Interrupted(BaseException):
        pass

    def interrupt(vault: Vault) -> None:
        vault.derive("ledger")
        home = home_of(vault)
        homes.append(home)
        assert home.stat().st_mode & 0o777 == 0o700
        assert any("gpg-agent" in command for command in processes_that_name(home))
        raise Interrupted

    with pytest.raises(Interrupted):  # noqa: SIM117
        with open_vault(secret(key_maker.private(ed25519)), None) as vault:
            interrupt(vault)
    with open_vault(None, SecretStr("phrase")) as vault:
        homes.append(home_of(vault))
    for home in homes:
        assert not home.exists()
        assert not processes_that_name(home)


def test_the_users_own_keyring_is_not_touched(
    key_maker: Any, ed25519: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GNUPGHOME", str(tmp_path / "own"))
    with open_vault(secret(key_maker.private(ed25519)), None) as vault:
        assert vault.decrypt(vault.encrypt(b"x").encode()) == b"x"
    assert list(tmp_path.iterdir()) == []


def test_a_passphrase_is_in_no_argument_environment_or_file(
    new_key_maker: Callable[[], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = new_key_maker()
    key = maker.make("watched", "ed25519", "cv25519")
    maker.change_passphrase(key, "", "xyzzy-phrase")
    private = maker.private(key, passphrase="xyzzy-phrase")
    ciphertext = encrypt_to(maker.public(key), ROWS)
    log = tmp_path / "log"
    for program in ("gpg", "gpg-agent", "gpgconf"):
        # The real program, its arguments and environment written down first.
        shim = tmp_path / program
        real = shlex.quote(shutil.which(program) or program)
        shim.write_text(f'#!/bin/sh\n{{ echo "{program} $*"; env; }} >> {log}\nexec {real} "$@"\n')
        shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with open_vault(secret(private), SecretStr("xyzzy-phrase")) as vault:
        assert vault.decrypt(ciphertext) == ROWS
        vault.derive("ledger")
        files = [path for path in home_of(vault).rglob("*") if path.is_file()]
        assert files
        assert not any(b"xyzzy-phrase" in path.read_bytes() for path in files)
    seen = log.read_text()
    assert re.search(r"^gpg .*--decrypt", seen, re.M)
    assert "gpg-agent" in seen
    assert "xyzzy-phrase" not in seen
    assert ROWS.decode().splitlines()[1] not in seen


def test_python_gnupg_logs_nothing(
    key_maker: Any, ed25519: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="gnupg")
    with open_vault(secret(key_maker.private(ed25519)), None) as vault:
        vault.decrypt(encrypt_to(key_maker.public(ed25519), ROWS))
    assert caplog.records == []


def test_a_missing_gpg_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    fails(GpgMissing, "The program gpg is not installed.*apt-get install", None, "phrase")
