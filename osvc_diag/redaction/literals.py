"""Finds many literals at once: where they may stand in a block, and which of them stand in a line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from osvc_diag.redaction.secrets import Literal

_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
FEW = 256  # literals without a rare byte that are found faster one by one in a line
WINDOW = 4  # bytes; no literal is shorter
LOOKED_AT = 6  # bytes of a literal that a pattern has, so that few other words begin alike

# Bytes that are common in the agent's logs, the commonest first. A literal is recognised by some bytes that
# begin with its rarest one: one pattern then finds thousands of literals as fast as ten, for nearly every
# position is ruled out by its first byte.
_COMMON = b" e10n:2roc-dit6sa4.9,l375mfbh|\n8OREug'/NIFp[]()C\t\r"
_LESS_COMMON = b"vxw#GT_yUDBkSPj=A>WzML@q!{}V"
RANKS = bytes(
    255 - _COMMON.index(byte) if byte in _COMMON
    else 127 - _LESS_COMMON.index(byte) if byte in _LESS_COMMON
    else 0
    for byte in range(256)
)  # fmt: skip
RARE = 128  # ranks below are of rare bytes


def rare_start(literal: bytes, ranks_of_bytes: bytes = RANKS) -> int:
    """Return where four bytes of a literal begin with its rarest one; -1 where none of them is rare."""
    ranks = literal[: 1 - WINDOW].translate(ranks_of_bytes)
    rarest = min(ranks, default=RARE)
    return ranks.index(rarest) if rarest < RARE else -1


def is_rare(byte: int) -> bool:
    """Return whether a byte is rare enough to begin a pattern that is tried with all others at once."""
    return RANKS[byte] < RARE


def any_of(rests: Mapping[bytes, Iterable[bytes]]) -> bytes:
    """Return a pattern for alternatives, given as first byte and patterns of the rest."""
    return b"|".join(
        escaped(first) + b"(?:" + b"|".join(sorted(set(rest))) + b")" for first, rest in sorted(rests.items())
    )


def escaped(raw: bytes) -> bytes:
    """Spell bytes as a pattern that every engine reads alike."""
    return b"".join(b"%c" % byte if byte in _PLAIN else b"\\x%02x" % byte for byte in raw)


class LiteralIndex:
    """Tells which literals stand in a line, overlapping ones too."""

    def __init__(self, literals: Sequence[Literal]) -> None:
        self._windows: dict[bytes, list[tuple[int, Literal]]] = {}
        plain = []
        for literal in literals:
            start = rare_start(literal.text)
            if start < 0:
                plain.append(literal)
            else:
                self._add(literal, start)
        if len(plain) > FEW:
            for literal in plain:
                self._add(literal, 0)
            plain = []
        self._plain = tuple((literal.text, literal) for literal in plain)
        firsts = sorted({window[:1] for window in self._windows})
        self._first = re.compile(b"[" + b"".join(map(escaped, firsts)) + b"]") if firsts else None

    def _add(self, literal: Literal, start: int) -> None:
        window = literal.text[start : start + WINDOW]
        self._windows.setdefault(window, []).append((start, literal))

    def find(self, line: bytes) -> Iterator[tuple[int, Literal]]:
        """Yield where each literal begins, in no order."""
        for text, literal in self._plain:
            at = line.find(text) if text in line else -1
            while at >= 0:
                yield at, literal
                at = line.find(text, at + 1)
        windows = self._windows
        for match in self._first.finditer(line) if self._first else ():
            at = match.start()
            window = line[at : at + WINDOW]
            if window in windows:
                for start, literal in windows[window]:
                    if at >= start and line.startswith(literal.text, at - start):
                        yield at - start, literal
