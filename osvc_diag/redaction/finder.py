"""Finds the lines that may hold a secret, in pure Python; whatever it finds, the line masker decides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Optional, Protocol

from osvc_diag.redaction.literals import LOOKED_AT, any_of, escaped, is_rare, rare_start
from osvc_diag.redaction.rule import Anchor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_SINGLES = 24  # literals without a rare byte that are looked for one by one; more cost less together

_PREFIX = 2  # bytes that anchors share which are looked for together
_PLAIN_PREFIX = re.compile(rb"[A-Za-z0-9_<&@%=;:/\"~-]{2}(?![?*{+|])")
TOKENS = re.compile(rb"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()|]", re.DOTALL)
_LITERAL = re.compile(rb"[A-Za-z0-9_<&@%=;\"~-](?![?*{+|])")
_ESCAPE = re.compile(rb"\\[^A-Za-z0-9](?![?*{+|])")


class Finder(Protocol):
    """An engine: it finds at least one offset in every line that may hold a secret, and may find more."""

    @property
    def lets_others_run(self) -> bool:
        """Whether it works without the interpreter's lock, so that a thread of its own pays."""

    def find(self, block: bytes) -> list[int]:
        """Return sorted offsets in a block."""


class Plan(NamedTuple):
    """What an engine looks for, as it was given, and shared out by how `re` and libpcre2 find it fastest."""

    anchors: tuple[Anchor, ...]
    literals: tuple[bytes, ...]
    together: bytes
    """One pattern for all that begins with a rare byte."""
    singles: tuple[Anchor, ...]
    """The rest, to be found one by one."""


def plan(anchors: Iterable[Anchor], literals: Iterable[bytes]) -> Plan:
    """Share out anchors and literals by how they are found fastest."""
    anchors, literals = tuple(dict.fromkeys(anchors)), tuple(literals)
    together: dict[bytes, set[bytes]] = {}
    singles: list[Anchor] = []
    for anchor in anchors:
        pattern = anchor.pattern[1:] if _ESCAPE.match(anchor.pattern) else anchor.pattern
        first, rest = pattern[:1], pattern[1:]
        is_plain = pattern is not anchor.pattern or _LITERAL.match(pattern)
        if not is_plain or not is_rare(first[0]) or is_choice(pattern):
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
    return Plan(anchors, literals, any_of(together), tuple(_merged(singles)))


def _merged(anchors: Iterable[Anchor]) -> Iterator[Anchor]:
    """Make one anchor of those that begin alike."""
    groups: dict[Anchor, list[bytes]] = {}
    for anchor in anchors:
        size = _PREFIX if _PLAIN_PREFIX.match(anchor.pattern) and not is_choice(anchor.pattern) else 0
        prefix = anchor.pattern[:size] if size else anchor.pattern
        groups.setdefault(Anchor(prefix, anchor.caseless), []).append(anchor.pattern[len(prefix) :])
    for start, rests in groups.items():
        rest = rests[0] if len(rests) == 1 else b"(?:" + b"|".join(rests) + b")"
        yield Anchor(start.pattern + rest, start.caseless)


def is_choice(pattern: bytes) -> bool:
    """Return whether a pattern has alternatives as a whole, so that its matches begin differently."""
    depth = 0
    for token in TOKENS.findall(pattern):
        depth += (token == b"(") - (token == b")")
        if token == b"|" and not depth:
            return True
    return False


class PythonFinder:
    """Looks for every anchor and every literal in a block with `re`."""

    lets_others_run = False

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
        self._exact = [anchor.compiled for anchor in self._plan.singles if not anchor.caseless]
        if self._plan.together:
            self._exact.append(re.compile(self._plan.together))
