"""One output of a command on its way from the pipe to whoever reads it: bounded, whatever is written."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Callable, Optional

from osvc_diag.reading.blocks import BrokenOffError

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

FIRST_ROOM = 256 * 1024  # bytes that a command may be ahead of its reader, in the output that is read first
SECOND_ROOM = 128 * 1024  # bytes kept of the other one: it is read once the first is through
SIGN_OF_LIFE = 0.25  # seconds between two looks at a command that writes nothing


class Output:
    """A bounded queue of blocks.

    A full first output makes the command wait; of the second one the beginning is kept, for a command that
    waited there could never end the first.
    """

    def __init__(self, changed: threading.Condition, *, is_first: bool, limit: int) -> None:
        """Prepare.

        Args:
            changed: guards both outputs of a command, and is told of every change.
            is_first: whether it is read first.
            limit: bytes kept.
        """
        self._changed = changed
        self._is_first = is_first
        self._room = FIRST_ROOM if is_first else min(limit, SECOND_ROOM)
        self._limit = limit
        self._blocks: deque[bytes] = deque()
        self._is_closed = False
        self.held = 0
        """Bytes in memory."""
        self.seen = 0
        """Bytes that the command wrote, as far as they were read."""
        self.kept = 0
        """Of them, those that are or were handed on."""
        self.is_wanted = True
        self.on_taken: Callable[[], None] = _nothing
        """Called when there is room again."""

    @property
    def free(self) -> int:
        """Bytes that may be read from the pipe now; 0 where the command has to wait."""
        if not self._is_first or not self.is_wanted:
            return FIRST_ROOM
        return max(0, self._room - self.held)

    @property
    def is_cut(self) -> bool:
        """Whether more was written than is kept."""
        return self.seen > self.kept

    @property
    def is_over_limit(self) -> bool:
        """Whether so much was written that the command is to be ended."""
        return self.seen > self._limit

    def feed(self, block: bytes) -> None:
        """Take what came out of the pipe."""
        with self._changed:
            self.seen += len(block)
            left = min(self._limit - self.kept, len(block))
            if not self._is_first:
                left = min(left, self._room - self.kept)
            if left > 0 and self.is_wanted:
                self._blocks.append(block[:left])
                self.kept += left
                self.held += left
            self._changed.notify_all()

    def close(self) -> None:
        """Say that nothing follows."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def give_up(self) -> None:
        """Say that nobody reads it."""
        with self._changed:
            self.is_wanted = False
            self._blocks.clear()
            self.held = 0
            self._changed.notify_all()
        self.on_taken()

    def read(self, is_whole: Callable[[], bool], on_wait: Callable[[], None]) -> Iterator[bytes]:
        """Yield the blocks.

        Args:
            is_whole: asked at the end: whether this is all that the command had to say.
            on_wait: called after each while in which nothing came.

        Raises:
            BrokenOffError: it is not.
        """
        while True:
            block = self._next()
            if block is None:
                break
            if block:
                yield block
            else:
                on_wait()
        if self.is_cut or not is_whole():
            raise BrokenOffError("the command was ended before its end")

    def _next(self) -> Optional[bytes]:
        """Return the next block, an empty one where none came for a while, None at the end."""
        until = time.monotonic() + SIGN_OF_LIFE
        with self._changed:
            while not self._blocks:
                if self._is_closed:
                    return None
                left = until - time.monotonic()
                if left <= 0:
                    return b""
                self._changed.wait(left)
            block = self._blocks.popleft()
            self.held -= len(block)
        self.on_taken()
        return block


def _nothing() -> None:
    """Do nothing."""
