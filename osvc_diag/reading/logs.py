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
from osvc_diag.reading.bounds import Bounds
from osvc_diag.reading.compressed import UNREADABLE, compression_of, inflated
from osvc_diag.reading.slicing import Cut, Range, cut_to_budget, has_stamps, window_ranges
from osvc_diag.reading.stamps import first_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from osvc_diag.artifact import LogSource
    from osvc_diag.reading.outcome import Outcome

KEPT_TEXT = 8 * 1024 * 1024  # bytes of inflated text that are kept rather than inflated twice; the agent's
# own rotated logs have 5 MiB

OUTSIDE = "outside of --since and --until"
BY_WINDOW = "by --since and --until"
BY_LOG_SIZE = "its newest part, by --log-size"
LARGE_LINE = "its last line alone is larger than --log-size leaves room for"
NO_STAMPS = "has no timestamps: --since and --until do not apply"


@dataclass
class Family:
    """A log and its rotated ones, read from the newest to the oldest: they share one budget."""

    budget: int
    """Bytes that are left of it."""


def read_log(fd: int, source: LogSource, outcome: Outcome, family: Family, bounds: Bounds) -> Iterator[bytes]:
    """Yield a log's text, in whole lines as far as they are of bounded length.

    An empty block says only that work goes on.

    Args:
        fd: open for reading.
        source: the log.
        outcome: has the file's status and size; is filled in.
        family: its budget goes down.
        bounds: the window.

    Raises:
        OSError: as the system says.
    """
    suffix = compression_of(source.path)
    if suffix is None and os.path.splitext(source.path)[1] in UNREADABLE:
        outcome.left_out_bytes = outcome.source_bytes
        outcome.settle("withheld", "compressed in a way that cannot be redacted inside", is_gap=True)
    elif family.budget <= 0 and outcome.source_bytes:
        outcome.skip("newer logs of its family used up --log-size")
    else:
        if not bounds.is_open and not _has_stamps(fd, outcome.source_bytes, suffix):
            bounds = Bounds()
            outcome.reason = NO_STAMPS
        if _is_too_old(outcome, bounds):
            outcome.skip(OUTSIDE)
        elif suffix is None:
            yield from _plain(fd, outcome, family, bounds)
        else:
            yield from _compressed(fd, suffix, outcome, family, bounds)


def _is_too_old(outcome: Outcome, bounds: Bounds) -> bool:
    """Tell whether a log was last written before the window.

    Where the next newer log begins tells nothing: a process may have gone on writing to a rotated log.
    """
    oldest, status = bounds.oldest_mtime, outcome.status
    return oldest is not None and status is not None and status.st_mtime < oldest


def _plain(fd: int, outcome: Outcome, family: Family, bounds: Bounds) -> Iterator[bytes]:
    size = outcome.source_bytes
    ranges = (Range(0, size),) if bounds.is_open else window_ranges(fd, size, bounds)
    cut = cut_to_budget(fd, ranges, family.budget, bounds)
    _settle(outcome, bounds, is_short=cut.is_short)
    kept = 0
    try:
        for block in _read(fd, size, cut, bounds, outcome):
            kept += len(block)
            yield block
    except BrokenOffError as error:
        outcome.settle("truncated", str(error), is_gap=True)
    family.budget = 0 if cut.is_short else family.budget - kept
    if kept or not size:
        outcome.left_out_bytes = outcome.source_bytes - kept
    elif cut.is_short:
        outcome.skip(LARGE_LINE, is_gap=True)
    elif outcome.state == "sliced":
        outcome.skip(OUTSIDE)


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
    excess = max(0, first.kept - family.budget)
    again = _Inflation(fd, suffix, bounds)
    kept = 0
    for block in skip_to_record(again if text is None else text, excess):
        kept += len(block)
        yield block
    family.budget = 0 if excess else family.budget - kept
    outcome.left_out_bytes = first.size - kept
    _settle(outcome, bounds, is_short=excess > 0)
    broken = first.broken or again.broken
    if broken:
        outcome.settle("truncated", broken, is_gap=True)
    elif first.size and not first.kept:
        outcome.skip(OUTSIDE)
    elif excess and not kept:
        outcome.skip(LARGE_LINE, is_gap=True)


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


def _settle(outcome: Outcome, bounds: Bounds, *, is_short: bool) -> None:
    if is_short:
        outcome.settle("sliced", BY_LOG_SIZE, is_gap=False)
    elif not bounds.is_open:
        outcome.settle("sliced", BY_WINDOW, is_gap=False)
