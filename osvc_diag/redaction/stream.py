"""Cuts a stream of blocks, however it was cut before, into blocks of whole lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BLOCK = 256 * 1024  # bytes aimed at; fewer where the stream ends, more where a line is long


def whole_lines(blocks: Iterable[bytes], max_line: int) -> Iterator[bytes]:
    """Yield blocks that end with a line, or with the stream, or with a piece of a line over `max_line` bytes."""
    pieces: list[bytes] = []
    size = 0
    for block in blocks:
        pieces.append(block)
        size += len(block)
        if size < BLOCK:
            continue
        joined = b"".join(pieces)
        cut = joined.rfind(b"\n") + 1
        if cut:
            yield joined[:cut]
        pieces, size = [joined[cut:]], len(joined) - cut
    if size:
        yield b"".join(pieces)
