"""Chooses what finds candidate lines: pure Python at first, machine code once it pays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from osvc_diag.redaction.finder import Plan, PythonFinder, plan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osvc_diag.redaction.finder import Finder
    from osvc_diag.redaction.rule import Anchor

ENGINES = ("re", "pcre2")
WORTHWHILE = 2 * 1024 * 1024  # bytes after which loading libpcre2 has paid
PER_BLOCK = 2 * 1024  # bytes that take as long as what is done once a block


def make_finder(engine: Optional[str], anchors: Iterable[Anchor], literals: Iterable[bytes]) -> Finder:
    """Return the finder of an engine; None chooses by what is there and how much there is to do.

    Raises:
        ValueError: there is no such engine, or it is not on this system.
    """
    return finder_of(plan(anchors, literals), engine)


def finder_of(planned: Plan, engine: Optional[str] = None) -> Finder:
    """Return the finder of an engine for what is planned already.

    Raises:
        ValueError: there is no such engine, or it is not on this system.
    """
    if engine is None:
        return _GrowingFinder(planned)
    if engine == "re":
        return PythonFinder(planned)
    if engine == "pcre2":
        finder = _pcre2(planned)
        if finder is None:
            raise ValueError("libpcre2-8 is not usable on this system")
        return finder
    raise ValueError(f"no engine is called {engine!r}; there are {' and '.join(ENGINES)}")


class _GrowingFinder:
    """Begins in pure Python, and goes on with libpcre2 where there is much to do: both find the same."""

    def __init__(self, planned: Plan) -> None:
        self._plan = planned
        self._finder: Finder = PythonFinder(planned)
        self._left = WORTHWHILE

    def find(self, block: bytes) -> list[int]:
        """Return sorted offsets in a block."""
        if self._left > 0:
            self._left -= PER_BLOCK + len(block)
            if self._left <= 0:
                self._finder = _pcre2(self._plan) or self._finder
        return self._finder.find(block)


def _pcre2(planned: Plan) -> Optional[Finder]:
    try:
        from osvc_diag.redaction.pcre2 import Pcre2Error, Pcre2Finder  # noqa: PLC0415 (ctypes may be missing)
    except ImportError:
        return None
    try:
        return Pcre2Finder(planned)
    except Pcre2Error:
        return None
