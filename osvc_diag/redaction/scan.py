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
ASK = struct.Struct("<?QQ")  # whether these are patterns, number of the question, bytes that follow
ANSWER = struct.Struct("<QQd")  # number of the question, offsets that follow, seconds of a processor by now
_PATTERN = struct.Struct("<BQ")  # which kind it is, bytes that follow
_SELDOM = 1024  # bytes of a block for each time that a byte stands in it: there, it is hopped to


class Scan:
    """Patterns, and where they stand in a block."""

    def __init__(self, exact: Sequence[bytes], caseless: Sequence[bytes], rare: Sequence[bytes] = ()) -> None:
        """Prepare; nothing is compiled yet.

        Args:
            exact: patterns for blocks as they are.
            caseless: patterns for blocks in lower case.
            rare: bytes that seldom stand in a block, each followed by a pattern that begins with it.
        """
        self._given = (exact, caseless, rare)
        self._plain: Optional[tuple[list[re.Pattern[bytes]], list[re.Pattern[bytes]]]] = None
        self._rare: list[tuple[bytes, re.Pattern[bytes]]] = []

    @classmethod
    def unpacked(cls, packed: bytes) -> Scan:
        """Return what `packed` tells of."""
        given: tuple[list[bytes], list[bytes], list[bytes]] = ([], [], [])
        at = 0
        while at < len(packed):
            kind, size = _PATTERN.unpack_from(packed, at)
            at += _PATTERN.size + size
            given[kind].append(packed[at - size : at])
        return cls(*given)

    def packed(self) -> bytes:
        """Return the patterns as bytes."""
        return b"".join(
            _PATTERN.pack(kind, len(pattern)) + pattern
            for kind, patterns in enumerate(self._given)
            for pattern in patterns
        )

    def find(self, block: bytes) -> list[int]:
        """Return sorted offsets in a block."""
        offsets: set[int] = set()
        for patterns, text in zip(self._plain or self._compiled(), (block, block.lower())):
            for pattern in patterns:
                offsets.update([match.start() for match in pattern.finditer(text)])
        for first, pattern in self._rare:
            _hop(first, pattern, block, offsets)
        return sorted(offsets)

    def _compiled(self) -> tuple[list[re.Pattern[bytes]], list[re.Pattern[bytes]]]:
        exact, caseless, rare = self._given
        self._rare = [(one[:1], re.compile(one[1:])) for one in rare]
        self._plain = [re.compile(one) for one in exact], [re.compile(one) for one in caseless]
        return self._plain


def _hop(first: bytes, pattern: re.Pattern[bytes], block: bytes, offsets: set[int]) -> None:
    """Add where a pattern stands, by hopping from one of its first bytes to the next.

    The C library goes there at ten times the speed of `re`, but each hop takes time: where that byte is not
    rare after all, `re` does the rest.
    """
    hops = len(block) // _SELDOM
    at = block.find(first)
    while at >= 0 and hops:
        if pattern.match(block, at):
            offsets.add(at)
        at = block.find(first, at + 1)
        hops -= 1
    if at >= 0:
        offsets.update([match.start() for match in pattern.finditer(block, at)])


def main() -> None:
    """Answer until nobody asks any more."""
    _step_aside()
    scan: Optional[Scan] = None
    for are_patterns, number, data in _questions():
        offsets: Sequence[int] = ()
        if are_patterns:
            re.purge()  # what was compiled before
            scan = Scan.unpacked(data)
        elif scan is None:
            raise ValueError("a block before any pattern")
        else:
            offsets = scan.find(data)
        del data  # before the next one comes
        head = ANSWER.pack(number, len(offsets), time.process_time())
        _write(head + struct.pack(f"<{len(offsets)}I", *offsets))


def _step_aside() -> None:
    """Leave signals of the terminal to the other process, which ends this one; leave no memory on disk."""
    import resource  # noqa: PLC0415 - not for the other process
    import signal  # noqa: PLC0415

    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    # With 0, Linux would still hand a dump to a program; 1 is less than any dump, and keeps it from that too.
    size = 1 if most else 0
    resource.setrlimit(resource.RLIMIT_CORE, (size, size))
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _questions() -> Iterator[tuple[bool, int, bytes]]:
    try:
        while True:
            are_patterns, number, size = ASK.unpack(_read(ASK.size))
            yield are_patterns, number, _read(size)
    except EOFError:
        return


def _read(size: int) -> bytes:
    """Read as many bytes.

    Raises:
        EOFError: stdin ends before.
    """
    pieces = []
    while size:
        piece = os.read(STDIN, size)
        if not piece:
            raise EOFError
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _write(data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(STDOUT, left) :]


if __name__ == "__main__":
    main()
