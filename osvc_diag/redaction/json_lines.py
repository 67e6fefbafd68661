"""Redacts lines of JSON value by value, each as the text that it stands for.

In JSON a quote, a line end or a byte that is not UTF-8 is spelled so that no rule for texts sees the secret
beside it. The values of a name are redacted as one text, line after line: what goes on from a line to the
next, as a private key does, is seen over several records, too.

In the end each line is looked at as text, as any reader of it would, verify among them.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple, Optional, Protocol

from osvc_diag.errors import RedactionError
from osvc_diag.json_line import json_line
from osvc_diag.redaction.flat_json import flat, raw
from osvc_diag.redaction.pem import MARKS
from osvc_diag.redaction.stream import Unit, units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from osvc_diag.redaction.json_as_text import LineReader

MAX_NAMES = 256  # of values, in one stream
MOST_WAITING = 4 * 1024 * 1024  # bytes of lines that wait for a value which may turn out to be of a key
_NO_NAME = ""  # of a line that is no object of texts: it is redacted as text


class Stream(Protocol):
    """Redacts whole lines, may keep some of them back, and returns as many as it was given."""

    def lines(self, text: bytes, *, keep_tail: bool) -> bytes:
        """Return whole redacted lines, and first those that were kept back; or keep some back."""


class _Part(NamedTuple):
    """A value, or one of a list of them, and how many lines it has."""

    name: str
    place: Optional[int]
    """Its place in a list; None where it is no list."""
    lines: int


class _Row(NamedTuple):
    """A line that waits for its redacted values."""

    line: bytes
    """As it was, with its end."""
    value: Optional[dict[str, Any]]
    parts: tuple[_Part, ...]


class _Column:
    """All values of one name, as one text."""

    def __init__(self, stream: Stream) -> None:
        self.fed: deque[bytes] = deque()
        self.ready: deque[bytes] = deque()
        self._stream = stream
        self._new: list[bytes] = []

    def add(self, lines: Iterable[bytes]) -> None:
        """Take lines without their ends."""
        self._new += lines

    def advance(self, *, may_change: bool) -> None:
        """Redact what was added, and what was kept back; keep some back if what follows may change it."""
        if self._new or not may_change:
            self.fed += self._new
            text = b"\n".join([*self._new, b""])
            self._new = []
            self.ready += self._stream.lines(text, keep_tail=may_change).split(b"\n")[:-1]

    def take(self, count: int) -> tuple[list[bytes], bool]:
        """Return some lines, and whether any of them is not what it was."""
        before = [self.fed.popleft() for _ in range(count)]
        after = [self.ready.popleft() for _ in range(count)]
        return after, before != after


def redacted_lines(
    blocks: Iterable[bytes], make_stream: Callable[[], Stream], reader: LineReader
) -> Iterator[bytes]:
    """Yield lines of JSON with a token for every secret in a value; what needs none is left as it is.

    A line may be an object of texts, numbers and lists of texts; any other is redacted as text.

    Args:
        blocks: of any size.
        make_stream: what redacts one text, from its beginning.
        reader: looks at what comes of it.

    Raises:
        RedactionError: a line is too long, or there are too many names.
    """
    table = _Table(make_stream)
    for unit, following in _pairs(units(blocks)):
        if unit.long_line:
            raise RedactionError("a line of JSON is too long to be redacted")
        for line in _lines(unit.data):
            table.add(line)
        may_change = following is not None and any(mark in following.data for mark in MARKS)
        yield b"".join(reader.read(table.flush(may_change=may_change)))


def _pairs(units: Iterator[Unit]) -> Iterator[tuple[Unit, Optional[Unit]]]:
    """Yield each unit with the one after it."""
    before: Optional[Unit] = None
    for unit in units:
        if before is not None:
            yield before, unit
        before = unit
    if before is not None:
        yield before, None


class _Table:
    """Lines as rows, and the values of each name as a column."""

    def __init__(self, make_stream: Callable[[], Stream]) -> None:
        self._make_stream = make_stream
        self._columns: dict[str, _Column] = {}
        self._rows: deque[_Row] = deque()
        self._waiting = 0  # bytes of them

    def add(self, line: bytes) -> None:
        """Take a line with its end."""
        value = flat(line)
        parts = []
        for name, index, text in _texts(value) if value is not None else [(_NO_NAME, None, None)]:
            lines = [line.rstrip(b"\n")] if text is None else raw(text).split(b"\n")
            self._column(name).add(lines)
            parts.append(_Part(name, index, len(lines)))
        self._rows.append(_Row(line, value, tuple(parts)))
        self._waiting += len(line)

    def flush(self, *, may_change: bool) -> list[bytes]:
        """Return the lines of which every value is through."""
        for column in self._columns.values():
            column.advance(may_change=may_change and self._waiting <= MOST_WAITING)
        done = []
        while self._rows and self._is_through(self._rows[0]):
            row = self._rows.popleft()
            self._waiting -= len(row.line)
            done.append(self._redacted(row))
        return done

    def _column(self, name: str) -> _Column:
        column = self._columns.get(name)
        if column is None:
            if len(self._columns) == MAX_NAMES:
                raise RedactionError(f"lines of JSON with more than {MAX_NAMES} names")
            column = self._columns[name] = _Column(self._make_stream())
        return column

    def _is_through(self, row: _Row) -> bool:
        wanted: dict[str, int] = {}
        for part in row.parts:
            wanted[part.name] = wanted.get(part.name, 0) + part.lines
        return all(len(self._columns[name].ready) >= count for name, count in wanted.items())

    def _redacted(self, row: _Row) -> bytes:
        changed = False
        for name, place, count in row.parts:
            lines, differs = self._columns[name].take(count)
            if not differs:
                continue
            changed = True
            text = b"\n".join(lines)
            if row.value is None:
                return text + row.line[len(row.line.rstrip(b"\n")) :]
            if place is None:
                row.value[name] = text.decode("utf-8", "surrogateescape")
            else:
                row.value[name][place] = text.decode("utf-8", "surrogateescape")
        return json_line(row.value) if changed and row.value is not None else row.line


def _texts(value: dict[str, Any]) -> Iterator[tuple[str, Optional[int], Optional[str]]]:
    for name, one in value.items():
        if isinstance(one, str):
            yield name, None, one
        elif isinstance(one, list):
            yield from ((name, index, text) for index, text in enumerate(one))


def _lines(data: bytes) -> list[bytes]:
    lines = [line + b"\n" for line in data.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]
