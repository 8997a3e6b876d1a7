import socket
import ssl
import threading
import traceback
from pathlib import Path

import pytest
from pydantic import SecretStr

from easeml_action import mail
from easeml_action.errors import GateError
from easeml_action.mail import (
    AddressInvalid,
    SmtpRefused,
    SmtpUnencrypted,
    SmtpUnreachable,
    send_mail,
)
from tests.smtp import SmtpServer, make_certificate

HOLDER = "holder@example.com"
PASSWORD = "p@ss:w/rd%"
LOGIN = "ci%40example.com:p%40ss%3Aw%2Frd%25"
SUBJECT = "[o/r] ease.ml/ci: pass"
TEXT = "Verdict: pass\nCondition: n - o > 0.02 +/- 0.01\n± é\n"


def _send(url: str, to: str = HOLDER) -> None:
    send_mail(SecretStr(url), to=to, subject=SUBJECT, text=TEXT)


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    context, trusted = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    return context


def test_a_mail_arrives_whole_as_plain_text() -> None:
    with SmtpServer() as server:
        _send(f"smtp://127.0.0.1:{server.port}")

    (message,) = server.messages
    assert message["To"] == HOLDER
    assert message["Subject"] == SUBJECT
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"]
    assert message["Message-ID"]
    assert message.get_content_type() == "text/plain"
    assert message.get_content().splitlines() == TEXT.splitlines()
    assert server.envelopes[0].rcpt_tos == [HOLDER]


def test_the_user_logs_in_with_a_password_of_any_signs() -> None:
    with SmtpServer(user="ci@example.com", password=PASSWORD) as server:
        _send(f"smtp://{LOGIN}@127.0.0.1:{server.port}")

    assert server.logins == 1
    assert server.messages[0]["From"].addresses[0].addr_spec == "ci@example.com"


@pytest.mark.parametrize(
    ("query", "sender"), [("", HOLDER), ("?from=gate@example.org", "gate@example.org")]
)
def test_the_sender_is_the_one_asked_for_or_the_recipient(query: str, sender: str) -> None:
    with SmtpServer() as server:
        _send(f"smtp://127.0.0.1:{server.port}{query}")

    assert server.messages[0]["From"].addresses[0].addr_spec == sender
    assert server.envelopes[0].mail_from == sender


def test_starttls_encrypts_before_the_password_is_sent(certificate: ssl.SSLContext) -> None:
    with SmtpServer(user="ci@example.com", password=PASSWORD, tls=certificate) as server:
        _send(f"smtp://{LOGIN}@127.0.0.1:{server.port}?starttls=required")

    assert server.logins == 1
    assert len(server.messages) == 1


def test_smtps_encrypts_from_the_first_byte(certificate: ssl.SSLContext) -> None:
    with SmtpServer(
        user="ci@example.com", password=PASSWORD, tls=certificate, implicit=True
    ) as server:
        _send(f"smtps://{LOGIN}@127.0.0.1:{server.port}")

    assert len(server.messages) == 1


@pytest.mark.parametrize("implicit", [False, True])
def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path, implicit: bool) -> None:
    context, _ = make_certificate(tmp_path)
    with SmtpServer(tls=context, implicit=implicit) as server:
        scheme = "smtps" if implicit else "smtp"
        with pytest.raises(SmtpUnreachable, match="certificate"):
            _send(f"{scheme}://127.0.0.1:{server.port}?starttls=required")

    assert server.messages == []


def test_a_server_without_starttls_gets_no_mail_where_it_is_required() -> None:
    with SmtpServer() as server, pytest.raises(SmtpUnencrypted, match=r"starttls=no"):
        _send(f"smtp://127.0.0.1:{server.port}?starttls=required")

    assert server.messages == []


def test_a_wrong_password_is_named_and_shown_nowhere() -> None:
    with SmtpServer(user="ci@example.com", password="another") as server:
        url = f"smtp://{LOGIN}@127.0.0.1:{server.port}"
        with pytest.raises(SmtpRefused, match="password") as caught:
            _send(url)

    _assert_hidden(caught.value)


def test_a_server_that_knows_no_login_is_named() -> None:
    with SmtpServer() as server, pytest.raises(SmtpUnreachable, match="login") as caught:
        _send(f"smtp://{LOGIN}@127.0.0.1:{server.port}")

    _assert_hidden(caught.value)


@pytest.mark.parametrize(
    ("command", "answer", "said"),
    [
        ("MAIL", "550 Not from you", "the sender (SMTP code 550)"),
        ("RCPT", "550 No such user", "the recipient (SMTP code 550)"),
        ("DATA", "554 Spam", "the mail (SMTP code 554)"),
    ],
)
def test_what_is_refused_is_named_with_the_code(command: str, answer: str, said: str) -> None:
    with SmtpServer(refuse={command: answer}) as server, pytest.raises(SmtpRefused) as caught:
        _send(f"smtp://127.0.0.1:{server.port}")

    assert said in caught.value.problem
    assert server.messages == []


def test_no_server_is_named_without_the_url() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(SmtpUnreachable, match="no connection") as caught:
            _send(f"smtp://{LOGIN}@127.0.0.1:{taken.getsockname()[1]}")

    _assert_hidden(caught.value)


def test_a_silent_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "TIMEOUT", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(SmtpUnreachable, match="in time"):
            _send(f"smtp://127.0.0.1:{silent.getsockname()[1]}")


def test_a_server_that_speaks_another_language_is_named() -> None:
    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(SmtpUnreachable):
            _send(f"smtp://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()


@pytest.mark.parametrize(
    "to", ["", "holder", "a@b\nBcc: c@d", "a@b, c@d", "a b@c", "<a@b>", "a@b\r\n\r\nbody"]
)
def test_an_address_that_could_add_a_header_is_refused(to: str) -> None:
    with SmtpServer() as server, pytest.raises(AddressInvalid):
        _send(f"smtp://127.0.0.1:{server.port}", to)

    assert server.messages == []


def test_a_subject_with_line_ends_adds_no_header() -> None:
    with SmtpServer() as server:
        send_mail(
            SecretStr(f"smtp://127.0.0.1:{server.port}"),
            to=HOLDER,
            subject="a\r\nBcc: other@example.com\n\nbody",
            text="text",
        )

    assert server.messages[0]["Bcc"] is None
    assert server.envelopes[0].rcpt_tos == [HOLDER]


def _assert_hidden(error: GateError) -> None:
    text = str(error) + repr(error) + repr(vars(error))
    text += "".join(traceback.TracebackException.from_exception(error).format_exception_only())
    for secret in (PASSWORD, LOGIN, "p%40ss", "w/rd"):
        assert secret not in text
