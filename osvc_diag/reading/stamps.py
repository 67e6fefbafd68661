"""Finds where a log's records start: lines that begin with a timestamp (b2.1 core/logger.py)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

LENGTH = 23  # bytes of `2026-11-22 19:51:30,841`

Stamp = bytes
"""`YYYY-mm-dd HH:MM:SS,mmm`, in the node's local time: compares as text."""

# A `T` between date and time is nobody's here; such times are mostly not local.
_SECOND = rb"(\d{4}-[01]\d-[0-3]\d [0-2]\d:[0-5]\d:[0-6]\d)"
_SHAPE = _SECOND + rb"(?:[,.](\d{3}))?"
_STAMP = re.compile(_SHAPE)
# Begins with a literal, so that the search runs at memchr's speed.
_NEXT_STAMP = re.compile(rb"\n" + _SHAPE)
_NEXT_SECOND = re.compile(rb"\n" + _SECOND)
SECOND_LENGTH = 19  # bytes of `2026-11-22 19:51:30`


def stamp_of(text: bytes, position: int = 0) -> Optional[Stamp]:
    """Return the timestamp that stands at a line's start, if the line begins a record."""
    match = _STAMP.match(text, position)
    return None if match is None else _stamp(match)


def stamp_at(local: datetime) -> Stamp:
    """Return what a log's clock shows at a local time; the time's zone, if any, does not matter."""
    shown = local.replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds")
    return shown.replace(".", ",").encode("ascii")


def records(text: bytes, *, at_line_start: bool) -> Iterator[tuple[int, Stamp]]:
    """Yield the offset and the timestamp of each record that begins in a text.

    Args:
        text: any part of a log.
        at_line_start: whether the text begins at a line's start; if not, its first line is no record.
    """
    if at_line_start:
        stamp = stamp_of(text)
        if stamp is not None:
            yield 0, stamp
    for match in _NEXT_STAMP.finditer(text):
        yield match.start() + 1, _stamp(match)


def first_record(text: bytes, *, at_line_start: bool) -> Optional[tuple[int, Stamp]]:
    """Return the offset and the timestamp of the first record that begins in a text, as `records` tells."""
    return next(records(text, at_line_start=at_line_start), None)


def seconds_shown(text: bytes) -> list[bytes]:
    """Return the timestamps of all records that begin behind a line end in a text, cut to the second."""
    return _NEXT_SECOND.findall(text)


def _stamp(match: re.Match[bytes]) -> Stamp:
    seconds, milliseconds = match.groups()
    stamp: bytes = seconds + b"," + (milliseconds or b"000")
    return stamp
