"""The agent's INI dialect: which keys a text holds, and where in its bytes each value stands.

What the agent accepts, and what a hand-edited file may hold instead, is read alike: a line that makes no
sense where it stands belongs to the value before it, for a redactor that took it for nothing would leak it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from osvc_diag.errors import RedactionError

ENCODING = "utf-8"
ERRORS = "surrogateescape"
MAX_LINES = 100_000
"""Of a text that is taken for a configuration; a real one has some hundred, and each costs memory."""

_BOM = b"\xef\xbb\xbf"
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_BLANKS = b" \t\r\n\f\v\0"


@dataclass(frozen=True)
class ConfEntry:
    """One key of a configuration, as often as it is written: nothing is merged or resolved."""

    section: str
    """`DEFAULT`, `env`, `fs#1`; empty for what stands before the first section."""
    key: str
    """As written, without its scope; in `[data]` whole, where an `@` is part of a name."""
    scope: str
    """What follows `@` in `timeout@node2`; empty without one."""
    value: str
    """The lines of the value, stripped, joined by newlines; bytes that are no UTF-8 as surrogate escapes."""
    value_spans: tuple[tuple[int, int], ...]
    """Byte offsets in the text, begin and end, of each line of the value that is not empty."""


def parse_conf(text: bytes) -> list[ConfEntry]:
    """Return the entries of a configuration in the order of the text.

    Takes linear time, whatever the text is. Any spacing around `=` (or `:`) is taken; lines that begin with
    a blank continue the value before them, and so do lines that are neither a section, a comment nor a key;
    duplicate sections and keys are kept as they come.

    Raises:
        RedactionError: see `check_conf`; nothing else is refused.
    """
    check_conf(text)
    entries: list[ConfEntry] = []
    section = ""
    pending: _Pending | None = None
    for begin, end in _lines(text):
        kind = _kind(text, begin, end, has_key=pending is not None)
        if kind == "value" and pending is not None:
            pending.add(text, begin, end)
        elif kind in ("section", "key"):
            if pending is not None:
                entries.append(pending.entry(section))
            if kind == "section":
                section = _decoded(text[begin + 1 : text.index(b"]", begin, end)]).strip()
                pending = None
            else:
                pending = _Pending(text, begin, end)
    if pending is not None:
        entries.append(pending.entry(section))
    return entries


def check_conf(text: bytes) -> None:
    """Refuse a text that would take too much memory to parse.

    Raises:
        RedactionError: it has more than MAX_LINES lines.
    """
    if text.count(b"\n") + text.count(b"\r") > MAX_LINES:
        raise RedactionError(f"has more than {MAX_LINES} lines, which no configuration has")


class _Pending:
    """An entry that further lines may still continue."""

    def __init__(self, text: bytes, begin: int, end: int) -> None:
        at = _delimiter(text, begin, end)
        self.key = _decoded(text[begin:at]).strip()
        self.lines: list[str] = []
        self.spans: list[tuple[int, int]] = []
        self.add(text, at + 1, end)

    def add(self, text: bytes, begin: int, end: int) -> None:
        line = text[begin:end]
        begin += len(line) - len(line.lstrip(_BLANKS))
        line = line.strip(_BLANKS)
        if line:
            self.spans.append((begin, begin + len(line)))
        if line or not self.lines:
            self.lines.append(_decoded(line))

    def entry(self, section: str) -> ConfEntry:
        key, scope = self.key, ""
        if section != "data":
            key, _, scope = self.key.partition("@")
        value = "\n".join(self.lines).strip("\n")
        return ConfEntry(section, key.rstrip(), scope.strip(), value, tuple(self.spans))


def _lines(text: bytes) -> list[tuple[int, int]]:
    start = len(_BOM) if text.startswith(_BOM) else 0
    return [match.span() for match in _LINE.finditer(text, start)]


def _kind(text: bytes, begin: int, end: int, *, has_key: bool) -> str:
    """Tell what a line is: `section`, `comment`, `key`, or `value` (which continues what is before it)."""
    first = text[begin : begin + 1]
    if first in b" \t" and has_key:
        return "value"
    if first in (b"#", b";"):
        return "comment"
    if first == b"[" and text.find(b"]", begin, end) > begin + 1:
        return "section"
    return "key" if _delimiter(text, begin, end) > begin else "value"


def _delimiter(text: bytes, begin: int, end: int) -> int:
    """Return where the key of a line ends, or -1: at the first `=`, or at a `: ` before it."""
    equals = text.find(b"=", begin, end)
    colon = text.find(b": ", begin, end if equals < 0 else equals)
    if colon < 0 and equals < 0:
        colon = text.find(b":", begin, end)
    return colon if colon >= 0 else equals


def _decoded(raw: bytes) -> str:
    return raw.decode(ENCODING, ERRORS)
