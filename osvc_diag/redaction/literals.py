"""Finds many literals at once: where they may stand in a block, and which of them stand in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from osvc_diag.redaction.secrets import Literal

_ASCII = 128
FEW = 256  # literals that are found faster one by one in a line
WINDOW = 4  # bytes; no literal is shorter

# Bytes that are common in the agent's logs. A literal is recognised by four bytes that begin with a rare one: one
# pattern then finds thousands of literals as fast as ten, for nearly every position is ruled out by its first byte.
_COMMON = frozenset(b"0123456789abcdefghilmnoprstuv-.,:/'|()[] \t\r\nINFOERC")


def rare_window(literal: bytes) -> bytes:
    """Return four bytes of a literal that begin with a rare byte; empty where it has none."""
    for start in range(len(literal) - WINDOW + 1):
        if literal[start] not in _COMMON:
            return literal[start : start + WINDOW]
    return b""


def is_rare(byte: int) -> bool:
    """Return whether a byte is rare enough in logs to begin a pattern that is tried with all others at once."""
    return byte not in _COMMON


def any_of(rests: Mapping[bytes, Iterable[bytes]]) -> bytes:
    """Return a pattern for alternatives, given as first byte and patterns of the rest: engines test that fastest."""
    return b"|".join(
        escaped(first) + b"(?:" + b"|".join(sorted(set(rest))) + b")" for first, rest in sorted(rests.items())
    )


def escaped(raw: bytes) -> bytes:
    """Spell bytes as a pattern that every engine reads alike."""
    return b"".join(
        b"%c" % byte if bytes((byte,)).isalnum() and byte < _ASCII else b"\\x%02x" % byte for byte in raw
    )


class LiteralIndex:
    """Tells which literals stand in a line, overlapping ones too."""

    def __init__(self, literals: Sequence[Literal]) -> None:
        self._few = tuple((literal.text, literal) for literal in literals) if len(literals) <= FEW else ()
        self._by_start: dict[bytes, list[Literal]] = {}
        for literal in () if self._few else literals:
            self._by_start.setdefault(literal.text[:WINDOW], []).append(literal)

    def find(self, line: bytes) -> Iterator[tuple[int, Literal]]:
        """Yield where each literal begins, in no order."""
        for text, literal in self._few:
            if text in line:
                at = line.find(text)
                while at >= 0:
                    yield at, literal
                    at = line.find(text, at + 1)
        if not self._by_start:
            return
        by_start = self._by_start
        for at in range(len(line) - WINDOW + 1):
            for literal in by_start.get(line[at : at + WINDOW], ()):
                if line.startswith(literal.text, at):
                    yield at, literal
