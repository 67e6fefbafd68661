"""Since and until: which part of a log is wanted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Optional

from osvc_diag.errors import UsageError
from osvc_diag.units import parse_duration

_AGO = re.compile(r"\d[\d.]*\s*[smhdw](\s+ago)?", re.IGNORECASE)
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")
_BARE_FRACTION = re.compile(r"[.,](\d{1,6})")
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
        if window.since and window.until and window.since >= window.until:
            raise UsageError(
                f"--since {window.since.isoformat()} is not before --until {window.until.isoformat()}",
                hint="the window runs from --since on, and ends before --until",
            )
        return window


def parse_time(text: str, *, now: datetime, zone: tzinfo) -> datetime:
    """Return an aware time from `2h` (ago), `10:00` (the last one), a date, or an ISO time.

    Raises:
        UsageError: it is none of these.
    """
    text = text.strip()
    if text.lower() == "now":
        return now
    try:
        if _AGO.fullmatch(text):
            return now - timedelta(seconds=parse_duration(text.lower().replace("ago", "")))
        if _CLOCK.fullmatch(text):
            return _last_clock(text, now.astimezone(zone))
        return _parse_iso(text, zone)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"not a time: {text!r}", hint=_HINT) from error


def _last_clock(text: str, local_now: datetime) -> datetime:
    clock = datetime.strptime(text.zfill(5), "%H:%M:%S" if text.count(":") > 1 else "%H:%M")  # noqa: DTZ007
    time = local_now.replace(hour=clock.hour, minute=clock.minute, second=clock.second, microsecond=0)
    return time if time <= local_now else time - timedelta(days=1)


def _parse_iso(text: str, zone: tzinfo) -> datetime:
    if text[-1:] in "zZ":
        text = text[:-1].rstrip() + "+00:00"
    # Python 3.9 wants exactly 3 or 6 digits after a point.
    text = _BARE_FRACTION.sub(lambda match: "." + match.group(1).ljust(6, "0"), text, count=1)
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=zone)
