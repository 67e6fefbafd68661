"""Keeps of a system's log the lines that are about something, and of a time: such a log has no end."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Optional

from osvc_diag.reading.bounds import OUTSIDE
from osvc_diag.reading.stamps import stamp_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

    from osvc_diag.plugin.sources import LineChoice
    from osvc_diag.reading.bounds import Bounds
    from osvc_diag.reading.outcome import Outcome
    from osvc_diag.reading.stamps import Stamp

A_DAY = timedelta(days=1)
LAST = 4_000_000_000.0  # seconds since the epoch: a file's own time may be anything

_MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
# `Nov 22 19:51:30`, and what newer daemons write: `2026-11-22T19:51:30.841234+01:00`, local time in either.
_OLD = re.compile(rb"([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)")
_NEW = re.compile(rb"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{3}))?")


def chosen_lines(
    blocks: Iterable[bytes], choice: LineChoice, bounds: Bounds, zone: tzinfo, outcome: Outcome
) -> Iterator[bytes]:
    """Yield the lines of a log that hold one of some words, as far as they are of the window.

    A line without a time is taken for any. One that was cut, because it is larger than any line, is dropped:
    half of it could be half a secret. An empty block says only that work goes on.

    Args:
        blocks: the log, cut at line ends but for such a line.
        choice: the words.
        bounds: the window.
        zone: of the node, to tell the year of a time without one.
        outcome: has the file's status; what is left out is added, once the blocks are through.
    """
    if outcome.status is not None and bounds.is_after(outcome.status.st_mtime):
        outcome.skip(OUTSIDE)
        return
    words = [word.lower().encode() for word in choice.words]
    clock = _Clock(outcome, zone)
    read = kept = 0
    for block in _whole(blocks):
        read += len(block)
        lines = [line for line in _holding(block, words) if bounds.is_open or clock.is_wanted(line, bounds)]
        text = b"".join(lines)
        kept += len(text)
        yield text
    outcome.left_out_bytes = max(outcome.source_bytes, read) - kept
    if outcome.is_gap or outcome.state == "skipped":
        return
    if kept:
        outcome.settle("sliced", f"the lines about {choice.about}", is_gap=False)
    else:
        outcome.settle("skipped", f"no line is about {choice.about}", is_gap=False)


def _whole(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield whole lines alone."""
    is_inside = False
    for block in blocks:
        start = block.find(b"\n") + 1 if is_inside else 0
        if is_inside and not start:
            continue
        end = block.rfind(b"\n") + 1
        is_inside = end < len(block)
        yield block[start:end]


def _holding(block: bytes, words: Iterable[bytes]) -> list[bytes]:
    """Return the lines that hold one of the words, in lower case or upper case, in their order."""
    lowered = block.lower()
    found: dict[int, int] = {}
    for word in words:
        at = lowered.find(word)
        while at >= 0:
            start, end = lowered.rfind(b"\n", 0, at) + 1, lowered.find(b"\n", at) + 1
            found[start] = end
            at = lowered.find(word, end)
    return [block[start : found[start]] for start in sorted(found)]


class _Clock:
    """Reads the times of a log that tells no year, or tells it in its own way."""

    def __init__(self, outcome: Outcome, zone: tzinfo) -> None:
        written = min(max(0.0, outcome.status.st_mtime), LAST) if outcome.status else 0.0
        self._last = datetime.fromtimestamp(written, zone).replace(tzinfo=None) + A_DAY

    def is_wanted(self, line: bytes, bounds: Bounds) -> bool:
        stamp = self._stamp(line)
        return stamp is None or bounds.holds(stamp)

    def _stamp(self, line: bytes) -> Optional[Stamp]:
        new = _NEW.match(line)
        if new is not None:
            return new[1] + b" " + new[2] + b"," + (new[3] or b"000")
        old = _OLD.match(line)
        if old is None or old[1] not in _MONTHS:
            return None
        month = _MONTHS.index(old[1]) + 1
        day, hour, minute, second = (int(number) for number in old.groups()[1:])
        # No line is younger than the file: a later day of the year was last year's.
        for year in (self._last.year, self._last.year - 1):
            try:
                shown = datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001 - as it is shown
            except ValueError:  # the 29th of February, or no time at all
                continue
            if shown <= self._last:
                return stamp_at(shown)
        return None
