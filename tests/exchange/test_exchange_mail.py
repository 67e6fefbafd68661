"""A mail as an exchange: written for a mail program, or sent by a relay with STARTTLS."""

from __future__ import annotations

import email
import os
import ssl
import stat
from email import policy

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from real_parts import free_port

from osvc_diag.errors import UsageError
from osvc_diag.exchange.errors import CertificateError, MailError
from osvc_diag.exchange.interface import Conditions
from osvc_diag.exchange.login import Login
from osvc_diag.exchange.mail import MailExchange, Relay
from osvc_diag.exchange.opened import OpenedBundle

SUPPORT = "mailto:support@opensvc.com"
TEXT = "Purpose:  il ne démarre plus\nObject:   prod/svc/web\n"


class Mailbox:
    """What a relay took; refuses what a test wants refused."""

    def __init__(self) -> None:
        self.mails = []
        self.refusal = ""

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802 - aiosmtpd calls it so
        if self.refusal:
            return self.refusal
        self.mails.append((envelope, session.ssl is not None))
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:  # noqa: N802
        if address.startswith("nobody@"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def ca_file(authority, tmp_path) -> str:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return str(tmp_path / "ca.pem")


@pytest.fixture
def relay(authority):
    """A relay on loopback; `relay(tls=False)` offers no STARTTLS."""
    running = []

    def start(*, tls: bool = True, login: str = "") -> tuple[str, Mailbox]:
        context = None
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert("127.0.0.1").configure_cert(context)
        mailbox = Mailbox()

        def authenticate(server, session, envelope, mechanism, data) -> AuthResult:
            given = f"{data.login.decode()}:{data.password.decode()}"
            return AuthResult(success=given == login, handled=False)

        controller = Controller(
            mailbox,
            hostname="127.0.0.1",
            port=free_port(),
            tls_context=context,
            require_starttls=tls,
            authenticator=authenticate if login else None,
            auth_required=bool(login),
        )
        controller.start()
        running.append(controller)
        return f"127.0.0.1:{controller.port}", mailbox

    yield start
    for controller in running:
        controller.stop()


def leave(path: str, **conditions):
    with OpenedBundle(path) as bundle:
        return MailExchange(SUPPORT).deliver(bundle, Conditions(text=TEXT, **conditions), lambda event: None)


def parse(content: bytes):
    return email.message_from_bytes(content, policy=policy.default)


def test_a_mail_program_finds_text_and_bundle_in_the_file(make_file) -> None:
    path = make_file(100_000)
    receipt = leave(path)
    assert receipt.method == "eml"
    assert receipt.link == f"{path}.eml"
    assert stat.S_IMODE(os.stat(receipt.link).st_mode) == 0o600
    with open(receipt.link, "rb") as file:
        message = parse(file.read())
    assert message["To"] == "support@opensvc.com"
    assert message["X-Unsent"] == "1"
    assert os.path.basename(path)[:-7] in message["Subject"]
    assert message.get_body().get_content().replace("\r\n", "\n") == TEXT
    [attachment] = message.iter_attachments()
    with open(path, "rb") as file:
        assert attachment.get_content() == file.read()
    assert attachment.get_filename() == os.path.basename(path)
    assert attachment.get_content_type() == "application/gzip"


def test_a_large_bundle_goes_as_a_link(make_file) -> None:
    path = make_file(5000)
    receipt = leave(path, mail_limit=4999, link="https://sfx.example/abc")
    with open(f"{path}.eml", "rb") as file:
        message = parse(file.read())
    assert not list(message.iter_attachments())
    assert "https://sfx.example/abc" in message.get_content()
    assert receipt.link == "https://sfx.example/abc"


def test_a_large_bundle_without_a_link_is_no_mail(make_file) -> None:
    path = make_file(5000)
    with pytest.raises(MailError, match="too much for a mail") as caught:
        leave(path, mail_limit=4999)
    assert "upload it first" in caught.value.hint
    assert not os.path.exists(f"{path}.eml")


def test_a_relay_gets_the_mail_encrypted(relay, ca_file, make_file) -> None:
    path = make_file(100_000)
    host, mailbox = relay()
    receipt = leave(path, smtp=host, ca_bundle=ca_file, mail_from="admin@corp.example")
    [(envelope, encrypted)] = mailbox.mails
    assert encrypted
    assert (envelope.mail_from, envelope.rcpt_tos) == ("admin@corp.example", ["support@opensvc.com"])
    message = parse(envelope.content)
    assert "X-Unsent" not in message
    [attachment] = message.iter_attachments()
    with open(path, "rb") as file:
        assert attachment.get_content() == file.read()
    assert (receipt.method, receipt.insecure) == ("mail", False)


def test_a_relay_with_a_login(relay, ca_file, make_file) -> None:
    host, mailbox = relay(login="alice:geheim")
    leave(make_file(100), smtp=host, ca_bundle=ca_file, smtp_login=Login("alice", "geheim"))
    assert len(mailbox.mails) == 1
    login = Login("alice", "wr0ng", "relay.login")
    with pytest.raises(MailError, match=r"does not accept the login in relay\.login \(535\)") as caught:
        leave(make_file(100), smtp=host, ca_bundle=ca_file, smtp_login=login)
    assert "wr0ng" not in str(caught.value)


def test_a_relay_whose_certificate_is_unknown_gets_nothing(relay, make_file) -> None:
    host, mailbox = relay()
    with pytest.raises(CertificateError, match="not one to trust"):
        leave(make_file(100), smtp=host)
    assert mailbox.mails == []


def test_a_relay_without_starttls_gets_nothing_unless_it_is_asked_for(relay, make_file) -> None:
    host, mailbox = relay(tls=False)
    with pytest.raises(MailError, match="offers no STARTTLS"):
        leave(make_file(100), smtp=host)
    with pytest.raises(MailError, match="offers no STARTTLS"):
        leave(make_file(100), smtp=host, insecure=True, smtp_login=Login("alice", "geheim"))
    assert mailbox.mails == []
    assert leave(make_file(100), smtp=host, insecure=True).insecure
    assert len(mailbox.mails) == 1


def test_a_refused_mail_is_kept_and_told(relay, ca_file, make_file) -> None:
    host, mailbox = relay()
    mailbox.refusal = "552 too large for us"
    path = make_file(100)
    with pytest.raises(MailError, match="552") as caught:
        leave(path, smtp=host, ca_bundle=ca_file)
    assert "--mail-limit" in caught.value.hint
    assert os.path.exists(f"{path}.eml")
    conditions = Conditions(smtp=host, ca_bundle=ca_file)
    with OpenedBundle(path) as bundle, pytest.raises(MailError, match="550"):
        MailExchange("mailto:nobody@opensvc.com").deliver(bundle, conditions, lambda event: None)


def test_a_relay_that_is_not_there_is_told(make_file) -> None:
    with pytest.raises(MailError, match="Connection refused"):
        leave(make_file(100), smtp="127.0.0.1:1")


@pytest.mark.parametrize(
    "url",
    ["mailto:", "mailto:support", "mailto:a@b%0d%0aBcc:c@d", "mailto:a@b,c@d", "mailto:a b@c", "mailto:@b"],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="not a mail address"):
        MailExchange(url)


def test_a_sender_that_is_no_address_is_refused(make_file) -> None:
    with pytest.raises(UsageError, match="not a mail address"):
        leave(make_file(100), mail_from="a@b\r\nBcc: c@d")


@pytest.mark.parametrize(
    ("text", "relay"),
    [("relay", Relay("relay", 587)), ("relay:25", Relay("relay", 25)), ("[::1]:25", Relay("::1", 25))],
)
def test_a_relay_is_read(text: str, relay: Relay) -> None:
    assert Relay.parse(text) == relay


@pytest.mark.parametrize("text", ["", "a:b", "u:p@relay", "smtp://relay", "relay/x"])
def test_what_is_no_relay_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a mail relay"):
        Relay.parse(text)
