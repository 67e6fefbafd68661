"""Finds the lines that may hold a secret with the hyperscan package, in one pass over a block.

Nothing is trusted: a package that is absent, that does not compile a pattern or answers oddly is given up,
and the pure Python finder does its work.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

from osvc_diag.redaction.finder import EngineError, PythonFinder
from osvc_diag.redaction.literals import escaped, rare_start
from osvc_diag.redaction.planning import TOKENS, is_choice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osvc_diag.redaction.planning import Plan
    from osvc_diag.redaction.rule import Anchor

_LOOKED_AT = 16  # bytes of a literal that a pattern has
_NEAR = 1024  # bytes; two offsets in a line that are nearer say the same
_LARGE = 8  # repeats; to count farther costs more than it rules out

_BEGINNING = re.compile(rb"(?:[A-Za-z0-9_<&@%=;:/\"~ -]|\\[^A-Za-z0-9])*(?=\(\?<=)")
_REPEATS = re.compile(rb"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(?P<least>\d+),(?P<most>\d+)\}", re.DOTALL)
_STRANGE = re.compile(rb"\(\?(?![:i])|\\[ABZbz1-9]")  # lookaround and the like


class HyperscanFinder:
    """Looks for every anchor and every literal in a block, with one automaton for all."""

    def __init__(self, planned: Plan) -> None:
        self._fallback = PythonFinder(planned)
        self._lock = threading.Lock()  # a scan lets other threads run, and its scratch space serves one
        self._rough: dict[int, Anchor] = {}
        try:
            self._database = self._compiled(planned)
        except Exception as error:  # noqa: BLE001 (whatever it raises, there are other engines)
            raise EngineError(type(error).__name__) from None

    def _compiled(self, planned: Plan) -> Any:
        import hyperscan  # noqa: PLC0415 (a package that may be missing)

        patterns, flags = [], []
        for number, anchor in enumerate(planned.anchors):
            pattern = plain(anchor.pattern)
            flag = hyperscan.HS_FLAG_CASELESS if anchor.caseless else 0
            if _STRANGE.search(pattern):
                # What is found is more than the anchor says, so the anchor has the last word.
                self._rough[number] = anchor
                flag |= hyperscan.HS_FLAG_PREFILTER
            patterns.append(pattern)
            flags.append(flag)
        for literal in planned.literals:
            start = max(0, rare_start(literal))
            patterns.append(escaped(literal[start : start + _LOOKED_AT]))
            flags.append(0)
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        database.compile(
            expressions=patterns, ids=list(range(len(patterns))), elements=len(patterns), flags=flags
        )
        return database

    def find(self, block: bytes) -> list[int]:
        """Return sorted offsets in a block."""
        hits = _Hits(block, self._rough)
        try:
            with self._lock:
                self._database.scan(block, match_event_handler=_Hits.add, context=hits)
        except Exception:  # noqa: BLE001 (whatever it raises, the block must be looked at)
            return self._fallback.find(block)
        return sorted(hits.offsets)


class _Hits:
    """Takes in what is found in a block: one offset for each line, or more where it is long."""

    def __init__(self, block: bytes, rough: Mapping[int, Anchor]) -> None:
        self.offsets: list[int] = []
        self._block = block
        self._rough = rough
        self._known: dict[tuple[int, int], bool] = {}

    @staticmethod
    def add(number: int, _start: int, end: int, _flags: int, hits: _Hits) -> None:
        """Take in a match; hyperscan tells where it ends."""
        hits._add(number, end - 1)

    def _add(self, number: int, offset: int) -> None:
        if not 0 <= offset < len(self._block):
            raise EngineError("match out of bounds")
        if self.offsets:
            last = self.offsets[-1]
            if last <= offset < last + _NEAR and self._block.find(b"\n", last, offset) < 0:
                return
        anchor = self._rough.get(number)
        if anchor is None or self._stands_in_line(number, anchor, offset):
            self.offsets.append(offset)

    def _stands_in_line(self, number: int, anchor: Anchor, offset: int) -> bool:
        """Return whether an anchor stands in the line of an offset, looking once a line."""
        start = self._block.rfind(b"\n", 0, offset) + 1
        known = self._known.get((number, start))
        if known is None:
            end = self._block.find(b"\n", start)
            # With the line end before it: an anchor may ask for a blank there.
            line = self._block[max(0, start - 1) : len(self._block) if end < 0 else end]
            known = anchor.compiled.search(line.lower() if anchor.caseless else line) is not None
            self._known[number, start] = known
        return known


def plain(pattern: bytes) -> bytes:
    """Spell an anchor for hyperscan, which knows no lookbehind and does not like to count.

    What the result matches ends wherever a match of the anchor ends, and maybe in more places.
    """
    beginning = _BEGINNING.match(pattern)
    if beginning:
        end = _group_end(pattern, beginning.end())
        before = pattern[beginning.end() + len(b"(?<=") : end - 1]
        pattern = (b"(?:%s)" % before if is_choice(before) else before) + pattern[end:]
    return _REPEATS.sub(_uncounted, pattern)


def _uncounted(match: re.Match[bytes]) -> bytes:
    if match["most"] is None or int(match["most"]) <= _LARGE:
        return match[0]
    return b"{%s,}" % match["least"]


def _group_end(pattern: bytes, start: int) -> int:
    """Return where the group that begins at `start` ends."""
    depth = 0
    for token in TOKENS.finditer(pattern, start):
        depth += (token[0] == b"(") - (token[0] == b")")
        if not depth:
            return token.end()
    return len(pattern)
