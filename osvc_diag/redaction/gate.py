"""Tells which rules to try on a line: those of which an anchor stands in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Optional

from osvc_diag.redaction.literals import escaped
from osvc_diag.redaction.planning import is_choice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osvc_diag.redaction.rule import Anchor, Rule

_BEFORE = re.compile(rb"\(\?<=([A-Za-z0-9_ :=-]{2,})\)")
_START = re.compile(rb"(?:(?:[A-Za-z0-9_<&@%=;:/\"~-]|\\[^A-Za-z0-9])(?![?*{+|]))*")


class Gate:
    """The anchors of all rules, each tested only where literal bytes of it stand in the line."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        owners: dict[Anchor, list[Rule]] = {}
        for rule in rules:
            for anchor in rule.anchors:
                owners.setdefault(anchor, []).append(rule)
        self._caseless = _Tests({anchor: owned for anchor, owned in owners.items() if anchor.caseless})
        self._exact = _Tests({anchor: owned for anchor, owned in owners.items() if not anchor.caseless})

    def rules(self, line: bytes) -> list[Rule]:
        """Return the rules to try on a line, in an order that depends on nothing else."""
        found: dict[str, Rule] = {}
        self._caseless.add(line.lower(), found)
        self._exact.add(line, found)
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
        self._by_first: dict[bytes, list[bytes]] = {}
        for start in self._by_start:
            self._by_first.setdefault(start[:1], []).append(start)
        self._pattern: Optional[re.Pattern[bytes]] = None

    def add(self, text: bytes, found: dict[str, Rule]) -> None:
        """Add the rules of the anchors that stand in a text."""
        if self._pattern is None:
            self._pattern = self._compiled()
        starts = {
            start
            for match in self._pattern.finditer(text)
            for start in self._by_first[match[0]]
            if text.startswith(start, match.start())
        }
        tests = [self._always, *(self._by_start[start] for start in starts)]
        for anchor, rules in (test for group in tests for test in group):
            if anchor.compiled.search(text):
                found.update((rule.id, rule) for rule in rules)

    def _compiled(self) -> re.Pattern[bytes]:
        # All but the first byte is only looked at, for one start may begin inside another.
        starts = (
            escaped(first) + b"(?=%s)" % b"|".join(escaped(start[1:]) for start in known)
            for first, known in sorted(self._by_first.items())
        )
        return re.compile(b"|".join(starts) or b"(?!)")


def _start(anchor: Anchor) -> bytes:
    """Return literal bytes that a line must hold for an anchor: before its beginning, or from there on."""
    if is_choice(anchor.pattern):
        return b""
    before = _BEFORE.search(anchor.pattern)
    if before:
        return before[1]
    start = _START.match(anchor.pattern)
    return start[0].replace(b"\\", b"") if start else b""
