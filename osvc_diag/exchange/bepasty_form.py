"""Uploads by the plain form, as the support page's curl does: one request; the last resort."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from osvc_diag.events import Advanced, PhaseStarted
from osvc_diag.exchange.answers import ChunkTooLargeError
from osvc_diag.exchange.bepasty_items import check_name
from osvc_diag.exchange.errors import BodyTooLargeError
from osvc_diag.exchange.multipart import Form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.exchange.session import Session

METHOD = "form"

_REDIRECTS = frozenset({302, 303})


def send_form(session: Session) -> str:
    """Send it in one request and return the item's name.

    Raises:
        NotOfferedError: there is no such way here.
        ExchangeError: see `errors`.
    """
    value, unit = session.maxlife
    form = Form(session.file_name, {"maxlife-unit": unit, "maxlife-value": str(value)})
    sender = _Sender(session, form)
    session.line.on_event(PhaseStarted("upload", session.bundle.size))

    def attempt() -> str:
        answer = session.transport.request(
            "POST",
            "/+upload",
            headers={"Content-Type": form.content_type},
            stream=sender.stream(),
            length=len(form.head) + session.bundle.size + len(form.tail),
        )
        if answer.status not in _REDIRECTS:
            raise session.refuse(answer)
        place = session.transport.own_place(answer.headers.get("location", ""))
        # A new item's page has the file's name as its anchor; the login page of a portal has not.
        if place is None or unquote(unquote(place[1])) != session.file_name:
            raise session.refuse(answer)
        return check_name(place[0].strip("/"), session)

    try:
        return session.line.persist(attempt)
    except ChunkTooLargeError:
        raise BodyTooLargeError(
            f"{session.transport.host} refuses the bundle in one request (413)",
            hint="its chunked ways of uploading, /+upload/new and /apis/rest, are not reachable: ask support",
        ) from None


class _Sender:
    """Streams the form, and tells each byte once, however often it is sent."""

    def __init__(self, session: Session, form: Form) -> None:
        self._session = session
        self._form = form
        self._told = 0

    def stream(self) -> Iterator[bytes]:
        sent = 0
        yield self._form.head
        for block in self._session.bundle.blocks():
            yield block
            sent += len(block)
            if sent > self._told:
                self._session.line.on_event(Advanced(sent - self._told))
                self._told = sent
        self._session.bundle.check_unchanged()
        yield self._form.tail
