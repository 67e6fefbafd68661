"""Looks for secrets in what was redacted, by other ways than the redactor's.

It knows nothing of rounds or forms: windows of bytes that overlap, the last rare bytes of each literal where
the redactor looks for the first ones, and only those rules whose hit is a secret beyond doubt.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from osvc_diag.redaction.builtin import builtin_rules
from osvc_diag.redaction.engine import finder_of
from osvc_diag.redaction.finder import Plan, plan
from osvc_diag.redaction.literals import RANKS, RARE, any_of, escaped, is_rare
from osvc_diag.redaction.rule import Anchor
from osvc_diag.redaction.tokens import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osvc_diag.redaction.rule import Rule
    from osvc_diag.redaction.secrets import Literal, Secrets

OVERLAP = 16 * 1024  # bytes looked at again with the next ones; longer than any literal
CHUNK = 512 * 1024  # bytes looked at together
_TAIL = 4  # bytes by which a literal is recognised
_LONG_TAIL = 16  # bytes by which one without rare bytes is
_MANY = 32  # literals without rare bytes that are looked for one by one
_MARGIN = 512  # bytes at the beginning of a window that were seen whole in the one before
_REACH = 4 * 1024  # bytes of a line before and after an anchor that a rule gets to see

_KEY_FOLLOWS = re.compile(
    rb"BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}[\"',\\nr]{0,8}\r?\n"
    rb"(?:[^\n]{0,512}[\s|>\"':,+({\[])?[A-Za-z0-9+/=_-]{40,76}[\"',]{0,2}\r?\n"
)
_KEY_BEFORE = re.compile(
    rb"[A-Za-z0-9+/=_-]{40,76}\r?\n(?:(?:[^\n]{0,512}\| ?)?[ \t|>\"',+-]{0,64}[A-Za-z0-9+/=_]{1,76}\r?\n)?"
    rb"(?:(?!BEGIN)[^\n]){0,512}-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY"
)
_PUTTY = re.compile(rb"Private-Lines: ?\d+\r?\n[^\n]{0,512}?[A-Za-z0-9+/=]{40,76}\r?\n")
_KEYS = ((b"PRIVATE KEY", (_KEY_FOLLOWS, _KEY_BEFORE)), (b"Private-Lines", (_PUTTY,)))
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

    def __init__(self, secrets: Secrets, *, extra_rules: Sequence[Rule] = ()) -> None:
        rules = [rule for rule in (*builtin_rules(), *extra_rules) if rule.certain]
        self._anchors = [(anchor, rule) for rule in rules for anchor in rule.anchors]
        self._by_tail: dict[bytes, list[tuple[int, Literal]]] = {}
        singles: set[Anchor] = set()
        rare: set[bytes] = set()
        for literal in secrets.literals:
            at = _tail(literal.text)
            key = literal.text[at : at + _TAIL]
            self._by_tail.setdefault(key, []).append((at, literal))
            if is_rare(key[0]):
                rare.add(key)
            else:
                singles.add(Anchor(escaped(literal.text[at:]), caseless=False))
        together: dict[bytes, set[bytes]] = {}
        if len(singles) > _MANY:
            rare, singles = set(self._by_tail), set()
        for key in rare:
            together.setdefault(key[:1], set()).add(escaped(key[1:]))
        planned = plan((anchor for anchor, _ in self._anchors), ())
        patterns = b"|".join(filter(None, (planned.together, any_of(together))))
        self._finder = finder_of(Plan(patterns, (*planned.singles, *singles)))

    def search(self, blocks: Iterable[bytes]) -> Iterator[Hit]:
        """Yield the hits of a stream, each once."""
        window = b""
        base = 0
        seen: set[Hit] = set()
        for chunk, is_last in _chunks(blocks):
            window += chunk
            for rule, start in self._found(_blanked(window), is_first=not base, is_last=is_last):
                hit = Hit(rule, base + start)
                if hit not in seen:
                    seen.add(hit)
                    yield hit
            cut = max(0, len(window) - OVERLAP)
            window, base = window[cut:], base + cut
            seen = {hit for hit in seen if hit.offset >= base}

    def _found(self, window: bytes, *, is_first: bool, is_last: bool) -> Iterator[tuple[str, int]]:
        """Yield what stands in a window; what touches its ends is seen whole in another one."""
        offsets = self._finder.find(window)
        first = 0 if is_first else _MARGIN
        yield from self._learned(window, offsets, first, len(window) if is_last else len(window) - 1)
        yield from self._certain(window, offsets, first, is_last=is_last)
        for mark, patterns in _KEYS:
            for pattern in patterns if mark in window else ():
                yield from ((_KEY_RULE, match.start()) for match in pattern.finditer(window))

    def _learned(self, window: bytes, offsets: list[int], first: int, last: int) -> Iterator[tuple[str, int]]:
        for offset in offsets:
            # A match hides those that begin inside it.
            for at in range(offset, offset + _TAIL):
                for tail, literal in self._by_tail.get(window[at : at + _TAIL], ()):
                    start, end = at - tail, at - tail + len(literal.text)
                    is_inside = first <= start and end <= last
                    if (
                        is_inside
                        and window.startswith(literal.text, start)
                        and (not literal.alone or _is_apart(window, start, end))
                    ):
                        yield literal.rule, start

    def _certain(
        self, window: bytes, offsets: list[int], first: int, *, is_last: bool
    ) -> Iterator[tuple[str, int]]:
        lowered = window.lower()
        done = dict.fromkeys((rule.id for _, rule in self._anchors), first)
        for offset in offsets:
            for anchor, rule in self._anchors:
                text = lowered if anchor.caseless else window
                if offset < done[rule.id] or not anchor.compiled.match(text, offset):
                    continue
                begin, end = _line(window, offset)
                if end == len(window) and not is_last:
                    continue
                done[rule.id] = min(end, offset + _REACH // 2)
                for span in rule.spans(window[begin:end].rstrip(b"\r")):
                    if not _CLEAN.fullmatch(window, begin + span.start, begin + span.end):
                        yield rule.id, begin + span.start


def _line(window: bytes, offset: int) -> tuple[int, int]:
    """Return the bounds of the line around an offset, not farther away than a rule has to see."""
    end = window.find(b"\n", offset, offset + _REACH)
    first = window.rfind(b"\n", max(0, offset - _REACH), offset) + 1
    return first or max(0, offset - _REACH), end if end >= 0 else min(len(window), offset + _REACH)


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


def _blanked(window: bytes) -> bytes:
    return TOKEN.sub(lambda match: _BLANK * len(match[0]), window) if b"<masked:" in window else window


def _chunks(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield the stream in chunks of a fair size, and whether each is the last."""
    pieces: list[bytes] = []
    size = 0
    for block in blocks:
        for start in range(0, len(block), CHUNK):
            pieces.append(block[start : start + CHUNK])
            size += len(pieces[-1])
            if size >= CHUNK:
                yield b"".join(pieces), False
                pieces, size = [], 0
    yield b"".join(pieces), True
