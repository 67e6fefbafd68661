"""A mail as an exchange: a file that any mail program opens, and sent where a relay is named."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from osvc_diag.errors import UsageError
from osvc_diag.events import Advanced, PhaseStarted, Warned
from osvc_diag.exchange.causes import certificate_error
from osvc_diag.exchange.errors import MailError
from osvc_diag.exchange.receipt import WRITTEN, Receipt, utc_text
from osvc_diag.exchange.records import write_bytes
from osvc_diag.exchange.trust import tls_context
from osvc_diag.printable import printable
from osvc_diag.units import format_size

if TYPE_CHECKING:
    from osvc_diag.events import Listener
    from osvc_diag.exchange.interface import Conditions
    from osvc_diag.exchange.opened import OpenedBundle

SENT = "mail"
SUFFIX = ".eml"
SUBMISSION = 587

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}")
_TIMEOUT = 60  # seconds between two bytes


@dataclass(frozen=True)
class Relay:
    """A mail server that takes mails of this node."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Relay:
        """Read `host[:port]`; the port of submission by default.

        Raises:
            UsageError: it is none.
        """
        try:
            parts = urlsplit(f"//{text.strip()}")
            host, port = parts.hostname, parts.port or SUBMISSION
        except ValueError:
            host, port = None, 0
        if not host or "@" in text or "/" in text:
            raise UsageError("not a mail relay", hint="write --smtp relay.example.com:587")
        return cls(host, port)


class MailExchange:
    """A mail to one address."""

    def __init__(self, url: str) -> None:
        """Read `mailto:support@opensvc.com`.

        Raises:
            UsageError: there is no address in it.
        """
        self.address = unquote(urlsplit(url).path)
        if not _ADDRESS.fullmatch(self.address):
            raise UsageError(f"not a mail address: {self.address!a}", hint="write mailto:support@opensvc.com")
        self.url = f"mailto:{self.address}"

    def deliver(self, bundle: OpenedBundle, conditions: Conditions, on_event: Listener) -> Receipt:
        """Write the mail beside the bundle, and send it where a relay is named.

        Raises:
            MailError: the bundle is too large and lies nowhere else, or the relay does not take the mail.
        """
        began = time.monotonic()
        on_event(PhaseStarted("upload", bundle.size))
        message = self._compose(bundle, conditions)
        path = bundle.path + SUFFIX
        try:
            write_bytes(path, message.as_bytes())
        except OSError as error:
            raise MailError(
                f"{path}: {error.strerror}", hint="the mail is written beside the bundle"
            ) from error
        if conditions.smtp:
            _send(message, Relay.parse(conditions.smtp), conditions, on_event)
        on_event(Advanced(bundle.size))
        is_attached = bundle.size <= conditions.mail_limit
        return Receipt(
            exchange=self.url,
            method=SENT if conditions.smtp else WRITTEN,
            link=path if is_attached else conditions.link or path,
            item=str(message["Message-ID"]),
            size=bundle.size,
            sha256=bundle.sha256,
            delivered=utc_text(time.time()),
            seconds=round(time.monotonic() - began, 3),
            insecure=conditions.insecure and bool(conditions.smtp),
        )

    def _compose(self, bundle: OpenedBundle, conditions: Conditions) -> EmailMessage:
        host = socket.gethostname()
        message = EmailMessage(policy=SMTP)
        sender = conditions.mail_from
        message["From"] = f"root@{host}" if sender is None else check_address(sender)
        message["To"] = self.address
        message["Subject"] = printable(f"Support bundle {bundle.name}")
        message["Date"] = formatdate(localtime=True)
        message["Message-ID"] = make_msgid(domain=host)
        if not conditions.smtp:
            message["X-Unsent"] = "1"  # mail programs open it as a draft
        text = conditions.text
        is_attached = bundle.size <= conditions.mail_limit
        if not is_attached:
            if conditions.link is None:
                raise MailError(
                    f"{format_size(bundle.size)} are too much for a mail, and left nowhere else yet",
                    hint="upload it first, then write the mail: it will hold the link",
                )
            text += f"\nThe bundle is too large for a mail: {conditions.link}\n"
        message.set_content(text)
        if is_attached:
            content = bundle.read(0, bundle.size)
            bundle.check_unchanged()
            message.add_attachment(content, maintype="application", subtype="gzip", filename=bundle.name)
        return message


def check_address(text: str) -> str:
    """Return the address of whom a mail is from.

    Raises:
        UsageError: it is none.
    """
    if not _ADDRESS.fullmatch(text):
        raise UsageError(f"not a mail address: {text!a}", hint="write --mail-from ops@example.com")
    return text


def _send(message: EmailMessage, relay: Relay, conditions: Conditions, on_event: Listener) -> None:
    place = f"{relay.host}:{relay.port}"
    try:
        with smtplib.SMTP(relay.host, relay.port, timeout=_TIMEOUT) as smtp:
            _encrypt(smtp, place, conditions, on_event)
            if conditions.smtp_login is not None:
                smtp.login(conditions.smtp_login.user, conditions.smtp_login.password)
            smtp.send_message(message)
    except ssl.SSLCertVerificationError as error:
        raise certificate_error(error, f"the relay {place}") from None
    except smtplib.SMTPAuthenticationError as error:
        source = conditions.smtp_login.source if conditions.smtp_login else ""
        where = f" in {source}" if source else ""
        raise MailError(
            f"the relay {place} does not accept the login{where} ({error.smtp_code})",
            hint="correct user and password there" if source else "correct --smtp-credentials",
        ) from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({code for code, _ in error.recipients.values()})
        raise MailError(f"the relay {place} does not take mail for {message['To']} ({codes})") from None
    except smtplib.SMTPResponseException as error:
        raise MailError(
            f"the relay {place} refused the mail ({error.smtp_code})",
            hint="if it is too large there, lower --mail-limit: the mail then holds the link",
        ) from None
    except (smtplib.SMTPException, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise MailError(f"the relay {place}: {reason}", hint="the mail is kept beside the bundle") from None


def _encrypt(smtp: smtplib.SMTP, place: str, conditions: Conditions, on_event: Listener) -> None:
    smtp.ehlo_or_helo_if_needed()
    if smtp.has_extn("starttls"):
        smtp.starttls(context=tls_context(conditions.ca_bundle, insecure=conditions.insecure))
        smtp.ehlo()
        return
    if not conditions.insecure or conditions.smtp_login is not None:
        raise MailError(
            f"the relay {place} offers no STARTTLS", hint="--insecure sends it readable by all on the way"
        )
    on_event(Warned(f"THE MAIL IS NOT ENCRYPTED (--insecure): anybody between here and {place} can read it"))
