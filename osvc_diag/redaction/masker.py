"""Masks one line: learned values and rules, until nothing more is found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from osvc_diag.errors import RedactionError
from osvc_diag.redaction.tokens import TOKEN

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Sequence

    from osvc_diag.redaction.rule import Rule
    from osvc_diag.redaction.secrets import Secrets
    from osvc_diag.redaction.tokens import Tokens

MAX_ROUNDS = 8  # a token may bring a neighbour to light; more rounds than this mean that rules fight

_BASE64_BEFORE = re.compile(rb"[A-Za-z0-9+/_=-]*\Z")
_BASE64_AFTER = re.compile(rb"[A-Za-z0-9+/_=-]*")
_MAX_RUN = 8192  # bytes of base64 masked on each side of a value found in it
_OPTION_BEFORE = re.compile(rb"(?:^|[\s\"'])-[A-Za-z]\Z")
# What may be left of a value beside a token without being a secret.
_RESIDUE = re.compile(rb"(?:[\s,;:&\"'\\|]|literal:|crypt:|base64:)*")


class Found(NamedTuple):
    """A secret in a line, with the value that decides its token."""

    start: int
    end: int
    rule: str
    value: bytes
    quotes: bool = False


class LineMasker:
    """Applies every rule and every learned value to a line; no line depends on another."""

    def __init__(self, secrets: Secrets, tokens: Tokens, rules: Sequence[Rule]) -> None:
        self._secrets = secrets
        self._tokens = tokens
        self._rules = tuple(rules)

    def mask(self, line: bytes, counts: Counter[str]) -> bytes:
        """Return a line, given without its line end, with a token for every secret.

        Raises:
            RedactionError: a rule failed, or the rules do not come to an end.
        """
        for _ in range(MAX_ROUNDS):
            found = self.found(line)
            if not found:
                return line
            pieces, last = [], 0
            for one in found:
                counts[one.rule] += 1
                token = self._tokens.token(one.rule, one.value)
                pieces += [line[last : one.start], b'"%s"' % token if one.quotes else token]
                last = one.end
            line = b"".join((*pieces, line[last:]))
        raise RedactionError("the redaction rules do not come to an end on a line")

    def found(self, line: bytes) -> list[Found]:
        """Return the secrets of a line, in order, apart from each other and from tokens."""
        hits = [*self._literals(line), *self._by_rules(line)]
        if not hits:
            return []
        masked = [match.span() for match in TOKEN.finditer(line)]
        found: list[Found] = []
        for one in _merged(hits):
            for start, end in _without(one.start, one.end, masked):
                piece = (
                    one
                    if (start, end) == (one.start, one.end)
                    else one._replace(start=start, end=end, value=b"", quotes=False)
                )
                value = piece.value or line[start:end]
                found.append(piece._replace(value=value, rule=self._secrets.rule_of(value) or one.rule))
        return [one for one in found if not _RESIDUE.fullmatch(line, one.start, one.end)]

    def _by_rules(self, line: bytes) -> Iterator[Found]:
        lowered = line.lower()
        for rule in self._rules:
            try:
                if rule.applies(line, lowered):
                    for span in rule.spans(line):
                        yield Found(span.start, span.end, rule.id, b"", span.quotes)
            except Exception as error:
                raise RedactionError(f"rule {rule.id} failed: {type(error).__name__}") from None

    def _literals(self, line: bytes) -> Iterator[Found]:
        for literal in self._secrets.literals:
            at = line.find(literal.text)
            while at >= 0:
                end = at + len(literal.text)
                if not literal.alone or stands_alone(line, at, end):
                    start = at
                    if literal.is_base64:
                        start, end = _run(line, at, end)
                    yield Found(start, end, literal.rule, literal.value)
                at = line.find(literal.text, max(end, at + 1))


def stands_alone(line: bytes, start: int, end: int) -> bool:
    """Return whether no letter or digit touches what stands there; `-p` before it counts as apart."""
    if line[end : end + 1].isalnum():
        return False
    return (
        not line[start - 1 : start].isalnum()
        or start == 0
        or _OPTION_BEFORE.search(line, max(0, start - 3), start) is not None
    )


def _run(line: bytes, start: int, end: int) -> tuple[int, int]:
    before = _BASE64_BEFORE.search(line[max(0, start - _MAX_RUN) : start])
    after = _BASE64_AFTER.match(line, end, end + _MAX_RUN)
    return start - len(before[0] if before else b""), after.end() if after else end


def _merged(hits: list[Found]) -> list[Found]:
    """Join what overlaps; the widest decides rule and value, a learned value before a rule."""
    hits.sort(key=lambda hit: (hit.start, -hit.end, not hit.value))
    merged: list[Found] = []
    for hit in hits:
        last = merged[-1] if merged else None
        if last is None or hit.start >= last.end:
            merged.append(hit)
        elif hit.end > last.end:
            merged[-1] = Found(last.start, hit.end, last.rule, b"")
    return merged


def _without(start: int, end: int, masked: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for token_start, token_end in masked:
        if token_end <= start or token_start >= end:
            continue
        if token_start > start:
            yield start, token_start
        start = token_end
    if start < end:
        yield start, end
