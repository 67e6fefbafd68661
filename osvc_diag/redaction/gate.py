"""Tells which rules to try on a line: those of which an anchor stands in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osvc_diag.redaction.rule import Anchor, Rule

_BEFORE = re.compile(rb"\(\?<=([A-Za-z0-9_ :=-]{2,})\)")
_START = re.compile(rb"(?:(?:[A-Za-z0-9_<&@%=;:/\"~-]|\\[^A-Za-z0-9])(?![?*{+|]))*")


class Gate:
    """The anchors of all rules, each tested once, and only where its first bytes stand."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        owners: dict[Anchor, list[Rule]] = {}
        for rule in rules:
            for anchor in rule.anchors:
                owners.setdefault(anchor, []).append(rule)
        self._caseless = _tests(owners, caseless=True)
        self._exact = _tests(owners, caseless=False)

    def rules(self, line: bytes) -> list[Rule]:
        """Return the rules to try on a line."""
        found: dict[str, Rule] = {}
        lowered = line.lower()
        for start, anchor, rules in self._caseless:
            if start in lowered and anchor.compiled.search(lowered):
                found.update((rule.id, rule) for rule in rules)
        for start, anchor, rules in self._exact:
            if start in line and anchor.compiled.search(line):
                found.update((rule.id, rule) for rule in rules)
        return list(found.values())


def _tests(owners: dict[Anchor, list[Rule]], *, caseless: bool) -> list[tuple[bytes, Anchor, list[Rule]]]:
    return [
        (_start(anchor), anchor, rules) for anchor, rules in owners.items() if anchor.caseless is caseless
    ]


def _start(anchor: Anchor) -> bytes:
    """Return literal bytes that a line must hold for an anchor: before its beginning, or from there on."""
    before = _BEFORE.search(anchor.pattern)
    if before:
        return before[1]
    start = _START.match(anchor.pattern)
    return start[0].replace(b"\\", b"") if start else b""
