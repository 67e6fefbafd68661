"""Opens an artifact's source and yields its bytes, keeping an honest account of what became of it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Optional

from osvc_diag.artifact import Artifact, DocumentSource, LogSource
from osvc_diag.reading import blocks as reading_blocks
from osvc_diag.reading.compressed import UNREADABLE, BrokenOffError, compression_of, inflated
from osvc_diag.reading.held import open_held
from osvc_diag.reading.slicing import Bounds, cut_to_budget, window_ranges
from osvc_diag.reading.stamps import Stamp, first_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.reading.trees import Trees

FILE_LIMIT = 64 * 1024 * 1024  # bytes taken of a file that is no log
HEAD = 64 * 1024  # bytes in which a log's first record is looked for
BY_LOG_SIZE = "its newest part, by --log-size"
"""Why a log is sliced that had more than its budget."""


@dataclass
class Outcome:
    """What became of a source; final once its blocks are through."""

    state: str = "ok"
    """One of the manifest's states."""
    reason: str = ""
    is_gap: bool = False
    """Whether something is missing that was asked for."""
    status: Optional[os.stat_result] = None
    source_bytes: int = 0
    left_out_bytes: int = 0

    def settle(self, state: str, reason: str, *, is_gap: bool) -> None:
        """Say what became of it."""
        self.state, self.reason, self.is_gap = state, reason, is_gap


@dataclass
class Family:
    """A log and its rotated ones, read from the newest to the oldest: they share one budget."""

    budget: int
    """Bytes that are left of it."""
    newer_begins: Optional[Stamp] = None
    """When the log that was read before begins: none of the older ones reaches beyond."""


@dataclass
class SourceReader:
    """Opens the sources of one run; its answers end up in an Outcome and a stream of blocks."""

    trees: Trees
    bounds: Bounds
    log_budget: int
    """Bytes kept of each family of logs."""
    _families: dict[str, Family] = field(default_factory=dict)

    def read(self, artifact: Artifact, outcome: Outcome) -> Iterator[bytes]:
        """Yield an artifact's bytes, and fill in what became of it.

        Raises:
            OSError: as the system says.
            NotTakenError: the source is never opened, by policy.
        """
        source = artifact.source
        if isinstance(source, DocumentSource):
            yield from _document(source.compute, outcome)
            return
        holder = source.held_by if isinstance(source, LogSource) else None
        opened = open_held(self.trees, source.path, holder) if holder else self.trees.open(source.path)
        try:
            outcome.status = opened.status
            outcome.source_bytes = opened.status.st_size
            if isinstance(source, LogSource):
                family = self._families.setdefault(source.family, Family(self.log_budget))
                yield from _log(opened.fd, source, outcome, family, self.bounds)
            else:
                yield from _file(opened.fd, outcome)
        finally:
            os.close(opened.fd)


def _document(compute: Callable[[], object], outcome: Outcome) -> Iterator[bytes]:
    content = compute()
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, default=str) + "\n"
    encoded = text.encode("utf-8", "backslashreplace")
    outcome.source_bytes = len(encoded)
    yield encoded


def _file(fd: int, outcome: Outcome) -> Iterator[bytes]:
    size = outcome.source_bytes
    end = min(size, FILE_LIMIT)
    if end < size:
        outcome.left_out_bytes = size - end
        outcome.settle("truncated", f"larger than {FILE_LIMIT} bytes: its beginning is kept", is_gap=True)
        yield from reading_blocks.whole_lines(reading_blocks.read_range(fd, 0, end), drop_rest=True)
        return
    yield from _counted(fd, reading_blocks.read_range(fd, 0, end), end, outcome)


def _log(fd: int, source: LogSource, outcome: Outcome, family: Family, bounds: Bounds) -> Iterator[bytes]:
    suffix = compression_of(source.path)
    if suffix is None and os.path.splitext(source.path)[1] in UNREADABLE:
        outcome.settle("withheld", "compressed in a way that cannot be redacted inside", is_gap=True)
        return
    if family.budget <= 0:
        outcome.left_out_bytes = outcome.source_bytes
        outcome.settle("skipped", "newer logs of its family used up --log-size", is_gap=False)
        return
    begins = _first_stamp(fd, outcome.source_bytes, suffix)
    if _is_outside(begins, family, bounds, source):
        outcome.left_out_bytes = outcome.source_bytes
        outcome.settle("skipped", "outside of --since and --until", is_gap=False)
        return
    if begins is not None:
        family.newer_begins = begins
    else:
        bounds = Bounds()  # without timestamps there is no window
    if suffix is None:
        yield from _plain_log(fd, outcome, family, bounds)
    else:
        yield from _compressed_log(fd, suffix, outcome, family, bounds)


def _is_outside(begins: Optional[Stamp], family: Family, bounds: Bounds, source: LogSource) -> bool:
    """Tell whether a log lies before or after the window as a whole, from where it and its follower begin."""
    if begins is None:
        return False
    if bounds.until_late is not None and begins >= bounds.until_late:
        family.newer_begins = begins
        return source.age > 0
    ends = family.newer_begins
    return bounds.since_early is not None and ends is not None and ends < bounds.since_early


def _first_stamp(fd: int, size: int, suffix: Optional[str]) -> Optional[Stamp]:
    head = b""
    if suffix is None:
        head = os.pread(fd, min(size, HEAD), 0)
    else:
        try:
            for block in inflated(fd, suffix):
                head += block
                if len(head) >= HEAD:
                    break
        except BrokenOffError:
            pass  # reading it will say so
    found = first_record(head, at_line_start=True)
    return found[1] if found else None


def _plain_log(fd: int, outcome: Outcome, family: Family, bounds: Bounds) -> Iterator[bytes]:
    size = outcome.source_bytes
    in_window = window_ranges(fd, size, bounds)
    ranges = cut_to_budget(fd, in_window, family.budget)
    kept = sum(part.end - part.start for part in ranges)
    family.budget -= kept
    outcome.left_out_bytes = size - kept
    if kept < sum(part.end - part.start for part in in_window):
        outcome.settle("sliced", BY_LOG_SIZE, is_gap=False)
        family.budget = 0
    elif not bounds.is_open:
        outcome.settle("sliced", "by --since and --until", is_gap=False)
    end = ranges[-1].end if ranges else size
    if ranges and any(part.checked for part in ranges):
        filtered = reading_blocks.read_ranges(fd, ranges, bounds)
        for block in filtered:
            kept -= len(block)
            yield block
        outcome.left_out_bytes += max(0, kept)
        return
    yield from _counted(fd, reading_blocks.read_ranges(fd, ranges, bounds), kept, outcome)
    if end == size and os.fstat(fd).st_size > size and os.pread(fd, 1, size - 1) != b"\n":
        yield reading_blocks.rest_of_line(fd, size)


def _compressed_log(
    fd: int, suffix: str, outcome: Outcome, family: Family, bounds: Bounds
) -> Iterator[bytes]:
    # Twice through: how much there is decides where the budget cuts, and no copy is kept anywhere.
    total, broken = _measure(fd, suffix, bounds)
    excess = max(0, total - family.budget)
    kept = 0
    try:
        for block in reading_blocks.skip_to_record(_window_of(fd, suffix, bounds), excess):
            kept += len(block)
            yield block
    except BrokenOffError:
        pass  # as it was in the first pass, or worse: the log is being rotated
    family.budget = 0 if excess else family.budget - kept
    outcome.left_out_bytes = total - kept
    if broken is not None:
        outcome.settle("truncated", f"the compressed log {broken}", is_gap=True)
    elif excess:
        outcome.settle("sliced", BY_LOG_SIZE, is_gap=False)
    elif not bounds.is_open:
        outcome.settle("sliced", "by --since and --until", is_gap=False)


def _window_of(fd: int, suffix: str, bounds: Bounds) -> Iterator[bytes]:
    lines = reading_blocks.whole_lines(inflated(fd, suffix))
    return lines if bounds.is_open else reading_blocks.keep_window(lines, bounds)


def _measure(fd: int, suffix: str, bounds: Bounds) -> tuple[int, Optional[str]]:
    total = 0
    try:
        for block in _window_of(fd, suffix, bounds):
            total += len(block)
    except BrokenOffError as error:
        return total, str(error)
    return total, None


def _counted(fd: int, stream: Iterator[bytes], expected: int, outcome: Outcome) -> Iterator[bytes]:
    """Pass blocks on, and notice a file that shrank meanwhile."""
    count = 0
    for block in stream:
        count += len(block)
        yield block
    if count < expected:
        size = os.fstat(fd).st_size
        outcome.settle(
            "truncated", f"shrank from {outcome.source_bytes} to {size} bytes while it was read", is_gap=True
        )
