"""Tells an encrypted test set from what is committed in its place, and gpg's failures apart."""

import re
from typing import Any

from easeml_action.testset.gpg_errors import (
    PASSPHRASE_CODES,
    CiphertextCorrupted,
    NotEncrypted,
    PlaintextTooLarge,
    WrongKey,
    WrongPassphrase,
)
from easeml_action.testset.home import status_lines
from easeml_action.testset.packets import packet_type

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_MESSAGE = b"-----BEGIN PGP MESSAGE-----"
_ENCRYPT = "Encrypt it with easeml encrypt and commit the result."

# Packet types that an encrypted message starts with (RFC 9580, section 10.3): session keys,
# a marker, or the encrypted data itself.
_FIRST_PACKETS = frozenset({1, 3, 9, 10, 18, 20})


def check_ciphertext(data: bytes) -> None:
    """Refuse what cannot be an encrypted message, saying what it looks like.

    Raises
    ------
    NotEncrypted
    """
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise NotEncrypted("the file is empty", _ENCRYPT)
    if start.startswith(_LFS_POINTER):
        raise NotEncrypted(
            "it is a pointer of Git LFS, and the file itself was not fetched",
            "Set lfs: true in the step that uses actions/checkout.",
        )
    if _MESSAGE in start:
        return
    if start.startswith(b"-----BEGIN PGP"):
        raise NotEncrypted("it is a key or a signature", _ENCRYPT)
    # First, since the first letter of a text may pass for a packet; a ciphertext is no UTF-8.
    if _is_text(data[:4096]):
        raise NotEncrypted("it looks like a plain table that nobody encrypted", _ENCRYPT)
    if packet_type(data) in _FIRST_PACKETS:
        return
    raise NotEncrypted("its first bytes are not those of OpenPGP", _ENCRYPT)


def read_plaintext(done: Any, own: tuple[str, ...], limit: int, *, given: bool) -> bytes:
    """Return what gpg decrypted, if and only if gpg vouches for all of it.

    Parameters
    ----------
    done
        python-gnupg's result.
    own
        The ids of the keys that were tried.
    limit
        The bound that gpg was told, in bytes.
    given
        Whether there was a passphrase.

    Raises
    ------
    WrongKey, WrongPassphrase, CiphertextCorrupted, PlaintextTooLarge, NotEncrypted
    """
    status = status_lines(done.stderr)
    words = {line[0] for line in status}
    if done.returncode == 0 and "DECRYPTION_OKAY" in words and "FAILURE" not in words:
        return bytes(done.data)
    if "BEGIN_DECRYPTION" not in words and "PLAINTEXT" in words:
        raise NotEncrypted("it is packed or signed and no more", _ENCRYPT)
    if "exceeded --max-output limit" in done.stderr:
        raise PlaintextTooLarge(limit)
    recipients = tuple(line[1] for line in status if line[0] == "ENC_TO")
    foreign = not set(recipients) & set(own)
    bad_phrase = bool(_error_codes(status) & PASSPHRASE_CODES)
    if "NEED_PASSPHRASE_SYM" in words and foreign and (bad_phrase or not given):
        raise WrongPassphrase.for_message(given=given)
    if bad_phrase or ("NEED_PASSPHRASE" in words and not given):
        raise WrongPassphrase.for_key(given=given)
    if "NO_SECKEY" in words and foreign:
        raise WrongKey(recipients, own)
    raise CiphertextCorrupted


def _error_codes(status: list[list[str]]) -> set[int]:
    """Return the libgpg-error codes in ERROR lines, which may go on with the code's name."""
    numbers = (re.match(r"[0-9]+", line[2]) for line in status if line[0] == "ERROR" and line[2:])
    return {int(number[0]) & 0xFFFF for number in numbers if number}


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        # The cut at the end may go through a character.
        return error.start > len(data) - 4 and b"\0" not in data
    return b"\0" not in data
