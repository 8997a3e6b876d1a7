"""Mail over SMTP: how the verdict reaches the key holder under adaptivity none.

The server, the user and the password come in one URL from a secret, such as
``smtps://ci%40example.com:PASSWORD@mail.example.com``. No error shows it.
"""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import formatdate, make_msgid
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from pydantic import SecretStr

from easeml_action.errors import GateError

TIMEOUT = 30.0
_PORTS = {"smtp": 587, "smtps": 465}
_FORM = "smtp://USER:PASSWORD@HOST:PORT or smtps://USER:PASSWORD@HOST:PORT"
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}")


class SmtpUrlInvalid(GateError):
    """The input ``smtp-url`` is not a URL of a mail server."""

    def __init__(self, fault: str) -> None:
        super().__init__(
            f"The input `smtp-url` is not usable: {fault}.",
            f"Write {_FORM}, with @, :, / and % inside the user or the password as %40, %3A, %2F "
            "and %25.",
        )


class AddressInvalid(GateError):
    """An address to mail to is none."""

    def __init__(self) -> None:
        super().__init__(
            "The address that the verdict is to be mailed to is not an e-mail address.",
            "Write it as `adaptivity: none -> name@example.com`.",
        )


class SmtpUnreachable(GateError):
    """The mail server did not answer, or not as one."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            f"The mail server could not be used: {cause}.",
            "Check the host and the port in `smtp-url`, and that the runner may reach them.",
        )


class SmtpUnencrypted(GateError):
    """The mail server offers no encryption, and the URL does not do without."""

    def __init__(self) -> None:
        super().__init__(
            "The mail server offers no STARTTLS, so the mail would travel in clear.",
            "Use smtps:// if it has such a port, or add ?starttls=no to `smtp-url` to accept it.",
        )


class SmtpRefused(GateError):
    """The mail server refused the password, the sender or the recipient."""

    def __init__(self, what: str, code: int) -> None:
        super().__init__(
            f"The mail server refused {what} (SMTP code {code}).",
            "Check the user and the password in `smtp-url`, its ?from=, and the address of the key "
            "holder.",
        )


@dataclass(frozen=True)
class MailServer:
    """What an SMTP URL says.

    Parameters
    ----------
    encryption
        ``tls`` from the first byte, ``starttls``, or ``none``.
    sender
        Address in From, or None: the recipient's own.
    """

    host: str
    port: int
    encryption: str
    user: str | None
    password: SecretStr | None
    sender: str | None

    @classmethod
    def parse(cls, url: SecretStr) -> "MailServer":
        """Read ``smtp[s]://[user:password@]host[:port][?starttls=required|no][&from=address]``.

        Without ``starttls``, smtp:// insists on STARTTLS unless the host is this machine.

        Raises
        ------
        SmtpUrlInvalid
            The URL is not of that form.
        """
        parts, port = _split(url)
        options = _options(parts)
        user = unquote(parts.username) if parts.username else None
        password = unquote(parts.password) if parts.password else None
        if (user is None) != (password is None):
            raise SmtpUrlInvalid("it has a user or a password, but not both")
        if not f"{user}{password}".isascii():
            # smtplib logs in with these only.
            raise SmtpUrlInvalid("its user and password may hold ASCII characters only")
        if not parts.hostname:
            raise SmtpUrlInvalid("it names no host")
        if parts.scheme == "smtps":
            encryption = "tls"
        else:
            default = "no" if _is_loopback(parts.hostname) else "required"
            encryption = {"required": "starttls", "no": "none"}[options.get("starttls", default)]
        sender = options.get("from")
        if sender is None and user is not None and is_address(user):
            sender = user
        return cls(
            host=parts.hostname,
            port=port or _PORTS[parts.scheme],
            encryption=encryption,
            user=user,
            password=SecretStr(password) if password is not None else None,
            sender=sender,
        )


def is_address(text: str) -> bool:
    """Say whether a text is an e-mail address that mail can be sent to."""
    return _ADDRESS.fullmatch(text) is not None


def send_mail(url: SecretStr, *, to: str, subject: str, text: str) -> None:
    """Send one plain-text mail.

    Parameters
    ----------
    url
        See :meth:`MailServer.parse`.
    to
        One address.

    Raises
    ------
    SmtpUrlInvalid, AddressInvalid
        Before anything is sent.
    SmtpUnreachable, SmtpUnencrypted, SmtpRefused
        The server did not take the mail.
    """
    server = MailServer.parse(url)
    if not is_address(to):
        raise AddressInvalid
    message = _compose(server.sender or to, to, subject, text)
    with _connected(server) as client:
        client.send_message(message)


def _compose(sender: str, to: str, subject: str, text: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = Address("ease.ml/ci", addr_spec=sender)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = " ".join(subject.split())
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    # Tells other programs not to answer with an out-of-office note (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


@contextmanager
def _connected(server: MailServer) -> Iterator[smtplib.SMTP]:
    """Yield a client that is connected, encrypted as asked and logged in.

    Errors are raised anew without their cause: smtplib's hold what the server said, which may
    repeat what it was sent.
    """
    try:
        with _connect(server) as client:
            if server.encryption == "starttls":
                client.starttls(context=ssl.create_default_context())
            if server.user is not None and server.password is not None:
                client.login(server.user, server.password.get_secret_value())
            yield client
    except smtplib.SMTPNotSupportedError:
        if server.encryption == "starttls":
            raise SmtpUnencrypted from None
        raise SmtpUnreachable("it offers no login that we know") from None
    except smtplib.SMTPAuthenticationError as error:
        raise SmtpRefused("the user or the password", error.smtp_code) from None
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()))[0]
        raise SmtpRefused("the recipient", code) from None
    except smtplib.SMTPSenderRefused as error:
        raise SmtpRefused("the sender", error.smtp_code) from None
    except (smtplib.SMTPConnectError, smtplib.SMTPHeloError):
        raise SmtpUnreachable("what answers there is no mail server that lets us in") from None
    except smtplib.SMTPResponseException as error:
        raise SmtpRefused("the mail", error.smtp_code) from None
    except ssl.SSLError:
        raise SmtpUnreachable("its certificate or its encryption was not accepted") from None
    except (smtplib.SMTPException, OSError, UnicodeError):
        raise SmtpUnreachable("there was no connection, or no answer in time") from None


def _connect(server: MailServer) -> smtplib.SMTP:
    if server.encryption == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)


def _split(url: SecretStr) -> tuple[SplitResult, int | None]:
    """Split the URL; the errors of urllib show parts of it, so ours replace them."""
    try:
        parts = urlsplit(url.get_secret_value().strip())
        port = parts.port
    except ValueError:
        raise SmtpUrlInvalid("its host or its port is malformed") from None
    if parts.scheme not in _PORTS:
        raise SmtpUrlInvalid("it does not start with smtp:// or smtps://")
    if parts.path not in {"", "/"} or parts.fragment:
        raise SmtpUrlInvalid("something follows the host that does not belong there")
    return parts, port


def _options(parts: SplitResult) -> dict[str, str]:
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if set(options) - {"starttls", "from"}:
        raise SmtpUrlInvalid("after the ? it may have starttls= and from= only")
    if options.get("starttls", "no") not in {"required", "no"}:
        raise SmtpUrlInvalid("starttls= must be required or no")
    if "from" in options and not is_address(options["from"]):
        raise SmtpUrlInvalid("from= must be an e-mail address")
    return options


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
