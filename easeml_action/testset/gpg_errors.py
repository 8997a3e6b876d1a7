"""What can be wrong with a key, a passphrase or a ciphertext."""

from easeml_action.errors import GateError

# Codes of libgpg-error: a bad passphrase, and none.
PASSPHRASE_CODES = frozenset({11, 177})


class GpgMissing(GateError):
    """A program of GnuPG is not installed."""

    def __init__(self, program: str) -> None:
        super().__init__(
            f"The program {program} is not installed.",
            "Install GnuPG 2.2 or newer (on Debian and Ubuntu: apt-get install gpg gpg-agent).",
        )


class GpgFailed(GateError):
    """A program of GnuPG failed for a reason of its own."""

    def __init__(self, program: str, reason: str = "it gave no reason") -> None:
        super().__init__(
            f"{program} failed: {reason}.",
            "Run the job again, and check the installation of GnuPG if it fails again.",
        )


class KeyNeeded(GateError):
    """There is neither a private key nor a passphrase."""

    def __init__(self) -> None:
        super().__init__(
            "There is neither a private key nor a passphrase to open the test set with.",
            "Pass the repository secret that holds it to the input private-key or passphrase.",
        )


class PrivateKeyUnreadable(GateError):
    """The text given as the private key is none that gpg can read."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The private key cannot be read: {reason}.",
            "Store the whole output of gpg --export-secret-keys --armor KEY, or its base64, "
            "as the secret.",
        )


class SeveralPrivateKeys(GateError):
    """The private key's text holds more than one key."""

    def __init__(self, count: int) -> None:
        super().__init__(
            f"The private key holds {count} keys where one is needed.",
            "Export one: gpg --export-secret-keys --armor FINGERPRINT.",
        )


class PrimaryKeyMissing(GateError):
    """The private key was exported without its primary key, or that lies on a card."""

    def __init__(self) -> None:
        super().__init__(
            "The private key lacks the secret part of its primary key.",
            "Export it whole with gpg --export-secret-keys, not --export-secret-subkeys.",
        )


class PublicKeyUnreadable(GateError):
    """The text given as the public key is none that gpg can encrypt to."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The public key cannot be used: {reason}.",
            "Give the output of gpg --export --armor KEY for a key that can encrypt.",
        )


class KeyExpired(GateError):
    """The public key may no longer be encrypted to."""

    def __init__(self, fingerprint: str, day: str) -> None:
        super().__init__(
            f"The key {fingerprint[-16:]} expired on {day}.",
            "Extend it with gpg --quick-set-expire, or make a new key with easeml keygen.",
        )


class WrongKey(GateError):
    """The ciphertext is for another key."""

    def __init__(self, recipients: tuple[str, ...], own: tuple[str, ...]) -> None:
        named = [recipient for recipient in recipients if recipient.strip("0")]
        belongs = f"key {' and '.join(named)}" if named else "a key that it hides"
        held = f"the private key is {' and '.join(own)}" if own else "there is only a passphrase"
        super().__init__(
            f"The test set is encrypted to {belongs}, but {held}.",
            "Put the private key that belongs to it into the secret, or encrypt the set again.",
        )


class WrongPassphrase(GateError):
    """The passphrase does not open the key or the message, or there is none."""

    @classmethod
    def for_key(cls, *, given: bool) -> "WrongPassphrase":
        """Return the error for a protected private key."""
        if given:
            return cls(
                "The passphrase does not open the private key.",
                "Correct the secret that feeds the input passphrase.",
            )
        return cls(
            "The private key is protected by a passphrase and none was given.",
            "Pass the secret that holds it to the input passphrase.",
        )

    @classmethod
    def for_message(cls, *, given: bool) -> "WrongPassphrase":
        """Return the error for a message that was encrypted with a passphrase."""
        if given:
            return cls(
                "The passphrase does not open the test set.",
                "Correct the secret that feeds the input passphrase.",
            )
        return cls(
            "The test set is encrypted with a passphrase and none was given.",
            "Pass the secret that holds it to the input passphrase.",
        )


class PassphraseUnusable(GateError):
    """The passphrase is empty, has a line break or a NUL inside, or is too long for gpg."""

    def __init__(self) -> None:
        super().__init__(
            "The passphrase is empty, has a line break inside or more than 255 bytes.",
            "Use one line of 1 to 255 bytes.",
        )


class NotEncrypted(GateError):
    """What should be a ciphertext is something else."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"The test set is not a message encrypted by gpg: {what}.", remedy)


class CiphertextCorrupted(GateError):
    """The ciphertext was cut off or changed: its integrity check failed."""

    def __init__(self) -> None:
        super().__init__(
            "The encrypted test set is truncated or corrupted: its integrity check failed.",
            "Encrypt it again and commit the file as binary (-text in .gitattributes).",
        )


class PlaintextTooLarge(GateError):
    """The decrypted test set is larger than the bound."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The decrypted test set is larger than {limit:,} bytes.",
            "Encrypt a smaller test set.",
        )
