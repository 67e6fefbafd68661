"""Uploads by the documented REST API: base64, one chunk after the other, where raw chunks are not offered."""

from __future__ import annotations

import base64
import re
import time
from typing import TYPE_CHECKING, Optional

from osvc_diag.exchange.answers import ChunkTooLargeError, read_json
from osvc_diag.exchange.bepasty_items import (
    CONFLICT,
    CREATED,
    OK,
    ItemLostError,
    Patience,
    body_too_large,
    check_name,
    persist_on_item,
    refuse_chunk,
)
from osvc_diag.exchange.errors import UnexpectedAnswerError
from osvc_diag.exchange.line import TransientError
from osvc_diag.exchange.multipart import CONTENT_TYPE

if TYPE_CHECKING:
    from osvc_diag.exchange.session import Session
    from osvc_diag.exchange.transport import Answer

METHOD = "rest"

_BAD_REQUEST = 400
_OFFSET = re.compile(rb"Last byte on Server: (\d{1,15})")


def send_rest(session: Session) -> None:
    """Send what the server lacks, chunk by chunk; the first one gets the item's name.

    Raises:
        NotOfferedError: there is no such way here.
        ItemLostError: the server has the item no longer, or has all of it without saying that it is complete.
        ExchangeError: see `errors`.
    """
    size = session.bundle.size
    patience = Patience(session.line)
    while True:
        start = _offset(session)
        if start == size:
            # All is there, and the answer that said so was lost. Whether the item was completed is not known.
            raise ItemLostError("all bytes arrived, and the answer did not")
        body = session.body
        end = min(size, start + body // 4 * 3)  # in base64
        if end == size:
            session.bundle.check_unchanged()
        began = time.monotonic()
        try:
            answer = _post(session, start, end)
            done = _accept(session, answer, end)
        except ChunkTooLargeError:
            if not session.shrink(body):
                raise body_too_large(session) from None
            continue
        except TransientError as error:
            patience.fail(error)
            if patience.failures % 2 == 0:
                session.ease(body)
            continue
        if done and _is_all_there(session):
            return
        if _offset(session) > start:
            patience.succeed()
            session.keep_pace(body, time.monotonic() - began)
        else:
            patience.fail(TransientError(f"{session.transport.host} stands at byte {_offset(session)}"))


def _post(session: Session, start: int, end: int) -> Answer:
    value, unit = session.maxlife
    headers = {
        "Content-Type": CONTENT_TYPE,
        "Content-Filename": session.file_name,
        "Content-Range": f"bytes {start}-{end - 1}/{session.bundle.size}",
        "Maxlife-Unit": unit,
        "Maxlife-Value": str(value),
    }
    if session.progress is not None:
        headers["Transaction-ID"] = base64.b64encode(session.progress.item.encode()).decode("ascii")
    body = base64.b64encode(session.bundle.read(start, end - start))
    return session.transport.request("POST", "/apis/rest/items", headers=headers, body=(body,))


def _accept(session: Session, answer: Answer, end: int) -> bool:
    """Take an answer in; True when the item is complete."""
    size = session.bundle.size
    if answer.status == CONFLICT:
        return _stand(session, _told_offset(answer))
    if answer.status == _BAD_REQUEST and b"transaction id" in answer.body:
        raise ItemLostError("the item is not there")
    if answer.status not in {OK, CREATED}:
        raise refuse_chunk(answer, session)
    if (answer.status == CREATED) != (end == size):
        raise UnexpectedAnswerError(
            f"{session.transport.host} answered {answer.status} to a chunk that ends at {end} of {size}",
            hint="is that a bepasty? Try again, or ask support",
        )
    item = _item(session, answer)
    if session.progress is None:
        session.begin_item(METHOD, item)
    elif item != session.progress.item:
        raise UnexpectedAnswerError(f"{session.transport.host} acknowledged a chunk of something else")
    if answer.status == CREATED:
        return True  # the last chunk counts when the server has told how many bytes it has
    session.acknowledge(item, 0, end)
    return False


def _stand(session: Session, told: Optional[int]) -> bool:
    """Go on from where the server says that it stands."""
    size = session.bundle.size
    if told is None:
        raise TransientError(f"{session.transport.host}: its answer was cut off")
    if told > size or session.progress is None:
        raise ItemLostError("the server stands nowhere in this bundle")
    session.stand_at(told)
    return False


def _is_all_there(session: Session) -> bool:
    """Ask how many bytes a complete item has, by offering its last one again.

    A body that was cut on the way is taken as it is: a server may call an item complete that lacks its end.
    """
    size = session.bundle.size

    def attempt() -> None:
        answer = _post(session, size - 1, size)
        if answer.status not in {OK, CREATED, CONFLICT}:
            raise refuse_chunk(answer, session)
        # It took the byte: that one had been missing, and it was the only one.
        _stand(session, _told_offset(answer) if answer.status == CONFLICT else size)

    persist_on_item(session, attempt)
    return _offset(session) == size


def _told_offset(answer: Answer) -> Optional[int]:
    match = _OFFSET.search(answer.body)
    return int(match.group(1)) if match else None


def _item(session: Session, answer: Answer) -> str:
    """Return the name that an answer tells: in its Transaction-ID, which is base64 of it."""
    told = answer.headers.get("transaction-id")
    if told is None:
        read_json(answer, host=session.transport.host)  # a web page is told apart
        raise UnexpectedAnswerError(
            f"{session.transport.host} gave no Transaction-ID", hint="is that a bepasty?"
        )
    try:
        name = base64.b64decode(told, validate=True).decode("ascii")
    except ValueError:
        name = ""
    return check_name(name, session)


def _offset(session: Session) -> int:
    """Return the first byte that the server lacks."""
    missing = session.acknowledged.missing(0, session.bundle.size)
    return missing[0][0] if missing else session.bundle.size
