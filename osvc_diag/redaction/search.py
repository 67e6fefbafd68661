"""Looks for secrets in what was redacted, by other ways than the redactor's.

It knows nothing of rounds or forms: windows of bytes that overlap, the last rare bytes of each literal where
the redactor looks for the first ones, and only those rules whose hit is a secret beyond doubt.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Optional

from osvc_diag.redaction.builtin import builtin_rules
from osvc_diag.redaction.engine import make_finder
from osvc_diag.redaction.literals import RANKS, RARE
from osvc_diag.redaction.tokens import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osvc_diag.redaction.helper import Helpers
    from osvc_diag.redaction.rule import Rule
    from osvc_diag.redaction.secrets import Literal, Secrets

CHUNK = 1024 * 1024  # bytes looked at together, or half as many, or up to twice as many
OVERLAP = 16 * 1024  # bytes on each side of where two chunks meet, looked at again; longer than any literal
_TAIL = 4  # bytes by which a literal is recognised
_LONG_TAIL = 16  # bytes of it that are looked for
_LONGEST_TOKEN = 64  # bytes
_REACH = 4 * 1024  # bytes of a line before and after an anchor that a rule gets to see
_MARGIN = _REACH  # bytes at the beginning of a window that were seen whole in the one before

_KEY_FOLLOWS = re.compile(
    rb"BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}[\"',\\nr]{0,8}\r?\n"
    rb"(?:[^\n]{0,512}[\s|>\"':,+({\[])?[A-Za-z0-9+/=_-]{40,76}[\"',]{0,2}\r?\n"
)
_KEY_BEFORE = re.compile(
    rb"[A-Za-z0-9+/=_-]{40,76}\r?\n(?:(?:[^\n]{0,512}\| ?)?[ \t|>\"',+-]{0,64}[A-Za-z0-9+/=_]{1,76}\r?\n)?"
    rb"(?:(?!BEGIN)[^\n]){0,512}-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY"
)
_PUTTY = re.compile(rb"Private-Lines: ?\d+\r?\n[^\n]{0,512}?[A-Za-z0-9+/=]{40,76}\r?\n")
_KEYS = {b"PRIVATE KEY": (_KEY_FOLLOWS, _KEY_BEFORE), b"Private-Lines": (_PUTTY,)}
_BLANK = b"\x02"
_LETTER = re.compile(rb"[A-Za-z0-9]")
_CLEAN = re.compile(rb"(?:[^A-Za-z0-9]|crypt:|literal:|base64:)*")
_OPTION = re.compile(rb"(?:^|.*[\s\"'])-[A-Za-z]", re.DOTALL)
_KEY_RULE = "private-key"


class Hit(NamedTuple):
    """A secret that is still there: which rule knows it, and at which byte it begins. Never the value."""

    rule: str
    offset: int


class SecretSearch:
    """Searches a stream for every learned value in all its forms, and for what is a secret beyond doubt."""

    def __init__(
        self,
        secrets: Secrets,
        *,
        extra_rules: Sequence[Rule] = (),
        engine: Optional[str] = None,
        helpers: Optional[Helpers] = None,
        expected: int = 0,
    ) -> None:
        """Prepare; the arguments are those of a Redactor."""
        self._rules = [rule for rule in (*builtin_rules(), *extra_rules) if rule.certain]
        self._by_tail: dict[bytes, list[tuple[int, Literal]]] = {}
        tails = set()
        for literal in secrets.literals:
            at = _tail(literal.text)
            self._by_tail.setdefault(literal.text[at : at + _TAIL], []).append((at, literal))
            tails.add(literal.text[at : at + _LONG_TAIL])
        anchors = (anchor for rule in self._rules for anchor in rule.anchors)
        self._finder = make_finder(engine, anchors, sorted(tails), helpers, expected=expected)

    def search(self, blocks: Iterable[bytes]) -> Iterator[Hit]:
        """Yield the hits of a stream, each once."""
        seen: set[Hit] = set()
        for window, offsets in self._finder.each(_windows(blocks), lambda window: window.text):
            seen = {hit for hit in seen if hit.offset >= window.base}
            for rule, start in self._found(window, offsets):
                hit = Hit(rule, window.base + start)
                if hit not in seen:
                    seen.add(hit)
                    yield hit

    def _found(self, whole: _Window, offsets: Iterable[int]) -> Iterator[tuple[str, int]]:
        """Yield what stands in a window; what touches its ends is seen whole in another one."""
        window = whole.text
        first, last = _MARGIN if whole.base else 0, len(window) if whole.is_last else len(window) - 1
        marks: set[bytes] = set()
        for offset, start, end in _places(window, offsets):
            text = _blanked(window, start, end)
            for literal_start, literal in self._learned(text, start, window):
                if first <= literal_start and literal_start + len(literal.text) <= last:
                    yield literal.rule, literal_start
            if offset >= first and end <= last:
                yield from ((rule, start + at) for rule, at in self._certain(text))
            marks.update(mark for mark in _KEYS if mark in text)
        for mark in marks:
            text = _blanked(window, 0, len(window))
            for pattern in _KEYS[mark]:
                yield from ((_KEY_RULE, match.start()) for match in pattern.finditer(text))

    def _learned(self, text: bytes, begin: int, window: bytes) -> Iterator[tuple[int, Literal]]:
        """Yield the learned values of which the tail stands in a text that begins at `begin`."""
        by_tail = self._by_tail
        for at in range(len(text) if by_tail else 0):
            for tail, literal in by_tail.get(text[at : at + _TAIL], ()):
                start = begin + at - tail
                end = start + len(literal.text)
                if (
                    start >= 0
                    and window.startswith(literal.text, start)
                    and (not literal.alone or _is_apart(window, start, end))
                    and _BLANK not in _blanked(window, start, end)
                ):
                    yield start, literal

    def _certain(self, text: bytes) -> Iterator[tuple[str, int]]:
        """Yield what the rules find in a text that is a secret beyond doubt."""
        lowered = text.lower()
        for rule in self._rules:
            if any(anchor.compiled.search(lowered if anchor.caseless else text) for anchor in rule.anchors):
                for span in rule.spans(text.rstrip(b"\r")):
                    if not _CLEAN.fullmatch(text, span.start, span.end):
                        yield rule.id, span.start


def _places(window: bytes, offsets: Iterable[int]) -> Iterator[tuple[int, int, int]]:
    """Yield offsets with the bounds of the lines around them, or of a part of a long line.

    What has been seen with enough around it is left out.
    """
    done = 0
    for offset in offsets:
        if offset >= done:
            end = window.find(b"\n", offset, offset + _REACH)
            end = min(len(window), offset + _REACH) if end < 0 else end
            start = window.rfind(b"\n", max(0, offset - _REACH), offset) + 1
            done = min(end, offset + _REACH // 2)
            yield offset, start or max(0, offset - _REACH), end


def _tail(text: bytes) -> int:
    """Return where the last four bytes begin that start with the rarest one, or else the last sixteen."""
    ranks = text[: 1 - _TAIL].translate(RANKS)
    rarest = min(ranks, default=RARE)
    return ranks.rindex(rarest) if rarest < RARE else max(0, len(text) - _LONG_TAIL)


def _is_apart(window: bytes, start: int, end: int) -> bool:
    """Return whether no letter or digit touches what stands there, an option's letter excepted."""
    return not _LETTER.match(window, end) and not (
        start and _LETTER.match(window, start - 1) and not _OPTION.match(window, max(0, start - 3), start)
    )


def _blanked(window: bytes, start: int, end: int) -> bytes:
    """Return a part of a window whose tokens are as long and mean nothing, those cut at its ends too."""
    first = max(0, start - _LONGEST_TOKEN)
    text = window[first : end + _LONGEST_TOKEN]
    if b"<masked:" in text:
        text = TOKEN.sub(lambda match: _BLANK * len(match[0]), text)
    return text[start - first : end - first]


class _Window(NamedTuple):
    """What is looked at together: the next bytes of a stream, or those around where two windows meet."""

    text: bytes
    base: int
    """Bytes of the stream before it."""
    is_last: bool


def _windows(blocks: Iterable[bytes]) -> Iterator[_Window]:
    before = b""
    base = 0
    for chunk, is_last in _chunks(blocks):
        if before:
            seam = before + chunk[:OVERLAP]
            yield _Window(seam, base - len(before), is_last and len(chunk) <= OVERLAP)
        yield _Window(chunk, base, is_last)
        base += len(chunk)
        before = chunk[-OVERLAP:]


def _chunks(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield the stream in chunks of a fair size, and whether each is the last; a fair block is not copied."""
    pieces: list[bytes] = []
    size = 0
    for block in blocks:
        step = len(block) if len(block) <= 2 * CHUNK else CHUNK
        for start in range(0, len(block), step or 1):
            pieces.append(block[start : start + step])
            size += len(pieces[-1])
            if size >= CHUNK // 2:
                yield b"".join(pieces), False
                pieces, size = [], 0
    yield b"".join(pieces), True
