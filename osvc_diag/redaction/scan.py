"""Looks for patterns in blocks with `re`: in this process, or as a program that helps another one.

As a program it reads patterns and blocks from stdin and writes offsets to stdout, until stdin ends. It
imports next to nothing, so that it takes little memory, and knows nothing of streams, rules or tokens.
"""

from __future__ import annotations

import os
import re
import struct
import time
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STDIN, STDOUT = 0, 1
ASK = struct.Struct("<QQ")  # number of the question, bytes that follow; the first of all are the patterns
ANSWER = struct.Struct("<QQd")  # number of the question, offsets that follow, seconds of a processor by now
_PATTERN = struct.Struct("<?Q")  # whether it is for lower case, bytes that follow


class Scan:
    """Patterns, and where they stand in a block."""

    def __init__(self, exact: Sequence[bytes], caseless: Sequence[bytes]) -> None:
        """Prepare; nothing is compiled yet.

        Args:
            exact: patterns for blocks as they are.
            caseless: patterns for blocks in lower case.
        """
        self._given = (exact, caseless)
        self._compiled: Optional[list[list[re.Pattern[bytes]]]] = None

    @classmethod
    def unpacked(cls, packed: bytes) -> Scan:
        """Return what `packed` tells of."""
        given: tuple[list[bytes], list[bytes]] = ([], [])
        at = 0
        while at < len(packed):
            is_caseless, size = _PATTERN.unpack_from(packed, at)
            at += _PATTERN.size + size
            given[is_caseless].append(packed[at - size : at])
        return cls(*given)

    def packed(self) -> bytes:
        """Return the patterns as bytes."""
        return b"".join(
            _PATTERN.pack(is_caseless, len(pattern)) + pattern
            for is_caseless, patterns in zip((False, True), self._given)
            for pattern in patterns
        )

    def find(self, block: bytes) -> list[int]:
        """Return sorted offsets in a block."""
        if self._compiled is None:
            self._compiled = [[re.compile(pattern) for pattern in patterns] for patterns in self._given]
        offsets: set[int] = set()
        for patterns, text in zip(self._compiled, (block, block.lower())):
            for pattern in patterns:
                offsets.update([match.start() for match in pattern.finditer(text)])
        return sorted(offsets)


def main() -> None:
    """Answer until nobody asks any more."""
    _step_aside()
    scan: Optional[Scan] = None
    for number, data in _questions():
        offsets: Sequence[int] = ()
        if scan is None:
            scan = Scan.unpacked(data)
        else:
            offsets = scan.find(data)
        head = ANSWER.pack(number, len(offsets), time.process_time())
        _write(head + struct.pack(f"<{len(offsets)}I", *offsets))


def _step_aside() -> None:
    """Leave signals of the terminal to the other process, which ends this one; leave no memory on disk."""
    import resource  # noqa: PLC0415 - not for the other process
    import signal  # noqa: PLC0415

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _questions() -> Iterator[tuple[int, bytes]]:
    while True:
        head = _read(ASK.size)
        if len(head) < ASK.size:
            return
        number, size = ASK.unpack(head)
        data = _read(size)
        if len(data) < size:
            return
        yield number, data


def _read(size: int) -> bytes:
    """Read some bytes; fewer where stdin ends."""
    pieces = []
    while size:
        piece = os.read(STDIN, size)
        if not piece:
            break
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _write(data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(STDOUT, left) :]


if __name__ == "__main__":
    main()
