"""Finds where a log's records start: lines that begin with a timestamp (b2.1 core/logger.py)."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

SECONDS_LENGTH = 19  # bytes of `2026-11-22 19:51:30`
LENGTH = 23  # bytes of `2026-11-22 19:51:30,841`

Stamp = bytes
"""`YYYY-mm-dd HH:MM:SS,mmm`, in the node's local time: compares as text."""


def stamp_of(line: bytes) -> Optional[Stamp]:
    """Return the timestamp that a line begins with, if it begins a record."""
    if line[4:5] != b"-" or line[7:8] != b"-" or line[13:14] != b":" or line[16:17] != b":":
        return None
    if line[10:11] not in (b" ", b"T"):
        return None
    digits = line[:4] + line[5:7] + line[8:10] + line[11:13] + line[14:16] + line[17:19]
    if len(digits) != 14 or not digits.isdigit():  # noqa: PLR2004 - YYYYmmddHHMMSS
        return None
    fraction = line[20:23]
    if line[19:20] in (b",", b".") and len(fraction) == 3 and fraction.isdigit():  # noqa: PLR2004 - mmm
        return line[:10] + b" " + line[11:19] + b"," + fraction
    return line[:10] + b" " + line[11:19] + b",000"


def stamp_at(time: datetime, zone: tzinfo, *, shift: timedelta = timedelta(0)) -> Stamp:
    """Return an aware time as a timestamp of a log written in `zone`."""
    local = time.astimezone(zone).replace(tzinfo=None)
    # At the ends of the calendar there is no room for a shift, and no need of it.
    with contextlib.suppress(OverflowError):
        local += shift
    return local.isoformat(sep=" ", timespec="milliseconds").replace(".", ",").encode()


def first_record(text: bytes, *, at_line_start: bool) -> Optional[tuple[int, Stamp]]:
    """Return the offset and the timestamp of the first record that begins in a text.

    Args:
        text: any part of a log.
        at_line_start: whether the text begins at a line's start; if not, its first line is no record.
    """
    position = 0 if at_line_start else text.find(b"\n") + 1
    if position == 0 and not at_line_start:
        return None
    while position < len(text):
        stamp = stamp_of(text[position : position + LENGTH])
        if stamp is not None:
            return position, stamp
        position = text.find(b"\n", position) + 1
        if position == 0:
            return None
    return None
