"""Finds the lines that may hold a secret, in pure Python; whatever it finds, the line masker decides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from osvc_diag.redaction.literals import any_of, split_by_rarity
from osvc_diag.redaction.rule import Anchor, compiled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_SINGLES = 24  # literals without a rare byte that are looked for one by one; more cost less together


class Finder(Protocol):
    """An engine: it must find at least one offset in every line that may hold a secret, and may find more."""

    def find(self, block: bytes) -> list[int]:
        """Return sorted offsets in a block."""


class PythonFinder:
    """Looks for every anchor and every literal in a block, with `re` and `bytes.find`."""

    def __init__(self, anchors: Iterable[Anchor], literals: Iterable[bytes]) -> None:
        self._anchors: Sequence[Anchor] = tuple(dict.fromkeys(anchors))
        windows, singles = split_by_rarity(literals)
        if len(singles) > MAX_SINGLES:
            windows.update(single[:4] for single in singles)
            singles = []
        self._windows = any_of(windows)
        self._singles = singles
        self._patterns: tuple[list[re.Pattern[bytes]], list[re.Pattern[bytes]]] | None = None

    def find(self, block: bytes) -> list[int]:
        """Return sorted offsets in a block."""
        if self._patterns is None:
            self._patterns = self._compiled()
        offsets: set[int] = set()
        for patterns, text in zip(self._patterns, (block.lower(), block)):
            for pattern in patterns:
                offsets.update(match.start() for match in pattern.finditer(text))
        for single in self._singles:
            at = block.find(single)
            while at >= 0:
                offsets.add(at)
                at = block.find(single, at + len(single))
        return sorted(offsets)

    def _compiled(self) -> tuple[list[re.Pattern[bytes]], list[re.Pattern[bytes]]]:
        caseless = [compiled(anchor) for anchor in self._anchors if anchor.caseless]
        exact = [compiled(anchor) for anchor in self._anchors if not anchor.caseless]
        return caseless, [*exact, re.compile(self._windows)] if self._windows else exact
