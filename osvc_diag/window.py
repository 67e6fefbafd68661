"""Since and until: which part of a log is wanted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Optional

from osvc_diag.errors import UsageError
from osvc_diag.printable import quoted
from osvc_diag.units import parse_duration

_AGO = re.compile(r"(\d[\d.]{0,20} ?[smhdw])(?: ago)?", re.IGNORECASE | re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
# datetime.fromisoformat understands more from one Python to the next; this is the same on all of them.
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6})\d{0,3})?)?)?"
    r" ?(Z|[+-]\d{2}(?::?[0-5]\d)?)?",
    re.IGNORECASE | re.ASCII,
)
_OLDEST, _LATEST = 1970, 9998  # years: no node's clock shows others, and arithmetic has room at both ends
_HINT = "write 2h, 3d, 10:00, 2026-11-22, '2026-11-22 10:00', or an ISO time with an offset or Z"


@dataclass(frozen=True)
class Window:
    """From `since` on, and before `until`; both are aware of their zone, and None is open."""

    since: Optional[datetime] = None
    until: Optional[datetime] = None

    @property
    def is_open(self) -> bool:
        """Whether it is no limit at all."""
        return self.since is None and self.until is None

    @classmethod
    def parse(cls, since: Optional[str], until: Optional[str], *, now: datetime, zone: tzinfo) -> Window:
        """Read what the user wrote.

        Args:
            since: a duration back from now, or a time; None is open.
            until: the same.
            now: an aware time.
            zone: the node's, for times without one.

        Raises:
            UsageError: not a time, or `since` is not before `until`.
        """
        window = cls(
            since=None if since is None else parse_time(since, now=now, zone=zone),
            until=None if until is None else parse_time(until, now=now, zone=zone),
        )
        if window.since and window.until and window.since.timestamp() >= window.until.timestamp():
            raise UsageError(
                f"--since {since} ({_to_second(window.since)}) is not before "
                f"--until {until} ({_to_second(window.until)})",
                hint="the window runs from --since on, and ends before --until",
            )
        return window


def _to_second(time: datetime) -> str:
    return time.isoformat(" ", "seconds")


def parse_time(text: str, *, now: datetime, zone: tzinfo) -> datetime:
    """Return an aware time from `2h` (ago), `10:00` (the last one), a date, or an ISO time.

    Raises:
        UsageError: it is none of these.
    """
    word = text.strip()
    try:
        time = _parsed(word, now.astimezone(timezone.utc), zone)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"not a time: {quoted(text)}", hint=_HINT) from error
    if not _OLDEST <= time.year <= _LATEST:
        raise UsageError(f"not a time that a node's clock ever shows: {quoted(text)}", hint=_HINT)
    return time


def _parsed(word: str, now: datetime, zone: tzinfo) -> datetime:
    if word.lower() == "now":
        return now
    ago, clock, iso = _AGO.fullmatch(word), _CLOCK.fullmatch(word), _ISO.fullmatch(word)
    if ago:
        return now - timedelta(seconds=parse_duration(ago[1]))
    if clock:
        return _last_clock(now, zone, *(int(part or 0) for part in clock.groups()))
    if iso:
        return _of_iso(iso, zone)
    raise ValueError(word)


def _last_clock(now: datetime, zone: tzinfo, hour: int, minute: int, second: int) -> datetime:
    time = now.astimezone(zone).replace(hour=hour, minute=minute, second=second, microsecond=0, fold=0)
    # Compared as moments: zones and folds do not matter then.
    return time if time.timestamp() <= now.timestamp() else time - timedelta(days=1)


def _of_iso(iso: re.Match[str], zone: tzinfo) -> datetime:
    year, month, day, hour, minute, second = (int(part or 0) for part in iso.groups()[:6])
    microsecond = int((iso[7] or "").ljust(6, "0"))
    return datetime(
        year, month, day, hour, minute, second, microsecond, tzinfo=_of_offset(iso[8]) if iso[8] else zone
    )


def _of_offset(offset: str) -> tzinfo:
    if offset in "zZ":
        return timezone.utc
    shift = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:].lstrip(":") or 0))
    return timezone(-shift if offset[0] == "-" else shift)
