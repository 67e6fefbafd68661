"""What a log says of itself while it goes by: how many lines, from when to when, and its last errors."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Optional

from osvc_diag.reading.stamps import LENGTH, Stamp, first_record, stamp_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ERRORS_KEPT = 5
ERROR_LENGTH = 300  # bytes of an error line that are kept
_TAIL = 64 * 1024  # bytes in which the last timestamp is looked for
_LEVELS = (b" ERROR ", b" CRITICAL ")


class LogDigest:
    """Watches a redacted log go by."""

    def __init__(self) -> None:
        self.lines = 0
        self.first: Optional[Stamp] = None
        self._errors: deque[bytes] = deque(maxlen=ERRORS_KEPT)
        self._tail = b""
        self._at_line_start = True

    def watch(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Pass blocks on, and look at them."""
        for block in blocks:
            if block:
                self._look(block)
            yield block
        self.lines += not self._at_line_start

    @property
    def last(self) -> Optional[Stamp]:
        """The last record's timestamp."""
        end = len(self._tail)
        while end > 0:
            start = self._tail.rfind(b"\n", 0, end - 1) + 1
            stamp = stamp_of(self._tail[start : start + LENGTH])
            if stamp is not None:
                return stamp
            end = start
        return self.first

    @property
    def errors(self) -> list[str]:
        """The last records of level ERROR or CRITICAL, the oldest first."""
        return [error.decode("utf-8", "replace") for error in self._errors]

    def _look(self, block: bytes) -> None:
        self.lines += block.count(b"\n")
        if self.first is None:
            found = first_record(block[:_TAIL], at_line_start=self._at_line_start)
            self.first = found[1] if found else None
        self._at_line_start = block.endswith(b"\n")
        self._tail = block[-_TAIL:] if len(block) >= _TAIL else (self._tail + block)[-_TAIL:]
        self._errors.extend(_last_errors(block))


def _last_errors(block: bytes) -> list[bytes]:
    """Return the last error records of a block, in their order."""
    found: dict[int, bytes] = {}
    for level in _LEVELS:
        position = block.rfind(level)
        for _ in range(ERRORS_KEPT):
            if position < 0:
                break
            start = block.rfind(b"\n", 0, position) + 1
            if position - start <= LENGTH + 1 and stamp_of(block[start : start + LENGTH]):
                end = block.find(b"\n", position)
                found[start] = block[start : end if end >= 0 else None][:ERROR_LENGTH]
            position = block.rfind(level, 0, position)
    return [found[start] for start in sorted(found)][-ERRORS_KEPT:]
