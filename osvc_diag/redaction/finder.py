"""Finds the lines that may hold a secret, in pure Python; whatever it finds, the line masker decides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Optional, Protocol

if TYPE_CHECKING:
    from osvc_diag.redaction.planning import Plan


class Finder(Protocol):
    """An engine: it finds at least one offset in every line that may hold a secret, and may find more.

    In a line of many KB there is one near every place, some KB away at most.
    """

    def find(self, block: bytes) -> list[int]:
        """Return sorted offsets in a block."""


class EngineError(Exception):
    """An accelerator is absent or does not do what it should: there are others."""


class PythonFinder:
    """Looks for every anchor and every literal in a block with `re`."""

    def __init__(self, planned: Plan) -> None:
        self._plan = planned
        self._caseless: list[re.Pattern[bytes]] = []
        self._exact: Optional[list[re.Pattern[bytes]]] = None

    def find(self, block: bytes) -> list[int]:
        """Return sorted offsets in a block."""
        if self._exact is None:
            self._compile()
        offsets: set[int] = set()
        for patterns, text in ((self._exact or (), block), (self._caseless, block.lower())):
            for pattern in patterns:
                if pattern.search(text):
                    offsets.update(match.start() for match in pattern.finditer(text))
        return sorted(offsets)

    def _compile(self) -> None:
        self._caseless = [anchor.compiled for anchor in self._plan.singles if anchor.caseless]
        exact = [anchor.compiled for anchor in self._plan.singles if not anchor.caseless]
        if self._plan.rare:
            exact.append(re.compile(self._plan.together))
        self._exact = exact
