"""The agent's INI dialect: which keys a text holds, and where in its bytes each value stands.

What the agent accepts, and what a hand-edited file may hold instead, is read alike: a line that makes no
sense where it stands belongs to the value before it, for a redactor that took it for nothing would leak it.
"""

from __future__ import annotations

from typing import NamedTuple, Optional

from osvc_diag.errors import RedactionError

ENCODING = "utf-8"
ERRORS = "surrogateescape"
CONF_LIMIT = 16 * 1024 * 1024
"""Bytes of a file that is read as a configuration; the largest of a real node has 23 KB."""
MAX_LINES = 100_000
"""Of a text that is taken for a configuration; a real one has some hundred, and each costs memory."""

_BOM = b"\xef\xbb\xbf"
_BLANKS = b" \t\r\n\f\v\0"


class ConfEntry(NamedTuple):
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
    pending: Optional[_Pending] = None
    end = len(_BOM) if text.startswith(_BOM) else 0
    for line in text[end:].splitlines(keepends=True):
        begin, end = end, end + len(line)
        first = line[0]
        if pending is not None and first in b" \t":
            pending.add(line, 0, begin)
        elif first in b"#;":
            pass
        elif first in b"[" and (bracket := line.find(b"]")) > 1:
            if pending is not None:
                entries.append(pending.entry(section))
            section = _decoded(line[1:bracket]).strip()
            pending = None
        elif (delimiter := _delimiter(line)) > 0:
            if pending is not None:
                entries.append(pending.entry(section))
            pending = _Pending(line[:delimiter])
            pending.add(line, delimiter + 1, begin)
        elif pending is not None:
            pending.add(line, 0, begin)
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

    __slots__ = ("_key", "_lines", "_spans")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._lines: list[bytes] = []
        self._spans: list[tuple[int, int]] = []

    def add(self, line: bytes, start: int, begin: int) -> None:
        """Add what a line holds from a place on.

        Args:
            line: whole.
            start: where the value, or more of it, starts in the line.
            begin: where the line begins in the text.
        """
        value = line[start:].strip(_BLANKS)
        if value:
            # Only blanks come before it, so that it is not found any earlier.
            begin += line.find(value, start)
            self._lines.append(value)
            self._spans.append((begin, begin + len(value)))

    def entry(self, section: str) -> ConfEntry:
        key, scope = _decoded(self._key).strip(), ""
        if "@" in key and section != "data":
            key, _, scope = key.partition("@")
            key, scope = key.rstrip(), scope.strip()
        lines = self._lines
        value = _decoded(lines[0] if len(lines) == 1 else b"\n".join(lines))
        return ConfEntry(section, key, scope, value, tuple(self._spans))


def _delimiter(line: bytes) -> int:
    """Return where the key of a line ends, or -1: at the first `=`, or at a `: ` before it."""
    equals = line.find(b"=")
    colon = line.find(b": ", 0, equals if equals >= 0 else len(line))
    if colon < 0 and equals < 0:
        colon = line.find(b":")
    return colon if colon >= 0 else equals


def _decoded(raw: bytes) -> str:
    return raw.decode(ENCODING, ERRORS)
