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
        if pending is not None and line[0] in b" \t":
            pending.add(line, begin)
        elif line[0] in b"#;":
            pass
        elif line[0] in b"[" and (bracket := line.find(b"]")) > 1:
            if pending is not None:
                entries.append(pending.entry(section))
            section = _decoded(line[1:bracket]).strip()
            pending = None
        elif (delimiter := _delimiter(line)) > 0:
            if pending is not None:
                entries.append(pending.entry(section))
            pending = _Pending(line[:delimiter])
            pending.add(line[delimiter + 1 :], begin + delimiter + 1)
        elif pending is not None:
            pending.add(line, begin)
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

    def __init__(self, key: bytes) -> None:
        self.key = _decoded(key).strip()
        self.lines: list[bytes] = []
        self.spans: list[tuple[int, int]] = []

    def add(self, line: bytes, begin: int) -> None:
        stripped = line.strip(_BLANKS)
        if stripped:
            begin += len(line) - len(line.lstrip(_BLANKS))
            self.lines.append(stripped)
            self.spans.append((begin, begin + len(stripped)))

    def entry(self, section: str) -> ConfEntry:
        key, scope = self.key, ""
        if section != "data":
            key, _, scope = key.partition("@")
        value = _decoded(b"\n".join(self.lines))
        return ConfEntry(section, key.rstrip(), scope.strip(), value, tuple(self.spans))


def _delimiter(line: bytes) -> int:
    """Return where the key of a line ends, or -1: at the first `=`, or at a `: ` before it."""
    equals = line.find(b"=")
    colon = line.find(b": ", 0, equals if equals >= 0 else len(line))
    if colon < 0 and equals < 0:
        colon = line.find(b":")
    return colon if colon >= 0 else equals


def _decoded(raw: bytes) -> str:
    return raw.decode(ENCODING, ERRORS)
