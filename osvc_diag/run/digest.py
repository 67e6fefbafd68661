"""What a log says of itself while it goes by: how many lines, from when to when, and its last errors."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Optional

from osvc_diag.journal.log_text import shown_time
from osvc_diag.line_ends import line_ends
from osvc_diag.reading.stamps import Stamp, first_record, stamp_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

ERRORS_KEPT = 5
ERROR_LENGTH = 300  # bytes of an error line that are kept
LOOK_BACK = 64 * 1024  # bytes of a block in which its last timestamp is looked for
_LEVELS = (b" ERROR ", b" CRITICAL ")
# A level stands behind the timestamp; in xmlrpc.log behind the name of its logger.
_BEFORE_LEVEL = re.compile(rb"[-\d]{10} [\d:]{8}(?:[,.]\d{3})?(?: - [\w.]{1,64} -)?")
_RECORD_TIME = re.compile(rb'(?:^|\n)\{"__REALTIME_TIMESTAMP": ?"(\d{1,20})"')


class LogDigest:
    """Watches a redacted log go by, in blocks of any size."""

    def __init__(self) -> None:
        self.lines = 0
        """Known at the end."""
        self.first: Optional[Stamp] = None
        self.last: Optional[Stamp] = None
        """Of the last record in the log's order, which is not strictly sorted."""
        self._errors: deque[bytes] = deque(maxlen=ERRORS_KEPT)
        self._begun = b""
        self._is_inside = False

    @property
    def errors(self) -> list[str]:
        """The last records of level ERROR or CRITICAL, the oldest first."""
        return [error.decode("utf-8", "replace") for error in self._errors]

    def watch(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Pass blocks on, and look at them."""
        ends = 0
        for block in blocks:
            self.look(block)
            ends += line_ends(block)
            yield block
        self.end(ends)

    def look_at(self, text: bytes) -> None:
        """Look at a log that is in memory."""
        for _ in self.watch([text]):
            pass

    def end(self, ends: int) -> None:
        """Look at the rest, when nothing follows.

        Args:
            ends: of lines, that went by; whoever hashes the log counts them beside that.
        """
        self.lines = ends + (self._is_inside or bool(self._begun))
        self._look_at_lines(self._begun)

    def look(self, block: bytes) -> None:
        """Look at the lines that are whole, and keep the beginning of the one that is not."""
        if self._is_inside:
            # The rest of a long line, whose beginning was looked at.
            newline = block.find(b"\n")
            if newline < 0:
                return
            block = block[newline + 1 :]
            self._is_inside = False
        text = self._begun + block
        end = text.rfind(b"\n") + 1
        self._look_at_lines(text[:end])
        self._begun = text[end:]
        if len(self._begun) > ERROR_LENGTH:
            self._look_at_lines(self._begun[:ERROR_LENGTH])
            self._begun, self._is_inside = b"", True

    def _look_at_lines(self, text: bytes) -> None:
        if self.first is None:
            found = first_record(text, at_line_start=True)
            self.first = found[1] if found else None
        self.last = _last_stamp(text) or self.last
        self._errors.extend(_last_errors(text))


class RecordDigest(LogDigest):
    """Watches redacted records of the journal go by, as lines of JSON that begin with their time."""

    def __init__(self, zone: tzinfo) -> None:
        super().__init__()
        self._zone = zone

    def _look_at_lines(self, text: bytes) -> None:
        times = _RECORD_TIME.findall(text)
        if times:
            self.first = self.first or self._stamp(times[0])
            self.last = self._stamp(times[-1]) or self.last

    def _stamp(self, microseconds: bytes) -> Optional[Stamp]:
        shown = shown_time(microseconds.decode("ascii"), self._zone)
        return shown.encode("ascii") if shown else None


def _last_stamp(text: bytes) -> Optional[Stamp]:
    end, stop = len(text), max(0, len(text) - LOOK_BACK)
    while end > stop:
        start = text.rfind(b"\n", 0, end - 1) + 1
        stamp = stamp_of(text, start)
        if stamp is not None:
            return stamp
        end = start
    return None


def _last_errors(text: bytes) -> list[bytes]:
    """Return the last error records of some lines, in their order."""
    found: dict[int, bytes] = {}
    oldest = 0
    for level in _LEVELS:
        position = text.rfind(level, oldest)
        enough = len(found) + ERRORS_KEPT
        # More words than records are looked at: such a word may stand in a message.
        for _ in range(4 * ERRORS_KEPT):
            if position < 0 or len(found) == enough:
                break
            start = text.rfind(b"\n", 0, position) + 1
            if stamp_of(text, start) and _BEFORE_LEVEL.fullmatch(text, start, position):
                end = text.find(b"\n", position)
                found[start] = text[start : end if end >= 0 else None][:ERROR_LENGTH].rstrip(b"\r")
            position = text.rfind(level, oldest, position)
        if len(found) >= ERRORS_KEPT:
            # A log that has many of one level is not searched whole for a rare one.
            oldest = sorted(found)[-ERRORS_KEPT]
    return [found[start] for start in sorted(found)][-ERRORS_KEPT:]
