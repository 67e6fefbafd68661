"""Finds the lines that may hold a secret with the system's libpcre2 and its compiler to machine code."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from osvc_diag.libpcre2 import Pcre2Error, Program
from osvc_diag.redaction.finder import EngineError, PythonFinder
from osvc_diag.redaction.pivots import patterns

if TYPE_CHECKING:
    from osvc_diag.redaction.planning import Plan

SMALL = 2 * 1024  # bytes; in so few, calls take longer than matching


class Pcre2Finder:
    """Looks for every anchor and every literal in a block, as machine code."""

    def __init__(self, planned: Plan) -> None:
        try:
            self._programs = [Program(pattern) for pattern in patterns(planned.anchors, planned.literals)]
            self._any = Program(_any_of(planned))
        except Pcre2Error as error:
            raise EngineError(str(error)) from None
        self._fallback = PythonFinder(planned)
        self._lock = threading.Lock()  # a match lets other threads run, and has one place for its result

    def find(self, block: bytes) -> list[int]:
        """Return sorted offsets in a block."""
        offsets: set[int] = set()
        try:
            with self._lock:
                if len(block) <= SMALL and not self._any.matches(block):
                    return []
                for program in self._programs:
                    program.find(block, offsets)
        except Pcre2Error:
            return self._fallback.find(block)
        return sorted(offsets)


def _any_of(planned: Plan) -> bytes:
    """Return one pattern for all: slow on long blocks, but one call where there would be twenty."""
    found = [planned.together] if planned.together else []
    found += [(b"(?i:%s)" if one.caseless else b"(?:%s)") % one.pattern for one in planned.singles]
    return b"|".join(found) or b"(?!)"
