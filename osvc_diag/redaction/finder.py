"""Finds the lines that may hold a secret, in pure Python; whatever it finds, the line masker decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from osvc_diag.redaction.literals import any_of
from osvc_diag.redaction.scan import Scan

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
        self.scan = Scan(
            [one.pattern for one in planned.singles if not one.caseless],
            [one.pattern for one in planned.singles if one.caseless],
            [first + any_of({first: rests}) for first, rests in planned.rare.items()],
        )
        """What it does, in a form that another process can do."""

    def find(self, block: bytes) -> list[int]:
        """Return sorted offsets in a block."""
        return self.scan.find(block)
