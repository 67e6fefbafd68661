"""Looks for secrets in what was redacted, by other ways than the redactor's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from osvc_diag.redaction.builtin import builtin_rules
from osvc_diag.redaction.rule import compiled
from osvc_diag.redaction.tokens import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osvc_diag.redaction.rule import Rule
    from osvc_diag.redaction.secrets import Secrets

OVERLAP = 16 * 1024  # bytes looked at again with the next block
_WORD = re.compile(rb"[A-Za-z0-9]")


class Hit(NamedTuple):
    """A secret that is still there: which rule knows it, and at which byte it begins. Never the value."""

    rule: str
    offset: int


class SecretSearch:
    """Searches a stream for every learned value in all its forms, and for what is a secret beyond doubt."""

    def __init__(self, secrets: Secrets, *, extra_rules: Sequence[Rule] = ()) -> None:
        self._literals = secrets.literals
        self._rules = [rule for rule in (*builtin_rules(), *extra_rules) if rule.certain]

    def search(self, blocks: Iterable[bytes]) -> Iterator[Hit]:
        """Yield the hits of a stream; each once, in no strict order."""
        window = b""
        base = 0
        seen: set[Hit] = set()
        for block in blocks:
            window += block
            yield from self._fresh(window, base, seen)
            cut = max(0, len(window) - OVERLAP)
            window, base = window[cut:], base + cut
            seen = {hit for hit in seen if hit.offset >= base}

    def _fresh(self, window: bytes, base: int, seen: set[Hit]) -> Iterator[Hit]:
        tokens = None
        for rule, start, end in self._found(window):
            if tokens is None:
                tokens = [match.span() for match in TOKEN.finditer(window)]
            hit = Hit(rule, base + start)
            if hit not in seen and not any(first < end and start < last for first, last in tokens):
                seen.add(hit)
                yield hit

    def _found(self, window: bytes) -> Iterator[tuple[str, int, int]]:
        for literal in self._literals:
            at = window.find(literal.text)
            while at >= 0:
                end = at + len(literal.text)
                if not literal.alone or _is_apart(window, at, end):
                    yield literal.rule, at, end
                at = window.find(literal.text, at + 1)
        lowered = window.lower()
        for rule in self._rules:
            if any(
                compiled(anchor).search(lowered if anchor.caseless else window) for anchor in rule.anchors
            ):
                for span in rule.spans(window):
                    yield rule.id, span.start, span.end


def _is_apart(window: bytes, start: int, end: int) -> bool:
    return not (_WORD.match(window, end) or (start and _WORD.match(window, start - 1)))
