"""Yields what a window and a budget leave of a log, plain or compressed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from osvc_diag.reading.blocks import (
    RECORD_REACH,
    BrokenOffError,
    keep_window,
    read_range,
    rest_of_line,
    skip_to_record,
    whole_lines,
)
from osvc_diag.reading.bounds import OUTSIDE, Bounds
from osvc_diag.reading.compressed import UNREADABLE, compression_of, inflated
from osvc_diag.reading.slicing import Cut, Range, cut_to_budget, has_stamps, window_ranges
from osvc_diag.reading.stamps import first_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from osvc_diag.plugin.sources import LogSource
    from osvc_diag.reading.outcome import Outcome

KEPT_TEXT = 8 * 1024 * 1024  # bytes of inflated text that are kept rather than inflated twice; the agent's
# own rotated logs have 5 MiB

USED_UP = "older than the part that --log-size keeps of this log and its rotated ones"
BY_WINDOW = "by --since and --until"
BY_LOG_SIZE = "its newest part, by --log-size"
LARGE_LINE = "its last line alone is larger than --log-size"
NO_STAMPS = "has no timestamps: --since and --until do not apply"


@dataclass
class Family:
    """A log and its rotated ones, read from the newest to the oldest: they share one budget."""

    budget: int
    """Bytes for all of them."""
    used: int = 0
    """Bytes of it that newer logs took; all of it once one of them was cut."""

    @property
    def room(self) -> int:
        """Bytes that are left."""
        return max(0, self.budget - self.used)

    def take(self, byte_count: int, *, is_short: bool) -> None:
        """Count what was kept of a log, and whether it was cut."""
        self.used = self.budget if is_short else self.used + byte_count


def read_log(fd: int, source: LogSource, outcome: Outcome, family: Family, bounds: Bounds) -> Iterator[bytes]:
    """Yield a log's text, in whole lines as far as they are of bounded length.

    An empty block says only that work goes on.

    Args:
        fd: open for reading.
        source: the log.
        outcome: has the file's status and size; is filled in.
        family: what is kept is counted there.
        bounds: the window.

    Raises:
        OSError: as the system says.
    """
    suffix = compression_of(source.path)
    if suffix is None and os.path.splitext(source.path)[1] in UNREADABLE:
        outcome.left_out_bytes = outcome.source_bytes
        outcome.settle("withheld", "compressed in a way that cannot be redacted inside", is_gap=True)
    elif not family.room and outcome.source_bytes:
        outcome.skip(USED_UP)
    else:
        if not bounds.is_open and not _has_stamps(fd, outcome.source_bytes, suffix):
            bounds = Bounds()
            outcome.reason = NO_STAMPS if outcome.source_bytes else ""
        if outcome.status is not None and bounds.is_after(outcome.status.st_mtime):
            outcome.skip(OUTSIDE)
        elif suffix is None:
            yield from _plain(fd, outcome, family, bounds)
        else:
            yield from _compressed(fd, suffix, outcome, family, bounds)


def _plain(fd: int, outcome: Outcome, family: Family, bounds: Bounds) -> Iterator[bytes]:
    size = outcome.source_bytes
    ranges = (Range(0, size),) if bounds.is_open else window_ranges(fd, size, bounds)
    cut = cut_to_budget(fd, ranges, family.room, bounds)
    kept, broken = 0, ""
    try:
        for block in _read(fd, size, cut, bounds, outcome):
            kept += len(block)
            yield block
    except BrokenOffError as error:
        broken = str(error)
    outcome.left_out_bytes = outcome.source_bytes - kept
    _settle(outcome, family, bounds, kept=kept, is_short=cut.is_short, broken=broken)


def _read(fd: int, size: int, cut: Cut, bounds: Bounds, outcome: Outcome) -> Iterator[bytes]:
    """Yield the ranges that were found, and the end of a last line that was being written."""
    block = b"\n"
    for part in cut.ranges:
        blocks = whole_lines(read_range(fd, part.start, part.end))
        if part.checked:
            blocks = skip_to_record(keep_window(blocks, bounds), part.skip)
        for block in blocks:
            yield block
    if cut.ranges and cut.ranges[-1].end == size and not block.endswith(b"\n"):
        rest = rest_of_line(fd, size)
        outcome.source_bytes += len(rest)
        yield rest


def _compressed(fd: int, suffix: str, outcome: Outcome, family: Family, bounds: Bounds) -> Iterator[bytes]:
    # How much there is decides where the budget cuts, and no copy of a large text is kept anywhere: such
    # a one is inflated twice.
    first = _Inflation(fd, suffix, bounds)
    text: Optional[list[bytes]] = []
    for block in first:
        if text is not None and first.kept <= KEPT_TEXT:
            text.append(block)
        else:
            text = None
        yield b""
    excess = max(0, first.kept - family.room)
    again = _Inflation(fd, suffix, bounds)
    kept = 0
    for block in skip_to_record(again if text is None else text, excess):
        kept += len(block)
        yield block
    outcome.left_out_bytes = first.size - kept
    broken = first.broken or again.broken
    _settle(outcome, family, bounds, kept=kept, is_short=excess > 0, broken=broken)


class _Inflation:
    """One way through a compressed log: the whole lines of its window; never raises BrokenOffError."""

    def __init__(self, fd: int, suffix: str, bounds: Bounds) -> None:
        self._blocks = inflated(fd, suffix)
        self._bounds = bounds
        self.size = 0
        """Bytes of text that were inflated."""
        self.kept = 0
        """Bytes of them that the window holds."""
        self.broken = ""
        """Why it ended early."""

    def __iter__(self) -> Iterator[bytes]:
        blocks: Iterable[bytes] = whole_lines(self._counted())
        if not self._bounds.is_open:
            blocks = keep_window(blocks, self._bounds)
        try:
            for block in blocks:
                self.kept += len(block)
                yield block
        except BrokenOffError as error:
            self.broken = str(error)

    def _counted(self) -> Iterator[bytes]:
        for block in self._blocks:
            self.size += len(block)
            yield block


def _has_stamps(fd: int, size: int, suffix: Optional[str]) -> bool:
    if suffix is None:
        return has_stamps(fd, size)
    head = b""
    try:
        for block in inflated(fd, suffix):
            head += block
            if first_record(head, at_line_start=True):
                return True
            if len(head) >= RECORD_REACH:
                break
    except BrokenOffError:
        pass  # reading it will say so
    return False


def _settle(
    outcome: Outcome, family: Family, bounds: Bounds, *, kept: int, is_short: bool, broken: str
) -> None:
    """Say what became of a log, and count it.

    Args:
        outcome: has what was left out.
        family: as it was before this log.
        bounds: the window.
        kept: bytes.
        is_short: whether the budget left out something of the window.
        broken: why the log ended early.
    """
    is_first = not family.used
    family.take(kept, is_short=is_short)
    if broken:
        outcome.settle("truncated", broken, is_gap=True)
    elif is_short and not kept:
        outcome.settle("skipped", LARGE_LINE if is_first else USED_UP, is_gap=is_first)
    elif is_short:
        outcome.settle("sliced", BY_LOG_SIZE, is_gap=False)
    elif not bounds.is_open and not kept and outcome.left_out_bytes:
        outcome.settle("skipped", OUTSIDE, is_gap=False)
    elif not bounds.is_open:
        outcome.settle("sliced", BY_WINDOW, is_gap=False)
