"""Shares out finding: while this process looks at one block, helpers look at the next ones."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Callable, Generic, Optional, Protocol, TypeVar

from osvc_diag.redaction.helper import MOST_ASKED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from osvc_diag.redaction.helper import Asked

T = TypeVar("T")


class Asking(Protocol):
    """Finds in a block, or has a helper find."""

    @property
    def helpers(self) -> int:
        """How many there are."""

    def find(self, block: bytes) -> list[int]:
        """Return sorted offsets in a block."""

    def ask(self, block: bytes) -> Optional[Asked]:
        """Have a helper look at a block; None where none has room."""


class _Waiting(Generic[T]):
    """An item that was not handed out yet."""

    def __init__(self, item: T, block: bytes) -> None:
        self.item = item
        self.block = block
        self.offsets: Optional[list[int]] = None if block else []
        self.asked: Optional[Asked] = None

    @property
    def is_begun(self) -> bool:
        return self.offsets is not None or self.asked is not None

    def result(self) -> tuple[T, list[int]]:
        return self.item, self.offsets or []

    def settle(self) -> None:
        """Take the answer, if there is one; where none is to come, nobody has begun."""
        if self.asked is not None and self.asked.is_over:
            self.offsets, self.asked = self.asked.offsets, None


def looked_at(
    items: Iterable[T], block_of: Callable[[T], bytes], finder: Asking
) -> Iterator[tuple[T, list[int]]]:
    """Yield items in their order, each with what is found in its block.

    Some of them are taken ahead, as many as helpers can make use of. What `items` raises is raised once all
    items before are through.
    """
    source = iter(items)
    waiting: deque[_Waiting[T]] = deque()
    is_open = True
    failure: Optional[Exception] = None
    while True:
        while is_open and len(waiting) <= finder.helpers * MOST_ASKED:
            try:
                waiting.append(_following(source, block_of))
            except StopIteration:  # noqa: PERF203
                is_open = False  # the exception is not kept: it has the frames, and they have the last item
            except Exception as error:  # noqa: BLE001 - raised below
                is_open, failure = False, error
        if not waiting:
            if failure is not None:
                raise failure
            return
        _advance(waiting, finder)
        if waiting[0].offsets is not None:
            yield waiting.popleft().result()


def _following(source: Iterator[T], block_of: Callable[[T], bytes]) -> _Waiting[T]:
    """Return the next item; StopIteration where there is none."""
    item = next(source)
    return _Waiting(item, block_of(item))


def _advance(waiting: deque[_Waiting[T]], finder: Asking) -> None:
    """Have helpers look at what comes later, and look at one block here unless the first is done with."""
    first = waiting[0]
    first.settle()
    for later in waiting:
        if not later.is_begun and later is not first:
            later.asked = finder.ask(later.block)
    if first.offsets is not None:
        return
    mine = next((one for one in waiting if not one.is_begun), None)
    if mine is not None:
        mine.offsets = finder.find(mine.block)
    elif first.asked is not None:
        first.asked.wait()
