import pytest
from pydantic import SecretStr

from easeml_action.mail import MailServer, SmtpUrlInvalid


def _parse(url: str) -> MailServer:
    return MailServer.parse(SecretStr(url))


@pytest.mark.parametrize(
    ("url", "host", "port", "encryption"),
    [
        ("smtp://mail.example.com", "mail.example.com", 587, "starttls"),
        ("smtp://mail.example.com:25", "mail.example.com", 25, "starttls"),
        ("smtp://mail.example.com?starttls=no", "mail.example.com", 587, "none"),
        ("smtp://mail.example.com/?starttls=required", "mail.example.com", 587, "starttls"),
        ("smtps://mail.example.com", "mail.example.com", 465, "tls"),
        ("smtps://mail.example.com:1465", "mail.example.com", 1465, "tls"),
        ("smtp://localhost:2525", "localhost", 2525, "none"),
        ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, "none"),
        ("smtp://[::1]:2525", "::1", 2525, "none"),
        ("smtp://127.0.0.1:2525?starttls=required", "127.0.0.1", 2525, "starttls"),
        ("  smtp://user:pass@mail.example.com\n", "mail.example.com", 587, "starttls"),
    ],
)
def test_the_url_says_where_and_how(url: str, host: str, port: int, encryption: str) -> None:
    server = _parse(url)

    assert (server.host, server.port, server.encryption) == (host, port, encryption)


def test_credentials_lose_their_percent_signs_and_hide_themselves() -> None:
    server = _parse("smtps://ci%40example.com:p%40%3A%2F%25@mail.example.com")

    assert server.user == "ci@example.com"
    assert server.password is not None
    assert server.password.get_secret_value() == "p@:/%"
    assert "p@" not in repr(server)


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("smtp://mail.example.com", None),
        ("smtp://apikey:x@mail.example.com", None),
        ("smtp://ci%40example.com:x@mail.example.com", "ci@example.com"),
        ("smtp://apikey:x@mail.example.com?from=gate@example.com", "gate@example.com"),
    ],
)
def test_the_sender_is_the_one_named_else_the_user(url: str, sender: str | None) -> None:
    assert _parse(url).sender == sender


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example.com",
        "http://user:SECRET@mail.example.com",
        "smtp://",
        "smtp://user:SECRET@",
        "smtp://user:SECRET@mail.example.com:port",
        "smtp://user:SECRET@mail.example.com:99999",
        "smtp://user:SECRET@[::1",
        "smtp://user:SECRET@mail.example.com/path",
        "smtp://user:SEC#RET@mail.example.com",
        "smtp://user:SEC/RET@mail.example.com",
        "smtp://user@mail.example.com",
        "smtp://:SECRET@mail.example.com",
        "smtp://user:S%C3%89CRET@mail.example.com",
        "smtp://user:SECRET@mail.example.com?tls=no",
        "smtp://user:SECRET@mail.example.com?starttls=maybe",
        "smtp://user:SECRET@mail.example.com?from=SECRET",
    ],
)
def test_another_url_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(SmtpUrlInvalid) as caught:
        _parse(url)

    assert "smtp-url" in caught.value.problem
    assert "SEC" not in f"{caught.value}{caught.value!r}"
    assert "CRET" not in f"{caught.value}"
