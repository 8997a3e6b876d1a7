"""A real mail server on loopback that keeps what it was sent."""

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from socket import socket
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.leaks import WATCH


class SmtpServer(Controller):
    """Takes mail on a free port of 127.0.0.1.

    Parameters
    ----------
    user, password
        The only ones accepted; without them the server offers no login.
    tls
        The certificate for STARTTLS, or for TLS from the first byte where ``implicit``.
    refuse
        Answers by the command that they are for, such as ``{"RCPT": "550 No such user"}``.
    """

    def __init__(
        self,
        *,
        user: str = "",
        password: str = "",
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        refuse: Mapping[str, str] | None = None,
    ) -> None:
        self.envelopes: list[Envelope] = []
        self.logins = 0
        self._credentials = (user.encode(), password.encode())
        self._refuse = refuse or {}
        self._socket = socket()
        self._socket.bind(("127.0.0.1", 0))
        super().__init__(
            self,
            hostname="127.0.0.1",
            port=self._socket.getsockname()[1],
            ssl_context=tls if implicit else None,
            tls_context=None if implicit else tls,
            require_starttls=tls is not None and not implicit,
            auth_require_tls=not user,
            authenticator=self._authenticate if user else None,
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._socket.close()
        for envelope in self.envelopes:
            WATCH.insist(envelope.original_content or b"", "a mail", public=True)

    @property
    def messages(self) -> list[EmailMessage]:
        """The mails that came in."""
        parser = BytesParser(EmailMessage, policy=default)
        return [parser.parsebytes(envelope.original_content or b"") for envelope in self.envelopes]

    async def handle_MAIL(  # noqa: N802
        self,
        _server: object,
        _session: object,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self._refuse.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, _server: object, _session: object, envelope: Envelope, address: str, _: object
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self._refuse.get("RCPT", "250 OK")

    async def handle_DATA(  # noqa: N802
        self, _server: object, _session: object, envelope: Envelope
    ) -> str:
        if "DATA" not in self._refuse:
            self.envelopes.append(envelope)
        return self._refuse.get("DATA", "250 OK")

    def _authenticate(self, *arguments: Any) -> AuthResult:
        given: LoginPassword = arguments[-1]
        self.logins += 1
        known = (given.login, given.password) == self._credentials
        # Not handled: the server itself says that they are wrong.
        return AuthResult(success=known, handled=known)

    def _create_server(self) -> Any:
        factory = self._factory_invoker
        return self.loop.create_server(factory, sock=self._socket, ssl=self.ssl_context)


def make_certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate for 127.0.0.1; return the server's side and the file to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, key_file)
    return context, certificate_file
