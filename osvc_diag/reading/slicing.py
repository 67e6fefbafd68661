"""Works out which byte ranges of a log a window and a budget leave, reading next to nothing of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Optional

from osvc_diag.reading.stamps import LENGTH, Stamp, first_record, stamp_at

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from osvc_diag.window import Window

PROBE = 16 * 1024  # bytes read at once while looking for a record
NO_STAMPS_AFTER = 1024 * 1024  # bytes without a timestamp, after which a log counts as having none
MARGIN = timedelta(minutes=90)
"""Records are not strictly sorted, and local time jumps back by an hour once a year."""


@dataclass(frozen=True)
class Bounds:
    """A window as timestamps of one log, with the margin on both sides of each end."""

    since: Optional[Stamp] = None
    until: Optional[Stamp] = None
    since_early: Optional[Stamp] = None
    since_late: Optional[Stamp] = None
    until_early: Optional[Stamp] = None
    until_late: Optional[Stamp] = None

    @classmethod
    def of(cls, window: Window, zone: tzinfo) -> Bounds:
        """Express a window in a log's own local time."""

        def stamp(time: Optional[datetime], shift: timedelta = timedelta(0)) -> Optional[Stamp]:
            return None if time is None else stamp_at(time, zone, shift=shift)

        return cls(
            since=stamp(window.since),
            until=stamp(window.until),
            since_early=stamp(window.since, -MARGIN),
            since_late=stamp(window.since, MARGIN),
            until_early=stamp(window.until, -MARGIN),
            until_late=stamp(window.until, MARGIN),
        )

    @property
    def is_open(self) -> bool:
        """Whether it is no limit at all."""
        return self.since is None and self.until is None

    def holds(self, stamp: Stamp) -> bool:
        """Tell whether a record with this timestamp is wanted."""
        return (self.since is None or stamp >= self.since) and (self.until is None or stamp < self.until)


@dataclass(frozen=True)
class Range:
    """Bytes of a file, [start, end); `checked` ones are to be filtered record by record."""

    start: int
    end: int
    checked: bool


def window_ranges(fd: int, size: int, bounds: Bounds) -> list[Range]:
    """Return the ranges that hold a window, in order.

    Reads O(log size) probes. Around the window's ends the records are to be checked one by one; between them
    they are taken as they are.

    Args:
        fd: an open log.
        size: its bytes.
        bounds: the window; where the log has no timestamps, it is the whole log.
    """
    if bounds.is_open or not has_stamps(fd, size):
        return [Range(0, size, checked=False)] if size else []

    def position(stamp: Optional[Stamp], default: int) -> int:
        return default if stamp is None else find_stamp(fd, size, stamp)

    start, sure = position(bounds.since_early, 0), position(bounds.since_late, 0)
    unsure, end = position(bounds.until_early, size), position(bounds.until_late, size)
    if sure >= unsure:
        ranges = [Range(start, end, checked=True)]
    else:
        ranges = [
            Range(start, sure, checked=True),
            Range(sure, unsure, checked=False),
            Range(unsure, end, checked=True),
        ]
    return [part for part in ranges if part.start < part.end]


def cut_to_budget(fd: int, ranges: list[Range], budget: int) -> list[Range]:
    """Keep the newest ranges that fit into a budget of bytes, beginning at a record's start.

    Where there is no record, at a line's start; a line that is larger than the budget is dropped whole, since
    half a line could be half a secret.
    """
    if not ranges:
        return []
    end = ranges[-1].end
    kept: list[Range] = []
    for part in reversed(ranges):
        room = budget - sum(done.end - done.start for done in kept)
        if part.end - part.start <= room:
            kept.insert(0, part)
            continue
        start = next_start(fd, part.end - room, end)
        if start < part.end:
            kept.insert(0, Range(start, part.end, part.checked))
        break
    return kept


def has_stamps(fd: int, size: int) -> bool:
    """Tell whether a log has timestamps, from its head and its tail."""
    head = os.pread(fd, min(size, PROBE), 0)
    if first_record(head, at_line_start=True):
        return True
    reach = min(size, NO_STAMPS_AFTER)
    return any(
        _find_record(fd, start, min(size, start + reach)) is not None for start in {0, max(0, size - reach)}
    )


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


def next_start(fd: int, offset: int, end: int) -> int:
    """Return where the first record at or after an offset begins; else the first line; else `end`."""
    reach = min(end, offset + NO_STAMPS_AFTER)
    record = _find_record(fd, offset, reach)
    if record is not None:
        return record[0]
    return _next_line(fd, offset, end)


def _find_record(fd: int, offset: int, end: int) -> Optional[tuple[int, Stamp]]:
    """Return the offset and timestamp of the first record that begins in [offset, end)."""
    # One byte back, to see whether the offset is a line's start.
    position = max(0, offset - 1)
    at_line_start = offset == 0
    while position < end:
        text = os.pread(fd, PROBE + LENGTH, position)
        found = first_record(text, at_line_start=at_line_start)
        if found is not None:
            start = position + found[0]
            return (start, found[1]) if start < end else None
        if len(text) < PROBE + LENGTH:
            return None
        # The overlap is one timestamp, plus the line end before it.
        position += PROBE - 1
        at_line_start = False
    return None


def _next_line(fd: int, offset: int, end: int) -> int:
    position = max(0, offset - 1)
    if offset == 0:
        return 0
    while position < end:
        text = os.pread(fd, min(PROBE, end - position), position)
        if not text:
            return end
        newline = text.find(b"\n")
        if newline >= 0:
            return position + newline + 1
        position += len(text)
    return end
