"""Streams of text: read in blocks, cut at line ends, narrowed to a window or to a tail."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from osvc_diag.reading.metered import pread
from osvc_diag.reading.stamps import LENGTH, SECOND_LENGTH, first_record, records, seconds_shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from osvc_diag.reading.bounds import Bounds

BLOCK = 1024 * 1024  # bytes
LINE_LIMIT = 1024 * 1024  # bytes of a line that are held back to keep it whole
GLANCE = 2 * 1024  # bytes at the end of a block in which a line end is looked for
RECORD_REACH = 1024 * 1024  # bytes in which a record's start is looked for


class BrokenOffError(Exception):
    """A text ends before its end; what came before was yielded. The text says why."""


def read_range(fd: int, start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes [start, end) of a file, in blocks that end with a line where lines are short.

    Raises:
        BrokenOffError: the file shrank meanwhile.
    """
    position = start
    while position < end:
        block = pread(fd, _block_size(fd, position, end), position)
        if not block:
            raise BrokenOffError(f"shrank to {os.fstat(fd).st_size} bytes while it was read")
        position += len(block)
        yield block


def _block_size(fd: int, position: int, end: int) -> int:
    """Return how much to read: to look for the line end first is cheaper than to copy all up to it."""
    if end - position <= BLOCK:
        return end - position
    try:
        line_end = pread(fd, GLANCE, position + BLOCK - GLANCE).rfind(b"\n") + 1
    except OSError:
        return BLOCK  # a damaged disk: what comes before that place may be readable
    return BLOCK - GLANCE + line_end if line_end else BLOCK


def rest_of_line(fd: int, position: int) -> bytes:
    """Return what follows up to and with the next line end: a record that was being written."""
    text = pread(fd, LINE_LIMIT, position)
    return text[: text.find(b"\n") + 1]


def whole_lines(blocks: Iterable[bytes], *, drop_rest: bool = False) -> Iterator[bytes]:
    """Cut a text at line ends, so that a text that breaks off leaves no half line.

    A line longer than LINE_LIMIT is not held back: the memory stays flat.

    Args:
        blocks: a text.
        drop_rest: whether what follows the last line end is left out.
    """
    held = b""
    for block in blocks:
        cut = block.rfind(b"\n") + 1
        if cut:
            yield b"".join((held, memoryview(block)[:cut])) if held or cut < len(block) else block
            held = block[cut:]
        else:
            held += block
        if len(held) > LINE_LIMIT:
            yield held
            held = b""
    if held and not drop_rest:
        yield held


def keep_window(blocks: Iterable[bytes], bounds: Bounds) -> Iterator[bytes]:
    """Filter a log record by record; lines without a timestamp stay with the record before them.

    The blocks begin at a line's start. What comes before the first record belongs to one that was not seen:
    it is left out where the window has a beginning.
    """
    wanted = bounds.since is None
    at_line_start = True
    carry = b""
    for block in blocks:
        text = carry + block
        carry = b""
        last_line = text.rfind(b"\n") + 1
        if len(text) - last_line < LENGTH and (last_line or at_line_start):
            # Too little of a line to tell whether it begins a record.
            text, carry = text[:last_line], text[last_line:]
        pieces, wanted = _select(text, bounds, wanted=wanted, at_line_start=at_line_start)
        if text:
            at_line_start = text.endswith(b"\n")
        if pieces:
            yield b"".join(pieces)
    if carry:
        yield from _select(carry, bounds, wanted=wanted, at_line_start=True)[0]


def _select(text: bytes, bounds: Bounds, *, wanted: bool, at_line_start: bool) -> tuple[list[bytes], bool]:
    """Return the wanted parts of a text, and whether its last record is wanted.

    Args:
        text: some lines.
        bounds: the window.
        wanted: whether the record is that the text goes on with.
        at_line_start: whether the text begins at a line's start.
    """
    first = first_record(text, at_line_start=at_line_start)
    if first is None:
        return [text] if wanted and text else [], wanted
    # Most blocks lie on one side of the window's ends as a whole.
    shown = [first[1][:SECOND_LENGTH], *seconds_shown(text)]
    verdict = bounds.hold_all(min(shown), max(shown))
    if verdict is wanted:
        return [text] if wanted else [], wanted
    pieces: list[bytes] = []
    begin = 0
    for offset, stamp in records(text, at_line_start=at_line_start):
        if bounds.holds(stamp) is wanted:
            continue
        if wanted and offset:
            pieces.append(text[begin:offset])
        begin = offset
        wanted = not wanted
        if verdict is not None:
            break
    if wanted and begin < len(text):
        pieces.append(text[begin:])
    return pieces, wanted


def skip_to_record(blocks: Iterable[bytes], byte_count: int) -> Iterator[bytes]:
    """Leave out the first bytes of a log, and then all up to the next record's start.

    Where no record is near, up to the next line's start; what has no line end is left out whole.
    """
    stream = iter(blocks)
    if byte_count:
        # The byte before the cut tells whether the cut is a line's start.
        head = b""
        for block in _skip_bytes(stream, byte_count - 1):
            head += block
            record = first_record(head, at_line_start=False)
            if record is not None:
                yield head[record[0] :]
                break
            if b"\n" not in head:
                head = b""
            elif len(head) > RECORD_REACH:
                yield head[head.find(b"\n") + 1 :]
                break
        else:
            newline = head.find(b"\n")
            if 0 <= newline < len(head) - 1:
                yield head[newline + 1 :]
            return
    yield from stream


def _skip_bytes(blocks: Iterator[bytes], byte_count: int) -> Iterator[bytes]:
    left = byte_count
    for block in blocks:
        if len(block) > left:
            yield block[left:]
            left = 0
        else:
            left -= len(block)
