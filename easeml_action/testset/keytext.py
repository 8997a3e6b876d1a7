"""The text of a key, as people paste it into a secret, brought back into the form gpg reads."""

import base64
import binascii
import re

from easeml_action.testset.gpg_errors import PrivateKeyUnreadable
from easeml_action.testset.packets import packet_type

_BLOCK = re.compile(r"-----BEGIN PGP (PRIVATE|PUBLIC) KEY BLOCK-----(.*?)-----END PGP \1", re.S)
_HEADER = re.compile(r"\s*(?:Version|Comment|MessageID|Hash|Charset): [^\n]*\n")
_LARGEST = 1 << 20  # characters; a key has a few thousand

_SECRET_KEY, _PUBLIC_KEY = 5, 6  # packet types (RFC 9580, section 5)


def private_key_bytes(text: str) -> bytes:
    r"""Return a private key in a form that gpg imports.

    Parameters
    ----------
    text
        Armored, or base64 of the armored or the binary form, with any white space around and
        inside, line ends of any kind, or line ends written as the two characters ``\n``.

    Raises
    ------
    PrivateKeyUnreadable
        It is none of these, or a public key. The message never quotes the text.
    """
    if len(text) > _LARGEST:
        raise PrivateKeyUnreadable("it is longer than any key")
    text = re.sub(r"\\r|\r", "", text.replace("\\n", "\n")).strip("\ufeff \t\n\"'")
    if not text:
        raise PrivateKeyUnreadable("it is empty")
    if "-----BEGIN" in text:
        return _from_armor(text)
    binary = _decode(text)
    if b"-----BEGIN" in binary:
        return _from_armor(binary.decode("latin-1").replace("\r", ""))
    return _checked(binary)


def _from_armor(text: str) -> bytes:
    blocks = list(_BLOCK.finditer(text))
    if not blocks:
        raise PrivateKeyUnreadable("its text breaks off or is not that of a key")
    # An export may hold both halves, one after the other.
    found = next((block for block in blocks if block[1] == "PRIVATE"), None)
    if found is None:
        raise PrivateKeyUnreadable("it is a public key")
    body = found[2] + "\n"
    while header := _HEADER.match(body):
        body = body[header.end() :]
    # A secret may have lost its line breaks, and gpg wants them: only the words count here.
    words = body.split()
    data = "".join(word for word in words if not re.fullmatch(r"=[A-Za-z0-9+/]{4}", word))
    return _checked(_decode(data))


def _decode(text: str) -> bytes:
    compact = "".join(text.split())
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise PrivateKeyUnreadable("it is neither armored nor base64") from None


def _checked(binary: bytes) -> bytes:
    """Refuse what does not start with the packet of a secret key."""
    kind = packet_type(binary)
    if kind == _PUBLIC_KEY:
        raise PrivateKeyUnreadable("it is a public key")
    if kind != _SECRET_KEY:
        raise PrivateKeyUnreadable("it does not start like a key")
    return binary
