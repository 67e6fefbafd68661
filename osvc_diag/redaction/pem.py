"""Masks private keys that stand over several lines, their head or tail cut off or not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable

    from osvc_diag.redaction.tokens import Tokens

RULE = "private-key"
WINDOW = 32 * 1024  # bytes before an END line that may belong to its key; the largest RSA key takes 13 KiB

_BEGIN = re.compile(rb"-----? ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-----?|Private-Lines: ?\d+")
_END = re.compile(rb"-----? ?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-----?|Private-MAC:")
MARKS = (b"PRIVATE KEY", b"Private-")
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-"
_CLOSING = b"\"',;)}] \t\r\n"
_MIN_BODY = 20  # characters of base64 at the end of a line, which make it part of a key
_MOST_BREAKS = 4  # escaped line ends after a line of a key
_MAX_LAST = 76  # characters of the last line of a key, which may be short
_BEFORE_LAST = re.compile(rb"(?:.{0,512}\| ?)?[\s|>\"',+-]*", re.DOTALL)
_MASKED = re.compile(rb"<masked:private-key:[a-z2-7]{8}>(?:\\[nrt])*[\"',;)}\]]*\s*$")
_PATIENCE = 64  # lines that are no key and stand between a BEGIN and its END: other threads log too


class PrivateKeys:
    """Masks the bodies of private keys in a stream of whole lines; keeps state between blocks."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._strangers = -1  # lines that are no key since BEGIN; -1 when no key is open
        self._after_body = False
        self._held = b""

    @property
    def open(self) -> bool:
        """Whether the next line may belong to a key."""
        return self._strangers >= 0

    def take(self, data: bytes) -> bytes:
        """Return the next whole lines after those that were kept back."""
        block, self._held = self._held + data, b""
        return block

    def may_follow(self, block: bytes, offsets: Iterable[int]) -> bool:
        """Return whether a key may begin or end in one of the lines that an engine found.

        An engine finds `PRIVATE KEY`, or what hides it because it begins before it in the same line.
        """
        end = 0
        for offset in offsets:
            if offset >= end:
                start = block.rfind(b"\n", end, offset) + 1 or end
                end = block.find(b"\n", offset) + 1 or len(block)
                if any(block.find(mark, start, end) >= 0 for mark in MARKS):
                    return True
        return False

    def mask(self, block: bytes, counts: Counter[str]) -> bytes:
        """Return whole lines with the bodies of private keys masked."""
        return b"".join(self._masked(_lines(block), counts))

    def keep_tail(self, block: bytes) -> bytes:
        """Return a block without the lines at its end that turn out to be a key if an END line follows."""
        cut = _tail(block)
        self._held = block[cut:]
        return block[:cut]

    def _masked(self, lines: list[bytes], counts: Counter[str]) -> list[bytes]:
        for index, line in enumerate(lines):
            if any(mark in line for mark in MARKS):
                begin, end = _last(_BEGIN, line), _last(_END, line)
                if end >= 0 and self._strangers < 0 and not 0 <= begin < end:
                    self._mask_back(lines, index, counts)
                if end > begin:
                    self._strangers = -1
                elif begin >= 0:
                    self._strangers, self._after_body = 0, False
                continue
            if self._strangers >= 0 and line:  # what follows the last line end is no line
                lines[index] = self._inside(line, counts)
        return lines

    def _inside(self, line: bytes, counts: Counter[str]) -> bytes:
        body = _body(line) or (_last_body(line) if self._after_body else None)
        self._after_body = body is not None or _MASKED.search(line) is not None
        if self._after_body:
            return self._replaced(line, body, counts)
        self._strangers += 1
        if self._strangers > _PATIENCE:
            self._strangers = -1
        return line

    def _mask_back(self, lines: list[bytes], end: int, counts: Counter[str]) -> None:
        """Mask the lines before an END line whose BEGIN is missing."""
        size = 0
        for index in range(end - 1, -1, -1):
            size += len(lines[index])
            body = _body(lines[index]) or (_last_body(lines[index]) if index == end - 1 else None)
            if size > WINDOW or (body is None and not _MASKED.search(lines[index])):
                return
            lines[index] = self._replaced(lines[index], body, counts)

    def _replaced(self, line: bytes, body: Optional[tuple[int, int]], counts: Counter[str]) -> bytes:
        if body is None:
            return line
        counts[RULE] += 1
        start, end = body
        return line[:start] + self._tokens.token(RULE, line[start:end]) + line[end:]


def _last(pattern: re.Pattern[bytes], line: bytes) -> int:
    """Return where a pattern is found last, -1 where it is not."""
    return max((match.start() for match in pattern.finditer(line)), default=-1)


def _body(line: bytes) -> Optional[tuple[int, int]]:
    """Return the run of base64 that ends a line, if it is long enough for a line of a key."""
    end = len(line.rstrip(_CLOSING))
    for _ in range(_MOST_BREAKS):
        if line[end - 2 : end] not in (b"\\n", b"\\r"):
            break
        end = len(line[: end - 2].rstrip(_CLOSING))
    start = len(line[:end].rstrip(_BASE64))
    return (start, end) if end - start >= _MIN_BODY else None


def _last_body(line: bytes) -> Optional[tuple[int, int]]:
    """Return the base64 of a line that has nothing else but a log's prefix."""
    end = len(line.rstrip(_CLOSING))
    start = len(line[:end].rstrip(_BASE64))
    if not 0 < end - start <= _MAX_LAST or not _BEFORE_LAST.fullmatch(line, 0, start):
        return None
    return start, end


def _lines(block: bytes) -> list[bytes]:
    lines = [line + b"\n" for line in block.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines


def _tail(block: bytes) -> int:
    """Return where the lines at the end of a block begin that may be the body of a key."""
    cut = end = len(block)
    while cut > 0 and end - cut <= WINDOW:
        start = block.rfind(b"\n", 0, cut - 1) + 1
        line = block[start:cut]
        if not (_body(line) or _last_body(line)):
            break
        cut = start
    return cut
