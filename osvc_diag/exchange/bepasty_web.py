"""Uploads as a browser does: raw chunks, several at a time, the completing one last."""

from __future__ import annotations

import json
import time
from collections import deque
from typing import TYPE_CHECKING, Optional

from osvc_diag.exchange.answers import NOT_OFFERED, TOO_LARGE, ChunkTooLargeError, read_json
from osvc_diag.exchange.bepasty_items import (
    OK,
    ItemLostError,
    Patience,
    body_too_large,
    check_name,
    persist_on_item,
    refuse_chunk,
    too_large,
)
from osvc_diag.exchange.crew import run_crew
from osvc_diag.exchange.errors import UnconfirmedError, UnexpectedAnswerError
from osvc_diag.exchange.line import RESUME_HINT, TransientError
from osvc_diag.exchange.multipart import CONTENT_TYPE, Form
from osvc_diag.exchange.session import LAST_CHUNK
from osvc_diag.exchange.transport import IN_FLIGHT

if TYPE_CHECKING:
    import threading

    from osvc_diag.exchange.session import Session

METHOD = "web"

FORM_OVERHEAD = 1024  # bytes around a chunk, at most; with a file name of 250 characters it is about 500


def begin_web(session: Session) -> None:
    """Get a new item.

    Raises:
        NotOfferedError: there is no such way here.
        ExchangeError: see `errors`.
    """
    value, unit = session.maxlife
    wish = {
        "filename": session.file_name,
        "size": session.bundle.size,
        "type": CONTENT_TYPE,
        "maxlife_unit": unit,
        "maxlife_value": value,
    }
    body = json.dumps(wish).encode()

    def attempt() -> str:
        answer = session.transport.request(
            "POST", "/+upload/new", headers={"Content-Type": "application/json"}, body=(body,)
        )
        if answer.status == TOO_LARGE:
            raise too_large(session)
        if answer.status != OK:
            raise session.refuse(answer)
        return check_name(read_json(answer, host=session.transport.host).get("name"), session)

    item = session.line.persist(attempt)
    session.begin_item(METHOD, item)


def send_web(session: Session) -> None:
    """Send what the item lacks, and complete it.

    Raises:
        ItemLostError: the server has it no longer, or cannot work with it.
        ExchangeError: see `errors`.
    """
    assert session.progress is not None
    item = session.progress.item
    last = (max(0, session.bundle.size - LAST_CHUNK), session.bundle.size)
    plan = _Plan(session, last[0])
    run_crew(lambda stop: _work(session, plan, stop), count=IN_FLIGHT)
    # The server sees no holes: it takes an item for complete when its last byte has come.
    if session.acknowledged.missing(0, last[0]):
        raise UnconfirmedError(f"{session.transport.host} has not acknowledged all chunks", hint=RESUME_HINT)
    session.bundle.check_unchanged()
    try:
        persist_on_item(session, lambda: _send(session, item, *last))
    except ChunkTooLargeError:
        raise body_too_large(session) from None
    session.acknowledge(item, *last)


class _Plan:
    """Which chunk is next. Safe in threads."""

    def __init__(self, session: Session, end: int) -> None:
        self._session = session
        self._pending = deque(session.acknowledged.missing(0, end))

    def take(self) -> Optional[tuple[int, int]]:
        with self._session.lock:
            if not self._pending:
                return None
            start, end = self._pending.popleft()
            cut = min(end, start + self._session.body - FORM_OVERHEAD)
            if cut < end:
                self._pending.appendleft((cut, end))
            return start, cut

    def put_back(self, piece: tuple[int, int]) -> None:
        with self._session.lock:
            self._pending.appendleft(piece)


def _work(session: Session, plan: _Plan, stop: threading.Event) -> None:
    assert session.progress is not None
    item = session.progress.item
    patience = Patience(session.line)
    while not stop.is_set() and not session.line.stopped:
        piece = plan.take()
        if piece is None:
            return
        body = piece[1] - piece[0] + FORM_OVERHEAD
        began = time.monotonic()
        try:
            _send(session, item, *piece)
        except ChunkTooLargeError:
            plan.put_back(piece)
            if not session.shrink(body):
                raise body_too_large(session) from None
        except TransientError as error:
            plan.put_back(piece)
            patience.fail(error)
            if patience.failures % 2 == 0:
                # A line that breaks again and again may let smaller pieces through.
                session.ease(body)
        else:
            patience.succeed()
            session.keep_pace(body, time.monotonic() - began)
            session.acknowledge(item, *piece)


def _send(session: Session, item: str, start: int, end: int) -> None:
    size = session.bundle.size
    form = Form(session.file_name)
    answer = session.transport.request(
        "POST",
        f"/+upload/{item}",
        headers={"Content-Type": form.content_type, "Content-Range": f"bytes {start}-{end - 1}/{size}"},
        body=(form.head, session.bundle.read(start, end - start), form.tail),
    )
    if answer.status in NOT_OFFERED:
        raise ItemLostError("the item is not there")
    if answer.status != OK:
        raise refuse_chunk(answer, session)
    files = read_json(answer, host=session.transport.host).get("files")
    told = files[0] if isinstance(files, list) and files and isinstance(files[0], dict) else {}
    if (told.get("name"), told.get("size")) != (item, size):
        raise UnexpectedAnswerError(
            f"{session.transport.host} acknowledged a chunk of something else",
            hint="try again, or ask support",
        )
