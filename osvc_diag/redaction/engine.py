"""Chooses what finds candidate lines: pure Python at first, machine code once it pays."""

from __future__ import annotations

import contextlib
import functools
import threading
from typing import TYPE_CHECKING, Callable, Optional, TypeVar

from osvc_diag.redaction.finder import EngineError, PythonFinder
from osvc_diag.redaction.planning import Plan, plan
from osvc_diag.redaction.sharing import looked_at
from osvc_diag.redaction.windows import WindowFinder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from osvc_diag.redaction.finder import Finder
    from osvc_diag.redaction.helper import Asked, Helper, Helpers
    from osvc_diag.redaction.rule import Anchor

T = TypeVar("T")

ENGINES = ("re", "pcre2", "hyperscan")
HELPERS = "helpers"
# Bytes after which an engine has paid for its preparation, against the one before; helpers come where all of
# them are absent.
WORTHWHILE = (("pcre2", 1024 * 1024), ("hyperscan", 32 * 1024 * 1024), (HELPERS, 32 * 1024 * 1024))
SLOW = frozenset(("hyperscan",))  # engines that take long to prepare, and not the interpreter's lock
# Literals that an engine's patterns may hold: more take long to compile, and in some texts long to match.
MOST = {"re": 3000, "pcre2": 3000, "hyperscan": 20_000}
PER_BLOCK = 2 * 1024  # bytes that take as long as what is done once a block


def make_finder(
    engine: Optional[str],
    anchors: Iterable[Anchor],
    literals: Iterable[bytes],
    helpers: Optional[Helpers] = None,
    *,
    expected: int = 0,
) -> LineFinder:
    """Return what finds candidate lines.

    Args:
        engine: that is to find; None chooses by what is there and how much there is to do.
        anchors: that are looked for.
        literals: that are looked for.
        helpers: that may find beside this process where `re` is the engine; None are none.
        expected: bytes that are to come, as far as that is known.

    Raises:
        ValueError: there is no such engine, or it is not on this system.
    """
    if engine not in {None, *ENGINES}:
        raise ValueError(f"no engine is called {engine!r}; there are {', '.join(ENGINES)}")
    stages = WORTHWHILE if engine is None else tuple(stage for stage in WORTHWHILE if stage[0] == HELPERS)
    sought = _Sought(tuple(anchors), tuple(literals))
    return LineFinder(sought, engine or "re", stages, helpers, expected=expected)


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


class LineFinder:
    """Goes on with faster engines, and with helpers, where there is much to do: all find the same."""

    def __init__(
        self,
        sought: _Sought,
        engine: str,
        stages: Iterable[tuple[str, int]],
        helpers: Optional[Helpers],
        *,
        expected: int,
    ) -> None:
        self._sought = sought
        self._finder = sought.finder(engine)
        self._expected = expected
        self._done = 0
        """Bytes that were looked through."""
        self._left = list(stages)
        self._preparing: Optional[threading.Thread] = None
        self._lock = threading.Lock()
        self._may_help = helpers
        self._helpers: list[Helper] = []

    @property
    def _size(self) -> int:
        """Bytes to be looked through in all, as far as that is known."""
        return max(self._expected, self._done)

    @property
    def helpers(self) -> int:
        """How many other processes find for this one at present."""
        return sum(not helper.is_lost for helper in self._helpers)

    def find(self, block: bytes) -> list[int]:
        """Return sorted offsets in a block."""
        self._done += PER_BLOCK + len(block)
        if self._left and self._size > self._left[0][1]:
            with self._lock:
                self._grow()
        return self._finder.find(block)

    def each(self, items: Iterable[T], block_of: Callable[[T], bytes]) -> Iterator[tuple[T, list[int]]]:
        """Yield items, each with what is found in its block; helpers look at some of them."""
        return looked_at(items, block_of, self)

    def ask(self, block: bytes) -> Optional[Asked]:
        """Have a helper look at a block; None where none has room."""
        room, helper = max(((one.room, one) for one in self._helpers), key=lambda one: one[0])
        return helper.ask(block) if room > 0 else None

    def _grow(self) -> None:
        while self._left and self._size > self._left[0][1]:
            if self._preparing is not None and self._preparing.is_alive():
                return  # what comes next depends on whether it succeeds
            stage, _ = self._left.pop(0)
            if stage == HELPERS:
                if self._may_help is not None and isinstance(self._finder, PythonFinder):
                    self._helpers = self._may_help.start(self._finder.scan)
            elif stage not in SLOW or not self._prepares(stage):
                self._change_to(stage)

    def _prepares(self, engine: str) -> bool:
        """Begin to prepare an engine beside the caller; False where the system has no thread to give."""
        # Python waits for it at its end: a thread that comes back to an interpreter in pieces may crash.
        self._preparing = threading.Thread(
            target=self._change_to, args=(engine,), name="osvc_diag engine", daemon=False
        )
        try:
            self._preparing.start()
        except RuntimeError:
            self._preparing = None
        return self._preparing is not None

    def _change_to(self, engine: str) -> None:
        with contextlib.suppress(_UnusableError):
            self._finder = self._sought.finder(engine)


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
