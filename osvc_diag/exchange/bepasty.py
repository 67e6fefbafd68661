"""The support file exchange: a bepasty server, by the best way of uploading that it offers."""

from __future__ import annotations

import ipaddress
import time
from typing import TYPE_CHECKING, Optional
from urllib.parse import urlsplit

from osvc_diag.errors import UsageError
from osvc_diag.events import Warned
from osvc_diag.exchange.answers import (
    NOT_OFFERED,
    ChunkTooLargeError,
    NotOfferedError,
    not_an_exchange,
    read_json,
)
from osvc_diag.exchange.bepasty_form import METHOD as FORM
from osvc_diag.exchange.bepasty_form import send_form
from osvc_diag.exchange.bepasty_items import OK, ItemLostError, is_complete, is_confirmed, too_large
from osvc_diag.exchange.bepasty_rest import METHOD as REST
from osvc_diag.exchange.bepasty_rest import send_rest
from osvc_diag.exchange.bepasty_web import METHOD as WEB
from osvc_diag.exchange.bepasty_web import begin_web, send_web
from osvc_diag.exchange.errors import GaveUpError, UnencryptedError, UnexpectedAnswerError
from osvc_diag.exchange.line import RESUME_HINT, Line
from osvc_diag.exchange.login import mask_url, split_login
from osvc_diag.exchange.progress import load_progress
from osvc_diag.exchange.receipt import Receipt, utc_text
from osvc_diag.exchange.session import LAST_CHUNK, MAX_CHUNK, MIN_CHUNK, Session
from osvc_diag.exchange.transport import Transport
from osvc_diag.exchange.trust import tls_context

if TYPE_CHECKING:
    from osvc_diag.events import Listener
    from osvc_diag.exchange.interface import Conditions
    from osvc_diag.exchange.opened import OpenedBundle

USUAL_BODY = 1024 * 1024 - 8192  # bytes; what a bepasty takes when nobody configured it
MAX_ITEMS = 3  # that one delivery begins, when the server loses them


class BepastyExchange:
    """A bepasty at an http or https URL."""

    def __init__(self, url: str) -> None:
        """Check the URL.

        Raises:
            UsageError: it cannot be the URL of a bepasty.
        """
        bare, _ = split_login(url)
        parts = urlsplit(bare)
        if not parts.hostname or parts.query or parts.fragment or "@" in parts.path:
            raise UsageError(
                "not the URL of an exchange", hint="write https://sfx.example.com, with %-codes in a password"
            )
        self.url = mask_url(bare).rstrip("/")

    def deliver(self, bundle: OpenedBundle, conditions: Conditions, on_event: Listener) -> Receipt:
        """Upload it, or go on with an upload that an earlier run began.

        Raises:
            ExchangeError: see `errors`; what was sent so far is kept for the next run, where that can be.
        """
        self._check_encrypted(conditions)
        began = time.monotonic()
        line = Line(conditions.policy, time_limit=conditions.time_limit, on_event=on_event)
        context = tls_context(conditions.ca_bundle, insecure=conditions.insecure)
        if conditions.insecure:
            on_event(
                Warned(f"TLS IS NOT VERIFIED (--insecure): anybody between here and {self.url} can read it")
            )
        transport = Transport(
            self.url, choice=conditions.proxy, context=context, login=conditions.login, line=line
        )
        session = Session(bundle, transport, line, conditions.lifetime, USUAL_BODY)
        try:
            _ask_limits(session)
            method, item, resumed = self._upload(session)
            confirmed = is_confirmed(session, item)
        except (NotOfferedError, ChunkTooLargeError):
            raise UnexpectedAnswerError(
                f"{transport.host} does not keep to the protocol", hint="is that a bepasty? Ask support"
            ) from None
        finally:
            line.stop()
            transport.close()
        now = time.time()
        return Receipt(
            exchange=self.url,
            method=method,
            link=f"{self.url}/{item}",
            item=item,
            size=bundle.size,
            sha256=bundle.sha256,
            delivered=utc_text(now),
            seconds=round(time.monotonic() - began, 3),
            expires=utc_text(now + conditions.lifetime),
            proxy=str(conditions.proxy.proxy) if conditions.proxy.proxy else None,
            insecure=conditions.insecure,
            resumed=resumed,
            confirmed=confirmed,
        )

    def _check_encrypted(self, conditions: Conditions) -> None:
        parts = urlsplit(self.url)
        if parts.scheme == "https" or conditions.insecure or _is_loopback(parts.hostname or ""):
            return
        raise UnencryptedError(
            f"{self.url} is not encrypted: the bundle and the login could be read on the way",
            hint="use https://, or ask for this with --insecure",
        )

    def _upload(self, session: Session) -> tuple[str, str, bool]:
        """Return the way it went, the item, and whether it was resumed."""
        earlier = load_progress(session.bundle.path)
        resumed = False
        if earlier is not None and earlier.belongs_to(session.bundle, self.url):
            session.begin(earlier)
            resumed = True
        for _ in range(MAX_ITEMS):
            try:
                return (*self._upload_once(session), resumed)
            except ItemLostError as error:
                done = _settle(session, error)
            if done is not None:
                return (*done, resumed)
            resumed = False
        raise GaveUpError(f"{session.transport.host} lost {MAX_ITEMS} items in a row", hint=RESUME_HINT)

    def _upload_once(self, session: Session) -> tuple[str, str]:
        method = session.progress.method if session.progress else None
        if method in {None, WEB}:
            try:
                if method is None:
                    begin_web(session, self.url)
            except NotOfferedError:
                pass
            else:
                send_web(session)
                return WEB, _item(session)
        try:
            send_rest(session, self.url)
        except NotOfferedError:
            if session.progress is not None:
                raise ItemLostError("the REST API is gone") from None
        else:
            return REST, _item(session)
        try:
            return FORM, send_form(session)
        except NotOfferedError:
            raise not_an_exchange(session.transport.host) from None


def _ask_limits(session: Session) -> None:
    """Learn how large a body and a file may be, before a byte of the bundle is sent.

    Raises:
        TooLargeError: the bundle is larger.
        ExchangeError: see `errors`.
    """

    def attempt() -> dict[str, object]:
        answer = session.transport.request("GET", "/apis/rest")
        if answer.status in NOT_OFFERED:
            return {}
        if answer.status != OK:
            raise session.refuse(answer)
        return read_json(answer, host=session.transport.host)

    limits = session.line.persist(attempt)
    body, file = limits.get("MAX_BODY_SIZE"), limits.get("MAX_ALLOWED_FILE_SIZE")
    if isinstance(body, int) and body > 0:
        session.chunk = max(MIN_CHUNK, min(body, MAX_CHUNK))
    if isinstance(file, int) and session.bundle.size > file:
        raise too_large(session, file)


def _settle(session: Session, error: ItemLostError) -> Optional[tuple[str, str]]:
    """Find out what became of an item that makes trouble: its way and name when it is complete, else None."""
    progress = session.progress
    # A lost answer to the completing chunk is no loss; the other way needs the server's word for every byte.
    last = LAST_CHUNK if progress is not None and progress.method == WEB else 0
    all_sent = progress is not None and not session.acknowledged.missing(0, max(0, progress.size - last))
    session.line.on_event(Warned(f"{session.transport.host}: {error}; asking whether the item is complete"))
    complete = is_complete(session, progress.item) if progress is not None else None
    session.forget()
    if complete and all_sent:
        assert progress is not None
        return progress.method, progress.item
    return None


def _item(session: Session) -> str:
    assert session.progress is not None
    return session.progress.item


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
