"""Yields bytes of open files in blocks: ranges of them, or the records of a window."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from osvc_diag.reading.stamps import LENGTH, stamp_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from osvc_diag.reading.slicing import Bounds, Range

BLOCK = 256 * 1024  # bytes
MAX_LINE_END = 1024 * 1024  # bytes read past a growing log's size for the end of its last line


def read_range(fd: int, start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes [start, end) of a file; fewer where it shrinks meanwhile."""
    position = start
    while position < end:
        block = os.pread(fd, min(BLOCK, end - position), position)
        if not block:
            return
        position += len(block)
        yield block


def read_ranges(fd: int, ranges: Iterable[Range], bounds: Bounds) -> Iterator[bytes]:
    """Yield what a window wants of the ranges that slicing found."""
    for part in ranges:
        blocks = read_range(fd, part.start, part.end)
        yield from keep_window(blocks, bounds) if part.checked else blocks


def rest_of_line(fd: int, position: int) -> bytes:
    """Return what follows up to and with the next line end: a record that was being written."""
    text = os.pread(fd, MAX_LINE_END, position)
    return text[: text.find(b"\n") + 1]


def keep_window(blocks: Iterable[bytes], bounds: Bounds) -> Iterator[bytes]:
    """Filter a log record by record; lines without a timestamp stay with the record before them.

    The blocks begin at a line's start. What comes before the first record belongs to one that was not seen:
    it is left out where the window has a beginning.
    """
    wanted = bounds.since is None
    carry = b""
    at_line_start = True
    for block in blocks:
        text = carry + block
        carry = b""
        kept: list[bytes] = []
        position = 0
        while position < len(text):
            newline = text.find(b"\n", position)
            end = newline + 1 if newline >= 0 else len(text)
            if at_line_start:
                if newline < 0 and end - position < LENGTH:
                    carry = text[position:]
                    break
                stamp = stamp_of(text[position : position + LENGTH])
                wanted = wanted if stamp is None else bounds.holds(stamp)
            if wanted:
                kept.append(text[position:end])
            at_line_start = newline >= 0
            position = end
        if kept:
            yield b"".join(kept)
    if carry and wanted:
        yield carry


def whole_lines(blocks: Iterable[bytes], *, drop_rest: bool = False) -> Iterator[bytes]:
    """Hold a last line back until its end has come, so that a source that breaks off leaves no half line.

    A line is held back up to a limit only; the memory stays flat.

    Args:
        blocks: a text.
        drop_rest: whether what follows the last line end is left out.
    """
    held = b""
    for block in blocks:
        cut = block.rfind(b"\n") + 1
        if cut:
            yield held + block[:cut]
            held = block[cut:]
        else:
            held += block
        if len(held) > MAX_LINE_END:
            yield held
            held = b""
    if held and not drop_rest:
        yield held


def skip_to_record(blocks: Iterable[bytes], byte_count: int) -> Iterator[bytes]:
    """Leave out the first bytes of a log, and then all up to the next record's start.

    Where no record begins, the next line's start.
    """
    left = byte_count
    at_start = byte_count == 0
    pending = b""
    for block in blocks:
        if at_start:
            yield block
            continue
        if len(block) <= left:
            left -= len(block)
            pending = block[-1:]
            continue
        # The byte before the cut tells whether the cut is a line's start.
        text = pending + block if left == 0 else block[left - 1 :]
        left = 0
        newline = text.find(b"\n")
        if newline < 0 or newline + 1 == len(text):
            pending = text[-1:]
            continue
        at_start = True
        yield text[_record_start(text, newline + 1) :]


def _record_start(text: bytes, line_start: int) -> int:
    position = line_start
    while position < len(text):
        if stamp_of(text[position : position + LENGTH]) is not None:
            return position
        position = text.find(b"\n", position) + 1
        if position == 0:
            break
    return line_start
