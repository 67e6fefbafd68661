"""The agent's INI dialect: which keys a text holds, and where in its bytes each value stands.

What the agent accepts, and what a hand-edited file may hold instead, is read alike: a line that makes no
sense where it stands belongs to the value before it, for a redactor that took it for nothing would leak it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Optional

from osvc_diag.errors import RedactionError

if TYPE_CHECKING:
    from collections.abc import Iterator

ENCODING = "utf-8"
ERRORS = "surrogateescape"
CONF_LIMIT = 16 * 1024 * 1024
"""Bytes of a file that is read as a configuration; the largest of a real node has 23 KB."""
MAX_LINES = 100_000
"""Of a text that is taken for a configuration; a real one has some hundred, and each costs memory."""

_BOM = b"\xef\xbb\xbf"
_BLANKS = b" \t\r\n\f\v\0"
_NO_LINE = b"#;\n"  # how comments begin, and lines that are empty


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


class RawEntry(NamedTuple):
    """An entry of which nothing but the section is decoded: who looks for few keys passes over most."""

    section: str
    name: bytes
    """What stands before the delimiter: the key, its scope, and blanks."""
    pieces: list[tuple[bytes, int]]
    """What each line holds of the value, blanks around it, and where in the text that begins."""

    def entry(self) -> ConfEntry:
        """Decode it."""
        values, spans = [], []
        for piece, begin in self.pieces:
            value = piece.strip(_BLANKS)
            if value:
                # Only blanks come before it, so that it is not found any earlier.
                start = begin + piece.find(value)
                values.append(value)
                spans.append((start, start + len(value)))
        key, scope = split_name(self.section, self.name)
        return ConfEntry(self.section, key, scope, _decoded(b"\n".join(values)), tuple(spans))


def parse_conf(text: bytes) -> list[ConfEntry]:
    """Return the entries of a configuration in the order of the text, as `raw_entries` finds them.

    Raises:
        RedactionError: see `check_conf`; nothing else is refused.
    """
    return [raw.entry() for raw in raw_entries(text)]


def raw_entries(text: bytes) -> Iterator[RawEntry]:
    """Yield the entries of a configuration in the order of the text.

    Takes linear time, whatever the text is. Any spacing around `=` (or `:`) is taken; lines that begin with
    a blank continue the value before them, and so do lines that are neither a section, a comment nor a key;
    duplicate sections and keys are kept as they come.

    Raises:
        RedactionError: see `check_conf`; nothing else is refused.
    """
    check_conf(text)
    section = ""
    pending: Optional[RawEntry] = None
    end = len(_BOM) if text.startswith(_BOM) else 0
    for line in text[end:].splitlines(keepends=True):
        begin, end = end, end + len(line)
        first = line[0]
        if first in _NO_LINE:
            continue
        if pending is not None and first in b" \t":
            pending.pieces.append((line, begin))
        elif first in b"[" and (bracket := line.find(b"]")) > 1:
            if pending is not None:
                yield pending
            section = _decoded(line[1:bracket]).strip()
            pending = None
        elif (delimiter := _delimiter(line) if b":" in line else line.find(b"=")) > 0:
            if pending is not None:
                yield pending
            pending = RawEntry(section, line[:delimiter], [(line[delimiter + 1 :], begin + delimiter + 1)])
        elif pending is not None:
            pending.pieces.append((line, begin))
    if pending is not None:
        yield pending


def split_name(section: str, name: bytes) -> tuple[str, str]:
    """Return the key and the scope of what stands before a delimiter."""
    key = _decoded(name).strip()
    if "@" not in key or section == "data":
        return key, ""
    key, _, scope = key.partition("@")
    return key.rstrip(), scope.strip()


def check_conf(text: bytes) -> None:
    """Refuse a text that would take too much memory to parse.

    Raises:
        RedactionError: it has more than MAX_LINES lines.
    """
    if text.count(b"\n") + text.count(b"\r") > MAX_LINES:
        raise RedactionError(f"has more than {MAX_LINES} lines, which no configuration has")


def _delimiter(line: bytes) -> int:
    """Return where the key of a line ends, or -1: at the first `=`, or at a `: ` before it."""
    equals = line.find(b"=")
    colon = line.find(b": ", 0, equals if equals >= 0 else len(line))
    if colon < 0 and equals < 0:
        colon = line.find(b":")
    return colon if colon >= 0 else equals


def _decoded(raw: bytes) -> str:
    return raw.decode(ENCODING, ERRORS)
