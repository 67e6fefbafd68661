"""Finds thousands of literals in a block, at a price that does not grow with their number.

A pattern of thousands of alternatives takes long to compile, and is tried alternative by alternative wherever
one of them may begin: with each secret more, every text would take longer. So a few bytes of each literal
stand in a set, and pieces of the text are looked up in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag.redaction.literals import LOOKED_AT, WINDOW, rare_start

if TYPE_CHECKING:
    from collections.abc import Iterable

FEW = 16  # literals without a rare byte that are looked for one by one
# More are found by pieces of the text in steps: wherever a literal stands, one of its first pieces begins
# where a step does. (bytes of a literal at least, bytes of a piece)
STEPS = ((16, 8), (8, 5), (4, 4))
_MARK = b"\x01"


class WindowFinder:
    """Looks up what may be a literal: pieces that begin with a rare byte, and others in steps."""

    def __init__(self, literals: Iterable[bytes]) -> None:
        """Prepare.

        Args:
            literals: of at least four bytes, none with a line end in it.
        """
        self._short: set[bytes] = set()
        self._long: set[bytes] = set()
        self._steps = [_Steps(least, size) for least, size in STEPS]
        plain: list[bytes] = []
        for literal in literals:
            start = rare_start(literal)
            if start < 0:
                plain.append(literal)
            elif start + LOOKED_AT <= len(literal):
                self._long.add(literal[start : start + LOOKED_AT])
            else:
                self._short.add(literal[start : start + WINDOW])
        self._singles = plain if len(plain) <= FEW else []
        for literal in plain if not self._singles else ():
            next(steps for steps in self._steps if len(literal) >= steps.least).add(literal)
        firsts = {window[0] for window in (*self._short, *self._long)}
        self._marks = bytes(byte in firsts for byte in range(256)) if firsts else b""

    def find(self, block: bytes) -> list[int]:
        """Return sorted offsets in a block: at least one in every line that holds a literal."""
        found: list[int] = []
        if self._marks:
            short, long = self._short, self._long
            # What is rare stands far apart: to mark it and jump is faster than to search for a class.
            marked = block.translate(self._marks)
            at = marked.find(_MARK)
            while at >= 0:
                if block[at : at + LOOKED_AT] in long or block[at : at + WINDOW] in short:
                    found.append(at)
                at = marked.find(_MARK, at + 1)
        for literal in self._singles:
            at = block.find(literal)
            while at >= 0:
                found.append(at)
                at = block.find(literal, at + 1)
        for steps in self._steps:
            found += steps.find(block)
        return sorted(found)


class _Steps:
    """Looks up a piece of a text in each step: no literal is so short that none of them lies in it."""

    def __init__(self, least: int, size: int) -> None:
        self.least = least
        """Bytes of a literal."""
        self._size = size
        self._width = least - size + 1
        self._pieces: set[bytes] = set()

    def add(self, literal: bytes) -> None:
        self._pieces.update(literal[at : at + self._size] for at in range(self._width))

    def find(self, block: bytes) -> list[int]:
        pieces, size = self._pieces, self._size
        if not pieces:
            return []
        return [at for at in range(0, len(block), self._width) if block[at : at + size] in pieces]
