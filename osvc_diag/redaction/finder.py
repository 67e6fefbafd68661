"""Finds the lines that may hold a secret, in pure Python; whatever it finds, the line masker decides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Optional, Protocol

from osvc_diag.redaction.literals import LOOKED_AT, any_of, escaped, is_rare, rare_start
from osvc_diag.redaction.rule import Anchor

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_SINGLES = 24  # literals without a rare byte that are looked for one by one; more cost less together

_LITERAL = re.compile(rb"[A-Za-z0-9_<&@%=;\"~-](?![?*{+|])")
_ESCAPE = re.compile(rb"\\[^A-Za-z0-9](?![?*{+|])")


class Finder(Protocol):
    """An engine: it must find at least one offset in every line that may hold a secret, and may find more."""

    def find(self, block: bytes) -> list[int]:
        """Return sorted offsets in a block."""


class Plan(NamedTuple):
    """What an engine looks for: one pattern for all that begins with a rare byte, and the rest one by one."""

    together: bytes
    singles: tuple[Anchor, ...]


def plan(anchors: Iterable[Anchor], literals: Iterable[bytes]) -> Plan:
    """Share out anchors and literals by how they are found fastest."""
    together: dict[bytes, set[bytes]] = {}
    singles: list[Anchor] = []
    for anchor in dict.fromkeys(anchors):
        pattern = anchor.pattern[1:] if _ESCAPE.match(anchor.pattern) else anchor.pattern
        first, rest = pattern[:1], pattern[1:]
        if (pattern is anchor.pattern and not _LITERAL.match(pattern)) or not is_rare(first[0]):
            singles.append(anchor)
        elif anchor.caseless:
            for case in {first.lower(), first.upper()}:
                together.setdefault(case, set()).add(b"(?i:%s)" % rest)
        else:
            together.setdefault(first, set()).add(rest)
    plain = []
    for literal in literals:
        start = rare_start(literal)
        if start < 0:
            plain.append(literal)
        else:
            window = literal[start : start + LOOKED_AT]
            together.setdefault(window[:1], set()).add(escaped(window[1:]))
    if len(plain) > MAX_SINGLES:
        for literal in plain:
            together.setdefault(literal[:1], set()).add(escaped(literal[1:LOOKED_AT]))
    else:
        singles += [Anchor(escaped(literal), caseless=False) for literal in plain]
    return Plan(any_of(together), tuple(singles))


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
                offsets.update(match.start() for match in pattern.finditer(text))
        return sorted(offsets)

    def _compile(self) -> None:
        self._caseless = [anchor.compiled for anchor in self._plan.singles if anchor.caseless]
        self._exact = [anchor.compiled for anchor in self._plan.singles if not anchor.caseless]
        if self._plan.together:
            self._exact.append(re.compile(self._plan.together))
