"""Chooses what finds candidate lines: pure Python at first, machine code once it pays."""

from __future__ import annotations

import contextlib
import functools
import threading
from typing import TYPE_CHECKING, Optional

from osvc_diag.redaction.finder import EngineError, PythonFinder
from osvc_diag.redaction.planning import Plan, plan
from osvc_diag.redaction.windows import WindowFinder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osvc_diag.redaction.finder import Finder
    from osvc_diag.redaction.rule import Anchor

ENGINES = ("re", "pcre2", "hyperscan")
# Bytes after which an engine has paid for its preparation, against the one before.
WORTHWHILE = (("pcre2", 2 * 1024 * 1024), ("hyperscan", 16 * 1024 * 1024))
# Literals that an engine's patterns may hold: more take long to compile, and in some texts long to match.
MOST = {"re": 3000, "pcre2": 3000, "hyperscan": 20_000}
PER_BLOCK = 2 * 1024  # bytes that take as long as what is done once a block


def make_finder(engine: Optional[str], anchors: Iterable[Anchor], literals: Iterable[bytes]) -> Finder:
    """Return the finder of an engine; None chooses by what is there and how much there is to do.

    Raises:
        ValueError: there is no such engine, or it is not on this system.
    """
    sought = _Sought(tuple(anchors), tuple(literals))
    if engine is None:
        return _GrowingFinder(sought)
    if engine not in ENGINES:
        raise ValueError(f"no engine is called {engine!r}; there are {', '.join(ENGINES)}")
    return sought.finder(engine)


class _UnusableError(ValueError):
    """An engine is not on this system, or does not do what it should."""


class _Sought:
    """What is looked for; it makes the finders of engines."""

    def __init__(self, anchors: tuple[Anchor, ...], literals: tuple[bytes, ...]) -> None:
        self._anchors = anchors
        self._literals = literals
        self._plan = functools.lru_cache(maxsize=None)(plan)

    def finder(self, engine: str) -> Finder:
        """Return an engine's finder.

        Raises:
            _UnusableError: there is none on this system.
        """
        if len(self._literals) <= MOST[engine]:
            return _finder(engine, self._plan(self._anchors, self._literals))
        return _CrowdFinder(_finder(engine, self._plan(self._anchors, ())), self._windows)

    @functools.cached_property
    def _windows(self) -> WindowFinder:
        return WindowFinder(self._literals)


class _GrowingFinder:
    """Begins in pure Python, and goes on with faster engines where there is much to do: all find the same."""

    def __init__(self, sought: _Sought) -> None:
        self._sought = sought
        self._finder = sought.finder("re")
        self._done = 0
        self._left = list(WORTHWHILE)
        self._lock = threading.Lock()

    def find(self, block: bytes) -> list[int]:
        """Return sorted offsets in a block."""
        self._done += PER_BLOCK + len(block)
        if self._left and self._done > self._left[0][1]:
            with self._lock:
                self._grow()
        return self._finder.find(block)

    def _grow(self) -> None:
        while self._left and self._done > self._left[0][1]:
            with contextlib.suppress(_UnusableError):
                self._finder = self._sought.finder(self._left[0][0])
            del self._left[0]


class _CrowdFinder:
    """Finds anchors by the patterns of an engine, and literals, too many for any pattern, by looking up."""

    def __init__(self, anchors: Finder, literals: WindowFinder) -> None:
        self._anchors = anchors
        self._literals = literals

    def find(self, block: bytes) -> list[int]:
        """Return sorted offsets in a block."""
        return sorted({*self._anchors.find(block), *self._literals.find(block)})


def _finder(engine: str, planned: Plan) -> Finder:
    if engine == "re":
        return PythonFinder(planned)
    try:
        if engine == "pcre2":
            from osvc_diag.redaction.pcre2 import Pcre2Finder  # noqa: PLC0415 (ctypes may be missing)

            return Pcre2Finder(planned)
        from osvc_diag.redaction.hyperscan import HyperscanFinder  # noqa: PLC0415 (if it pays)

        return HyperscanFinder(planned)
    except (ImportError, EngineError):
        raise _UnusableError(f"{engine} is not usable on this system") from None
