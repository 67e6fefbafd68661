"""Decodes what `journalctl -o json` prints, and spells a record as one line of JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Optional, Union

from osvc_diag.json_line import json_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Record = dict[str, Union[str, list[str]]]
    """The fields of a record; a field that it has several times is a list."""

ENCODING, ERRORS = "utf-8", "surrogateescape"

MAX_LINE = 1024 * 1024  # bytes of a record as journalctl prints it; a larger one is told, and left out
MAX_VALUE = 64 * 1024  # bytes of a value that are kept, in whole lines
MAX_RECORD = 192 * 1024  # bytes of a record as it is spelled here; the redactor reads lines of 256 KiB
SMALL_VALUE = 1024  # bytes; no number of fields of that size makes a record too large
_TAIL = 16 * 1024  # bytes of the end of a record that is too large, in which its time may stand
MAX_FIELDS = 100  # of a record that are kept

REALTIME = "__REALTIME_TIMESTAMP"
"""When journald received the record, in microseconds since the epoch, UTC."""

_BYTE = 0xFF
_FIELD = re.compile(r"[A-Z0-9_]{1,64}")
_REALTIME = re.compile(rb'"__REALTIME_TIMESTAMP"\s{0,4}:\s{0,4}"(\d{1,20})"')


def lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of a stream without their ends; of one that is too large its time, as a record.

    Memory is bounded by MAX_LINE and a block.
    """
    line = _Line()
    for block in blocks:
        start = 0
        while True:
            end = block.find(b"\n", start)
            line.add(block[start : end if end >= 0 else None])
            if end < 0:
                break
            yield line.whole()
            line, start = _Line(), end + 1
    if line.size:
        yield line.whole()


class _Line:
    """A line that comes in pieces; of one that is too large its head and its tail are kept."""

    def __init__(self) -> None:
        self.size = 0
        self._head: list[bytes] = []
        self._tail = b""

    def add(self, piece: bytes) -> None:
        if self.size <= MAX_LINE:
            self._head.append(piece)
        else:
            self._tail = (self._tail + piece)[-_TAIL:]
        self.size += len(piece)

    def whole(self) -> bytes:
        line = b"".join(self._head)
        return line if self.size <= MAX_LINE else _too_large(line + b"\n" + self._tail, self.size)


def _too_large(known: bytes, size: int) -> bytes:
    """Return a record in the place of one that is too large, with its time if what is known tells it."""
    time = _REALTIME.search(known)
    record: Record = {"PRIORITY": "4", "MESSAGE": f"[a record of {size} bytes was left out]"}
    if time:
        record = {REALTIME: time[1].decode("ascii"), **record}
    return json.dumps(record).encode("ascii")


def decoded(line: bytes) -> Optional[Record]:
    """Return the record that a line of `journalctl -a -o json` is; None where it is none.

    Values that are not UTF-8 or hold control characters come as lists of byte numbers, and a field that a
    record has several times as a list of values (systemd.io, Journal Export Formats). Bytes that are not
    UTF-8 become surrogate escapes.
    """
    try:
        found: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    record: Record = {}
    for name, value in found.items():
        if len(record) == MAX_FIELDS:
            break
        if _FIELD.fullmatch(name) and value is not None:
            record[name] = _values(value)
    return record


def _values(value: Any) -> Union[str, list[str]]:
    text = _text(value)
    if text is not None:
        return _bounded(text)
    if isinstance(value, list):
        return [_bounded(_text(one) or "") for one in value]
    return _bounded(str(value))


def _text(value: Any) -> Optional[str]:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, int) and 0 <= one <= _BYTE for one in value):
        return bytes(value).decode(ENCODING, ERRORS)
    return None


def _bounded(text: str, limit: int = MAX_VALUE) -> str:
    """Return a value, or the whole lines at its beginning: one that was cut in two might hide a secret."""
    if len(text) <= limit:
        return text
    kept = text[: text.rfind("\n", 0, limit) + 1]
    return f"{kept}[{len(text) - len(kept)} more characters were left out]"


def encoded(record: Record) -> bytes:
    """Return a record as one line of JSON with its end, of MAX_RECORD bytes at most."""
    line = json_line(record)
    if len(line) > MAX_RECORD:
        line = json_line({name: _shortened(value) for name, value in record.items()})
    return line


def _shortened(value: Union[str, list[str]]) -> Union[str, list[str]]:
    if isinstance(value, str):
        return _bounded(value, SMALL_VALUE)
    return f"[{len(value)} values were left out]"


def text_of(record: Record, name: str) -> str:
    """Return a field of a record as text; of one that it has several times, each on a line of its own."""
    value = record.get(name, "")
    return value if isinstance(value, str) else "\n".join(value)
