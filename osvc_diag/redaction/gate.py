"""Tells which rules to try on a line: those of which an anchor stands in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Optional

from osvc_diag.redaction.literals import escaped
from osvc_diag.redaction.planning import is_choice
from osvc_diag.redaction.tokens import BLANK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osvc_diag.redaction.rule import Anchor, Rule

_START = re.compile(rb"(?:(?:[A-Za-z0-9_<&@%=;:/\"~-]|\\[^A-Za-z0-9])(?![?*{+|]))*")
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)


class Starts(NamedTuple):
    """Literal bytes with which anchors begin."""

    caseless: list[bytes]
    """In lower case."""
    exact: list[bytes]


class Gate:
    """The anchors of all rules, each tested only where literal bytes of it stand in the line."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        owners: dict[Anchor, list[Rule]] = {}
        for rule in rules:
            for anchor in rule.anchors:
                owners.setdefault(anchor, []).append(rule)
        self._caseless = _Tests({anchor: owned for anchor, owned in owners.items() if anchor.caseless})
        self._exact = _Tests({anchor: owned for anchor, owned in owners.items() if not anchor.caseless})

    def starts(self, line: bytes, among: Optional[Starts] = None) -> Starts:
        """Return what stands in a line of the literal bytes that anchors need.

        Args:
            line: to be looked at.
            among: those of a text that has all of the line's parts: no others can be there.
        """
        if among is not None:
            lowered = line.lower()
            return Starts(
                [start for start in among.caseless if start in lowered],
                [start for start in among.exact if start in line],
            )
        return Starts(self._caseless.starts(line.lower()), self._exact.starts(line))

    def rules(self, line: bytes, starts: Starts) -> list[Rule]:
        """Return the rules to try on a line, in an order that depends on nothing else.

        Args:
            line: to be looked at.
            starts: of this line.
        """
        found: dict[str, Rule] = {}
        self._caseless.add(line.lower(), starts.caseless, found)
        self._exact.add(line, starts.exact, found)
        return [found[rule_id] for rule_id in sorted(found)]


class _Tests:
    """Anchors by the literal bytes that a text must hold for them."""

    def __init__(self, owners: dict[Anchor, list[Rule]]) -> None:
        starts = {anchor: _start(anchor) for anchor in owners}
        self._always = [(anchor, rules) for anchor, rules in owners.items() if not starts[anchor]]
        self._by_start: dict[bytes, list[tuple[Anchor, list[Rule]]]] = {}
        for anchor in sorted(filter(starts.get, owners), key=lambda anchor: starts[anchor]):
            # Of starts that begin alike the shortest is found for all of them.
            start = next(
                (known for known in self._by_start if starts[anchor].startswith(known)), starts[anchor]
            )
            self._by_start.setdefault(start, []).append((anchor, owners[anchor]))
        self._pattern: Optional[re.Pattern[bytes]] = None

    def starts(self, text: bytes) -> list[bytes]:
        """Return the starts that stand in a text."""
        if self._pattern is None:
            self._pattern = self._compiled()
        found = (
            match[0] + match[match.lastindex] if match.lastindex else match[0]
            for match in self._pattern.finditer(text)
        )
        return list(dict.fromkeys(found))

    def add(self, text: bytes, starts: Iterable[bytes], found: dict[str, Rule]) -> None:
        """Add the rules of the anchors that stand in a text with these starts."""
        for tests in (self._always, *(self._by_start[start] for start in starts)):
            for anchor, rules in tests:
                if anchor.compiled.search(text):
                    for rule in rules:
                        found[rule.id] = rule

    def _compiled(self) -> re.Pattern[bytes]:
        """Return a pattern that matches the first byte of a start; the rest is a group and only looked at.

        For one start may begin inside another; of those with the same first byte one at most is in a place.
        """
        rests: dict[bytes, list[bytes]] = {}
        for start in self._by_start:
            rests.setdefault(start[:1], []).append(escaped(start[1:]))
        return re.compile(
            b"|".join(
                escaped(first) + (b"(?=(%s))" % b"|".join(known) if all(known) else b"")
                for first, known in sorted(rests.items())
            )
            or b"(?!)"
        )


def _start(anchor: Anchor) -> bytes:
    """Return literal bytes that a line must hold for an anchor: those that it begins with."""
    if is_choice(anchor.pattern):
        return b""
    match = _START.match(anchor.pattern)
    start = _ESCAPED.sub(rb"\1", match[0]) if match else b""
    return b"" if BLANK in start else start  # so that a start of a line stood there before a token did
