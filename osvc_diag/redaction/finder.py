"""Finds the lines that may hold a secret, in pure Python; whatever it finds, the line masker decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag.redaction.rule import Anchor, compiled

if TYPE_CHECKING:
    from collections.abc import Sequence


class PythonFinder:
    """Looks for every anchor and every literal in a block, with `re` and `bytes.find`."""

    def __init__(self, anchors: Sequence[Anchor], literals: Sequence[bytes]) -> None:
        self._caseless = [compiled(anchor) for anchor in anchors if anchor.caseless]
        self._exact = [compiled(anchor) for anchor in anchors if not anchor.caseless]
        self._literals = tuple(literals)

    def find(self, block: bytes) -> list[int]:
        """Return sorted offsets, at least one in every line that may hold a secret."""
        offsets: set[int] = set()
        lowered = block.lower()
        for patterns, text in ((self._caseless, lowered), (self._exact, block)):
            for pattern in patterns:
                offsets.update(match.start() for match in pattern.finditer(text))
        for literal in self._literals:
            at = block.find(literal)
            while at >= 0:
                offsets.add(at)
                at = block.find(literal, at + len(literal))
        return sorted(offsets)
