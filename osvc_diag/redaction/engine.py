"""Chooses what finds candidate lines: pure Python at first, machine code once it pays."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Optional

from osvc_diag.redaction.finder import PythonFinder
from osvc_diag.redaction.planning import Plan, plan
from osvc_diag.redaction.windows import WindowFinder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osvc_diag.redaction.finder import Finder
    from osvc_diag.redaction.rule import Anchor

ENGINES = ("re", "pcre2", "hyperscan")
# Bytes after which an engine has paid for its preparation, against the one before.
WORTHWHILE = (("pcre2", 2 * 1024 * 1024), ("hyperscan", 16 * 1024 * 1024))
MANY = 3000  # literals; a pattern of more takes long to make, and where it has many rare bytes, to match
PER_BLOCK = 2 * 1024  # bytes that take as long as what is done once a block


def make_finder(engine: Optional[str], anchors: Iterable[Anchor], literals: Iterable[bytes]) -> Finder:
    """Return the finder of an engine; None chooses by what is there and how much there is to do.

    Raises:
        ValueError: there is no such engine, or it is not on this system.
    """
    literals = tuple(literals)
    if engine is None and len(literals) > MANY:
        return _CrowdFinder(_GrowingFinder(plan(anchors, ())), WindowFinder(literals))
    planned = plan(anchors, literals)
    if engine is None:
        return _GrowingFinder(planned)
    if engine not in ENGINES:
        raise ValueError(f"no engine is called {engine!r}; there are {', '.join(ENGINES)}")
    finder = _finder(engine, planned)
    if finder is None:
        raise ValueError(f"{engine} is not usable on this system")
    return finder


class _GrowingFinder:
    """Begins in pure Python, and goes on with faster engines where there is much to do: all find the same."""

    def __init__(self, planned: Plan) -> None:
        self._plan = planned
        self._finder: Finder = PythonFinder(planned)
        self._done = 0
        self._left = list(WORTHWHILE)
        self._lock = threading.Lock()

    @property
    def lets_others_run(self) -> bool:
        """Whether the engine that is at work by now does."""
        return self._finder.lets_others_run

    def find(self, block: bytes) -> list[int]:
        """Return sorted offsets in a block."""
        self._done += PER_BLOCK + len(block)
        if self._left and self._done > self._left[0][1]:
            with self._lock:
                self._grow()
        return self._finder.find(block)

    def _grow(self) -> None:
        while self._left and self._done > self._left[0][1]:
            self._finder = _finder(self._left[0][0], self._plan) or self._finder
            del self._left[0]


class _CrowdFinder:
    """Finds anchors by the patterns of an engine, and literals, too many for any pattern, by looking up."""

    def __init__(self, anchors: _GrowingFinder, literals: WindowFinder) -> None:
        self._anchors = anchors
        self._literals = literals

    @property
    def lets_others_run(self) -> bool:
        """Whether the engine that is at work by now does: it has the larger part."""
        return self._anchors.lets_others_run

    def find(self, block: bytes) -> list[int]:
        """Return sorted offsets in a block."""
        return sorted({*self._anchors.find(block), *self._literals.find(block)})


def _finder(engine: str, planned: Plan) -> Optional[Finder]:
    """Return an engine's finder, None where it is not usable."""
    if engine == "re":
        return PythonFinder(planned)
    if engine == "hyperscan":
        from osvc_diag.redaction.hyperscan import HyperscanError, HyperscanFinder  # noqa: PLC0415 (if it pays)

        try:
            return HyperscanFinder(planned)
        except HyperscanError:
            return None
    try:
        from osvc_diag.redaction.pcre2 import Pcre2Error, Pcre2Finder  # noqa: PLC0415 (ctypes may be missing)
    except ImportError:
        return None
    try:
        return Pcre2Finder(planned)
    except Pcre2Error:
        return None
