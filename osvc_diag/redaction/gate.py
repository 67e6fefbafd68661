"""Tells which rules to try on a line: those of which an anchor stands in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from osvc_diag.redaction.rule import compiled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osvc_diag.redaction.rule import Anchor, Rule

_PREFIX = re.compile(rb"(?:[A-Za-z0-9_<&@%=;:/\"~-](?![?*{+|]))*")


class _Test:
    """One anchor, compiled when its first bytes are met for the first time."""

    def __init__(self, anchor: Anchor, rules: list[Rule]) -> None:
        prefix = _PREFIX.match(anchor.pattern)
        self.start = prefix[0] if prefix else b""
        self.rules = rules
        self._anchor = anchor

    def matches(self, text: bytes) -> bool:
        return compiled(self._anchor).search(text) is not None


class Gate:
    """The anchors of all rules, each tested once."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        owners: dict[Anchor, list[Rule]] = {}
        for rule in rules:
            for anchor in rule.anchors:
                owners.setdefault(anchor, []).append(rule)
        self._caseless = [_Test(anchor, owned) for anchor, owned in owners.items() if anchor.caseless]
        self._exact = [_Test(anchor, owned) for anchor, owned in owners.items() if not anchor.caseless]

    def rules(self, line: bytes) -> list[Rule]:
        """Return the rules to try on a line."""
        found: dict[str, Rule] = {}
        for tests, text in ((self._caseless, line.lower()), (self._exact, line)):
            for test in tests:
                if test.start in text and test.matches(text):
                    found.update((rule.id, rule) for rule in test.rules)
        return list(found.values())
