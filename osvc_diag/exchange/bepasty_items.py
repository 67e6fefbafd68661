"""One item of a bepasty: its name, whether it is lost, whether it is complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Optional, TypeVar

from osvc_diag.errors import ExchangeError
from osvc_diag.exchange.answers import ItemFailedError, read_json
from osvc_diag.exchange.errors import (
    BodyTooLargeError,
    TooLargeError,
    UnconfirmedError,
    UnexpectedAnswerError,
)
from osvc_diag.exchange.line import TransientError
from osvc_diag.exchange.progress import NAME
from osvc_diag.exchange.session import MIN_CHUNK
from osvc_diag.units import format_size

if TYPE_CHECKING:
    from osvc_diag.exchange.line import Line
    from osvc_diag.exchange.session import Session
    from osvc_diag.exchange.transport import Answer

T = TypeVar("T")

OK = 200
CREATED = 201
CONFLICT = 409

DAMAGED = frozenset({400, 416})  # what is told of a body that something on the way has cut
MAX_ITEM_FAILURES = 4  # 500s in a row on one item, after which it is asked whether the item is still there

_CONFIRM_TRIES = 5  # the server computes its hash after it has answered


class ItemLostError(Exception):
    """The server has the item no longer, or cannot work with it. It never reaches a user."""


class Patience:
    """Counts the failures in a row of one sender."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._item_failures = 0
        self.failures = 0

    def fail(self, error: TransientError) -> None:
        """Wait before the next try.

        Raises:
            ItemLostError: the item itself seems to be the matter.
            GaveUpError: there were too many.
            UploadTimeoutError: the time is over.
        """
        self.failures += 1
        self._item_failures = self._item_failures + 1 if isinstance(error, ItemFailedError) else 0
        if self._item_failures >= MAX_ITEM_FAILURES:
            raise ItemLostError(error.reason) from error
        self._line.wait(self.failures, error)

    def succeed(self) -> None:
        """Begin to count anew."""
        self.failures = self._item_failures = 0
        self._line.succeed()


def persist_on_item(session: Session, attempt: Callable[[], T]) -> T:
    """Call until it does not fail transiently.

    Raises:
        ItemLostError: the item itself seems to be the matter.
        ExchangeError: see `errors`.
    """
    patience = Patience(session.line)
    while True:
        try:
            return attempt()
        except TransientError as error:  # noqa: PERF203 - that is what the loop is for
            patience.fail(error)


def refuse_chunk(answer: Answer, session: Session) -> Exception:
    """Return what to raise for an answer to a chunk that is not the wanted one."""
    if answer.status in DAMAGED:
        return ItemFailedError(f"{session.transport.host} answered {answer.status}: a chunk came damaged")
    return session.refuse(answer)


def check_name(name: object, session: Session) -> str:
    """Return the name of an item, which becomes part of a path.

    Raises:
        UnexpectedAnswerError: it is none.
    """
    if isinstance(name, str) and NAME.fullmatch(name):
        return name
    raise UnexpectedAnswerError(
        f"{session.transport.host} gave no name of an item",
        hint="is that a bepasty? Try again, or ask support",
    )


def is_complete(session: Session, item: str) -> Optional[bool]:
    """Ask whether an item is complete, in the one way that a sender has: by trying to drop it.

    A complete item refuses that (409). An incomplete one is gone afterwards, so this is only asked when it
    has to begin again anyway.

    Returns:
        None where the server does not say.
    """

    def attempt() -> Optional[bool]:
        answer = session.transport.request("GET", f"/+upload/{item}/abort")
        if answer.status == CONFLICT and b"complete" in answer.body.lower():
            return True
        if answer.status == OK and b"aborted" in answer.body.lower():
            return False
        error = session.refuse(answer)
        if isinstance(error, TransientError) and not isinstance(error, ItemFailedError):
            raise error
        return None

    return session.line.persist(attempt)


def is_confirmed(session: Session, item: str) -> bool:
    """Compare what the server says about a complete item, where this login may ask; most may not.

    Raises:
        UnconfirmedError: its size or hash is another one.
    """
    for _ in range(_CONFIRM_TRIES):
        meta = _meta(session, item)
        if meta is None:
            return False
        if meta.get("size") != session.bundle.size:
            raise _unequal(session, "size")
        told = meta.get("hash")
        if told:
            if told != session.bundle.sha256:
                raise _unequal(session, "sha256")
            return True
        session.line.pause(0.2)
    return False


def body_too_large(session: Session) -> BodyTooLargeError:
    """Return the error of a server that takes not even the smallest chunk."""
    return BodyTooLargeError(
        f"{session.transport.host} refuses even chunks of {MIN_CHUNK // 1024} KiB (413)",
        hint="its web server, or a proxy, limits request bodies: 1 MiB is what a bepasty expects",
    )


def too_large(session: Session, limit: Optional[int] = None) -> TooLargeError:
    """Return the error of a server that does not want a file of this size."""
    most = f"takes {format_size(limit)} at most" if limit else "takes less"
    return TooLargeError(
        f"{session.transport.host} {most}, and the bundle has {format_size(session.bundle.size)}",
        hint="collect less: --since, --log-size, --max-size; or deliver with --exchange file:///...",
    )


def _meta(session: Session, item: str) -> Optional[dict[str, object]]:
    try:
        answer = session.transport.request("GET", f"/apis/rest/items/{item}")
        if answer.status != OK:
            return None
        meta = read_json(answer, host=session.transport.host).get("file-meta")
    except (TransientError, ExchangeError):
        # It was acknowledged as complete: that it cannot be looked at now changes nothing.
        return None
    return meta if isinstance(meta, dict) else None


def _unequal(session: Session, what: str) -> UnconfirmedError:
    return UnconfirmedError(
        f"the item at {session.transport.host} is complete, but its {what} is not the bundle's",
        hint="send it again: it becomes a new item",
    )
