"""Masks one line: learned values and rules, until nothing more is found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Optional

from osvc_diag.errors import RedactionError
from osvc_diag.redaction.gate import Gate
from osvc_diag.redaction.literals import LiteralIndex
from osvc_diag.redaction.tokens import BLANK, TOKEN

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator, Sequence

    from osvc_diag.redaction.gate import Starts
    from osvc_diag.redaction.rule import Rule
    from osvc_diag.redaction.secrets import Literal, Secrets
    from osvc_diag.redaction.tokens import Tokens

MAX_ROUNDS = 8  # a token may bring a neighbour to light; more rounds than this mean that rules fight
MOST_DONE = 1024  # lines with tokens that are remembered
SHORT = 256  # bytes of such a line
MAX_BASE64_RUN = 16 * 1024  # bytes masked on each side of a value that was found inside base64

_TOKEN_START = b"<masked:"
_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_=-")
_AFTER_OPTION = re.compile(rb"(?:^|[\s\"'])-[A-Za-z]\Z")
_RULE_OFF = b"--"  # as around the title of a PEM block; base64 has single dashes at most
# What may be left of a value beside a token without being a secret.
_RESIDUE = re.compile(rb"(?:[\s,;:&\"'\\|]|literal:|crypt:|base64:)*")


class Found(NamedTuple):
    """A secret in a line, with the value that decides its token."""

    start: int
    end: int
    rule: str
    value: bytes
    """Empty where what stands there is the value."""
    quotes: bool = False


class _Seen(NamedTuple):
    """What was seen in a line, beside tokens."""

    starts: Starts
    has_literals: bool
    """Whether a learned value stands there, alone or not."""


class LineMasker:
    """Applies every rule and every learned value to a line; no line depends on another."""

    def __init__(self, secrets: Secrets, tokens: Tokens, rules: Sequence[Rule]) -> None:
        self._secrets = secrets
        self._tokens = tokens
        self._gate = Gate(rules)
        self._grouped = {rule.id: rule.group for rule in rules if rule.group}
        self._index = LiteralIndex(secrets.literals)
        self._done: set[tuple[object, ...]] = set()
        """Lines in which nothing is left beside tokens, blanked, and where these stand: of thousands of
        configurations each has the line `password = <token>`, and after blanking they are all alike."""
        self.longest = max((len(literal.text) for literal in secrets.literals), default=0)
        """Bytes of the longest learned value."""
        self._has_blanks = any(BLANK in literal.text for literal in secrets.literals)
        """Whether a learned value can be found in what stands for a token."""

    def mask(self, line: bytes, counts: Counter[str], near: Optional[Sequence[slice]] = None) -> bytes:
        """Return a line, given without its line end, with a token for every secret.

        Args:
            line: to be masked.
            counts: of tokens by rule, added to.
            near: parts of it with all of its anchors and learned values; None where they may be anywhere.

        Raises:
            RedactionError: a rule failed, or the rules do not come to an end.
        """
        seen: Optional[_Seen] = None
        for _ in range(MAX_ROUNDS):
            found, seen = self._looked(line, seen, near)
            if not found:
                return line
            line, near = self.replace(line, found, counts), None
            if any(one.quotes for one in found):
                seen = None  # quotes are new
        raise RedactionError("the redaction rules do not come to an end on a line")

    def replace(self, line: bytes, found: Iterable[Found], counts: Counter[str]) -> bytes:
        """Return a line with tokens in the place of what was found in it."""
        pieces, last = [], 0
        for one in found:
            counts[one.rule] += 1
            token = self._tokens.token(one.rule, one.value, self._group(one))
            pieces += [line[last : one.start], b'"%s"' % token if one.quotes else token]
            last = one.end
        return b"".join((*pieces, line[last:]))

    def _group(self, one: Found) -> bytes:
        grouped = self._grouped.get(one.rule)
        return grouped(one.value) if grouped else b""

    def found(self, line: bytes, near: Optional[Sequence[slice]] = None) -> list[Found]:
        """Return the secrets of a line, in order, apart from each other and from tokens; `near` as above."""
        return self._looked(line, None, near)[0]

    def _looked(
        self, line: bytes, seen: Optional[_Seen], near: Optional[Sequence[slice]]
    ) -> tuple[list[Found], Optional[_Seen]]:
        """Return the secrets of a line, and what was seen in it.

        Args:
            line: to be looked at.
            seen: in the same line when it had fewer tokens; what was not there then is not there now.
            near: parts of it with all of its anchors and learned values; None where they may be anywhere.
        """
        masked = token_spans(line)
        visible = blanked(line, masked)
        if masked and (visible, *masked) in self._done:
            return [], seen
        parts = (slice(0, len(visible)),) if near is None else near
        anchored = visible if near is None else b"\n".join([visible[part] for part in parts])
        starts = self._gate.starts(anchored, seen.starts if seen else None)
        rules = self._gate.rules(anchored, starts)
        literals = [] if seen and not seen.has_literals else self._literals(visible, parts)
        hits = [*self._learned(visible, literals), *self._by_rules(visible, rules)]
        found = self.apart(_merged(hits), line, masked) if hits else []
        if masked and not found and len(line) <= SHORT:
            if len(self._done) >= MOST_DONE:
                self._done.clear()
            self._done.add((visible, *masked))
        return found, _Seen(starts, bool(literals) or self._has_blanks)

    def apart(self, found: Iterable[Found], text: bytes, masked: list[tuple[int, int]]) -> list[Found]:
        """Return what is left of some secrets, in order, beside the tokens that are there already."""
        return [
            self._named(one, text)
            for one in _without_tokens(found, masked)
            if not _RESIDUE.fullmatch(text, one.start, one.end)
        ]

    def _named(self, one: Found, line: bytes) -> Found:
        value = one.value or line[one.start : one.end]
        return Found(one.start, one.end, self._secrets.rule_of(value) or one.rule, value, one.quotes)

    def _literals(self, line: bytes, parts: Iterable[slice]) -> list[tuple[int, Literal]]:
        return [(part.start + at, literal) for part in parts for at, literal in self._index.find(line[part])]

    def _by_rules(self, line: bytes, rules: Iterable[Rule]) -> Iterator[Found]:
        for rule in rules:
            try:
                spans = list(rule.spans(line))
            except Exception as error:  # noqa: BLE001 (whatever a rule raises, the line must not pass)
                # The exception's text may quote the line: neither it nor its traceback goes on.
                raise RedactionError(f"rule {rule.id} failed with {type(error).__name__}") from None
            for span in spans:
                yield Found(span.start, span.end, rule.id, b"", span.quotes)

    def learned(self, line: bytes) -> Iterator[Found]:
        """Yield the learned values in a line, overlapping ones too."""
        return self._learned(line, self._index.find(line))

    def _learned(self, line: bytes, literals: Iterable[tuple[int, Literal]]) -> Iterator[Found]:
        first = last = 0  # the run of base64 that was masked last: what lies in it needs no other
        for start, literal in literals:
            end = start + len(literal.text)
            if literal.alone and not stands_alone(line, start, end):
                continue
            if not literal.is_base64 or first <= start < end <= last:
                yield Found(start, end, literal.rule, literal.value)
            else:
                first, last = _run(line, start, end)
                yield Found(first, last, literal.rule, literal.value)


def stands_alone(line: bytes, start: int, end: int) -> bool:
    """Return whether no letter or digit touches what stands there; after `-p` it stands alone, too."""
    if line[end : end + 1].isalnum():
        return False
    if start == 0 or not line[start - 1 : start].isalnum():
        return True
    return _AFTER_OPTION.search(line, max(0, start - 3), start) is not None


def _run(line: bytes, start: int, end: int) -> tuple[int, int]:
    """Widen a value found inside base64 to all of the base64, whose edges hold some of its bits."""
    first, last = max(0, start - MAX_BASE64_RUN), min(len(line), end + MAX_BASE64_RUN)
    while start > first and line[start - 1] in _BASE64 and line[start - 2 : start] != _RULE_OFF:
        start -= 1
    while end < last and line[end] in _BASE64 and line[end : end + 2] != _RULE_OFF:
        end += 1
    return start, end


def token_spans(text: bytes) -> list[tuple[int, int]]:
    """Return where tokens stand in a text."""
    return [match.span() for match in TOKEN.finditer(text)] if _TOKEN_START in text else []


def blanked(text: bytes, masked: list[tuple[int, int]]) -> bytes:
    """Return a text whose tokens are as long and mean nothing to any rule."""
    pieces, last = [], 0
    for start, end in masked:
        pieces += [text[last:start], BLANK * (end - start)]
        last = end
    return b"".join((*pieces, text[last:])) if pieces else text


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


def _without_tokens(found: Iterable[Found], masked: list[tuple[int, int]]) -> Iterator[Found]:
    """Yield what is left of each secret beside the tokens that stand in it; both are in order."""
    first = 0
    for one in found:
        start, whole = one.start, True
        while first < len(masked) and masked[first][1] <= start:
            first += 1
        at = first
        while at < len(masked) and masked[at][0] < one.end:
            token_start, token_end = masked[at]
            if token_start > start:
                yield Found(start, token_start, one.rule, b"")
            start, whole = token_end, False
            at += 1
        if start < one.end:
            yield one if whole else Found(start, one.end, one.rule, b"")
