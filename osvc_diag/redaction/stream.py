"""Cuts a stream of blocks, however it was cut before, into blocks of whole lines and pieces of long lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BLOCK = 1024 * 1024  # bytes of whole lines handled at a time, and up to a line more
FAIR = BLOCK // 2  # bytes of a block that is worth what is done once for each; smaller ones are joined
MAX_LINE = 256 * 1024  # bytes; a longer line is handled piece by piece


class Unit(NamedTuple):
    """The next bytes of a stream."""

    data: bytes
    long_line: bool = False
    """A piece of a line of more than MAX_LINE bytes, and of nothing else; else whole lines."""
    ends_line: bool = False
    """The last piece of its line, the line end left off."""


def units(blocks: Iterable[bytes]) -> Iterator[Unit]:
    """Yield a stream as whole lines, and pieces of lines over MAX_LINE bytes; the blocks play no part.

    The line end of a long line begins the unit after it.
    """
    pending = b""
    in_long = False
    for block in _gathered(blocks):
        data, pending = pending + block, b""
        at = 0
        while at < len(data):
            if in_long:
                end = data.find(b"\n", at, at + MAX_LINE)
                in_long = end < 0
                end = min(at + MAX_LINE, len(data)) if in_long else end
                yield Unit(data[at:end], long_line=True, ends_line=not in_long)
                at = end
                continue
            end = _lines_end(data, at)
            if end == at and len(data) - at <= MAX_LINE + 1:
                pending = data[at:]
                break
            if end == at:
                in_long = True
            else:
                yield Unit(data[at:end])
                at = end
    if in_long:
        yield Unit(b"", long_line=True, ends_line=True)
    elif pending:
        yield Unit(pending)


def _gathered(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Join small blocks, so that what is done for each of them is done for enough bytes."""
    pieces: list[bytes] = []
    size = 0
    for block in blocks:
        pieces.append(block)
        size += len(block)
        if size >= FAIR:
            yield b"".join(pieces)
            pieces, size = [], 0
    if size:
        yield b"".join(pieces)


def _lines_end(data: bytes, at: int) -> int:
    """Return where some whole lines from `at` on end, each of fair length; `at` where there are none."""
    end = at
    while end - at < BLOCK:
        step = data.rfind(b"\n", end, end + MAX_LINE) + 1 or data.find(b"\n", end, end + MAX_LINE + 1) + 1
        if not step:
            break
        end = step
    return end
