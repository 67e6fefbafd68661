"""The support file exchange: a bepasty server, by the best way of uploading that it offers."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, replace
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
from osvc_diag.exchange.errors import GaveUpError, UnexpectedAnswerError
from osvc_diag.exchange.line import RESUME_HINT, Line
from osvc_diag.exchange.login import mask_url, split_login
from osvc_diag.exchange.progress import load_progress
from osvc_diag.exchange.receipt import Receipt, utc_text
from osvc_diag.exchange.session import LAST_CHUNK, MAX_CHUNK, MIN_CHUNK, Session
from osvc_diag.exchange.transport import Transport
from osvc_diag.exchange.trust import check_encrypted, tls_context

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
        check_encrypted(self.url, insecure=conditions.insecure)
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
        session = Session(self.url, bundle, transport, line, conditions.lifetime, USUAL_BODY)
        try:
            _ask_limits(session)
            delivered = _upload(session)
            confirmed = is_confirmed(session, delivered.item)
        except (NotOfferedError, ChunkTooLargeError):
            raise UnexpectedAnswerError(
                f"{transport.host} does not keep to the protocol", hint="is that a bepasty? Ask support"
            ) from None
        finally:
            line.stop()
            transport.close()
        return Receipt(
            exchange=self.url,
            method=delivered.method,
            link=f"{self.url}/{delivered.item}",
            item=delivered.item,
            size=bundle.size,
            sha256=bundle.sha256,
            delivered=utc_text(time.time()),
            seconds=round(time.monotonic() - began, 3),
            expires=delivered.expires,
            proxy=str(conditions.proxy.proxy) if conditions.proxy.proxy else None,
            insecure=conditions.insecure,
            resumed=delivered.resumed,
            confirmed=confirmed,
        )


@dataclass(frozen=True)
class _Delivered:
    """An item that is complete."""

    method: str
    item: str
    expires: str
    resumed: bool = False


def _upload(session: Session) -> _Delivered:
    """Go on with the item of an earlier run, or begin one; and again, where the server loses it."""
    earlier = load_progress(session.bundle.path)
    resumed = earlier is not None and earlier.belongs_to(session.bundle, session.exchange)
    if earlier is not None and resumed:
        session.begin(earlier)
    for _ in range(MAX_ITEMS):
        try:
            delivered: Optional[_Delivered] = _upload_item(session)
        except ItemLostError as error:
            delivered = _settle(session, error)
        if delivered is not None:
            return replace(delivered, resumed=resumed)
        resumed = False
    raise GaveUpError(f"{session.transport.host} lost {MAX_ITEMS} items in a row", hint=RESUME_HINT)


def _upload_item(session: Session) -> _Delivered:
    """Send one item, in the first of three ways that the server offers."""
    if session.progress is None:
        with contextlib.suppress(NotOfferedError):
            begin_web(session)
    if session.progress is not None and session.progress.method == WEB:
        send_web(session)
        return _Delivered(WEB, session.progress.item, session.expires)
    try:
        send_rest(session)
    except NotOfferedError:
        if session.progress is not None:
            raise ItemLostError("the REST API is gone") from None
    else:
        assert session.progress is not None
        return _Delivered(REST, session.progress.item, session.expires)
    expires = session.expires
    try:
        return _Delivered(FORM, send_form(session), expires)
    except NotOfferedError:
        raise not_an_exchange(session.exchange) from None


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


def _settle(session: Session, error: ItemLostError) -> Optional[_Delivered]:
    """Find out what became of an item that makes trouble; None when it is not complete, and given up."""
    progress = session.progress
    if progress is None:
        return None
    # A lost answer to the completing chunk is no loss; the other way needs the server's word for every byte.
    last = LAST_CHUNK if progress.method == WEB else 0
    is_sent = not session.acknowledged.missing(0, max(0, progress.size - last))
    session.line.on_event(Warned(f"{session.transport.host}: {error}; asking whether the item is complete"))
    complete = is_complete(session, progress.item)
    session.forget()
    return _Delivered(progress.method, progress.item, progress.expires) if complete and is_sent else None
