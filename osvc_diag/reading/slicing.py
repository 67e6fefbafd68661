"""Works out which byte ranges of a log a window and a budget leave, reading next to nothing of it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Optional

from osvc_diag.reading.blocks import BLOCK, RECORD_REACH, BrokenOffError, keep_window, read_range
from osvc_diag.reading.metered import pread
from osvc_diag.reading.stamps import LENGTH, Stamp, first_record

if TYPE_CHECKING:
    from osvc_diag.reading.bounds import Bounds

PROBE = 4 * 1024  # bytes read at once while looking for a record; nearly every log has one in there


@dataclass(frozen=True)
class Range:
    """Bytes of a file, [start, end); it begins at a line's start."""

    start: int
    end: int
    checked: bool = False
    """Whether it is to be filtered record by record."""
    skip: int = 0
    """How many bytes of what the filter keeps are left out at its beginning, up to the next record."""

    @property
    def size(self) -> int:
        """Bytes, before any filter."""
        return self.end - self.start


@dataclass(frozen=True)
class Cut:
    """What a budget leaves of ranges."""

    ranges: tuple[Range, ...]
    is_short: bool
    """Whether something of the window did not fit."""


def window_ranges(fd: int, size: int, bounds: Bounds) -> tuple[Range, ...]:
    """Return the ranges that hold a window, in order.

    Reads O(log size) probes. Around the window's ends the records are to be checked one by one; between them
    they are taken as they are.

    Args:
        fd: an open log that has timestamps.
        size: its bytes.
        bounds: the window.
    """
    start, sure, unsure, end = 0, 0, size, size
    if bounds.since is not None:
        start, sure = find_stamp(fd, size, bounds.since.early), find_stamp(fd, size, bounds.since.late)
    if bounds.until is not None:
        unsure, end = find_stamp(fd, size, bounds.until.early), find_stamp(fd, size, bounds.until.late)
    if sure >= unsure:
        ranges = [Range(start, end, checked=True)]
    else:
        ranges = [Range(start, sure, checked=True), Range(sure, unsure), Range(unsure, end, checked=True)]
    return tuple(part for part in ranges if part.size > 0)


def cut_to_budget(fd: int, ranges: tuple[Range, ...], budget: int, bounds: Bounds) -> Cut:
    """Keep the newest of ranges that fits into a budget of bytes, beginning at a record's start.

    Where there is no record, at a line's start; a line that is larger than the budget is dropped whole, since
    half a line could be half a secret.
    """
    if sum(part.size for part in ranges) <= budget:
        return Cut(ranges, is_short=False)
    kept: list[Range] = []
    room = budget
    for part in reversed(ranges):
        size = part.size
        if part.checked and bounds.until is not None:
            # What is newer than the window does not count: find out how much is not.
            size = _wanted_bytes(fd, part, bounds)
            if size > room:
                return Cut((replace(part, skip=size - room), *kept), is_short=True)
        elif size > room:
            start, stamp = next_start(fd, part.end - room, ranges[-1].end)
            if start < part.end:
                kept.insert(0, replace(part, start=start))
            # A cut among records from before the window takes nothing away from it.
            is_short = stamp is None or not part.checked or bounds.holds(stamp)
            return Cut(tuple(kept), is_short)
        kept.insert(0, part)
        room -= size
    return Cut(tuple(kept), is_short=False)


def _wanted_bytes(fd: int, part: Range, bounds: Bounds) -> int:
    count = 0
    with contextlib.suppress(BrokenOffError):  # reading it will say so
        for block in keep_window(read_range(fd, part.start, part.end), bounds):
            count += len(block)
    return count


def has_stamps(fd: int, size: int) -> bool:
    """Tell whether a log has timestamps, from its head and its tail."""
    tail = max(0, size - RECORD_REACH)
    return any(_find_record(fd, start, min(size, start + RECORD_REACH)) for start in sorted({0, tail}))


def find_stamp(fd: int, size: int, stamp: Stamp) -> int:
    """Bisect for the offset of the first record that is not before a timestamp; `size` if none is."""
    low, high = 0, size
    answer = size
    while low < high:
        middle = (low + high) // 2
        found = _find_record(fd, middle, high)
        if found is None:
            high = middle
        elif found[1] >= stamp:
            answer = found[0]
            high = middle
        else:
            low = found[0] + 1
    return answer


def next_start(fd: int, offset: int, end: int) -> tuple[int, Optional[Stamp]]:
    """Return where the first record at or after an offset begins, and its timestamp.

    Where no record is near, the next line's start; where there is no line either, `end`.
    """
    record = _find_record(fd, offset, min(end, offset + RECORD_REACH))
    return record or (_next_line(fd, offset, end), None)


def _find_record(fd: int, offset: int, end: int) -> Optional[tuple[int, Stamp]]:
    """Return the offset and timestamp of the first record that begins in [offset, end)."""
    # One byte back, to see whether the offset is a line's start.
    position = max(0, offset - 1)
    at_line_start = offset == 0
    length = PROBE
    while position < end:
        text = pread(fd, length + LENGTH, position)
        found = first_record(text, at_line_start=at_line_start)
        is_last = len(text) < length + LENGTH
        # Behind `length` a timestamp may be cut: the next probe sees it whole.
        if found is not None and (found[0] <= length or is_last):
            start = position + found[0]
            return (start, found[1]) if start < end else None
        if is_last:
            return None
        position += length - 1
        at_line_start = False
        length = BLOCK
    return None


def _next_line(fd: int, offset: int, end: int) -> int:
    if offset == 0:
        return 0
    position = offset - 1
    while position < end:
        text = pread(fd, min(BLOCK, end - position), position)
        newline = text.find(b"\n")
        if newline >= 0:
            return position + newline + 1
        if not text:
            break
        position += len(text)
    return end
