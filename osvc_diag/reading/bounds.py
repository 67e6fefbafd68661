"""A window as one log's own clock shows it: local time, without a zone, not strictly sorted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Optional

from osvc_diag.reading.stamps import SECOND_LENGTH, Stamp, stamp_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, tzinfo

    from osvc_diag.window import Window

MARGIN = timedelta(minutes=90)
"""How far a record may stand from its place in time: processes write in turns, clocks are set back, and
local time jumps back by an hour once a year."""
FALL_BACK = timedelta(hours=1)
OUTSIDE = "outside of --since and --until"


@dataclass(frozen=True)
class Edge:
    """One end of a window."""

    stamp: Stamp
    """Where it lies, exactly."""
    early: Stamp
    """A margin before: where the log first shows it, everything above lies before the edge."""
    late: Stamp
    """A margin after: where the log first shows it, everything below lies behind the edge."""

    @classmethod
    def at(cls, shown: datetime) -> Edge:
        """Put an edge at a local time."""
        return cls(stamp_at(shown), stamp_at(shown - MARGIN), stamp_at(shown + MARGIN))


@dataclass(frozen=True)
class Bounds:
    """From `since` on and before `until`; None is open."""

    since: Optional[Edge] = None
    until: Optional[Edge] = None
    oldest_mtime: Optional[float] = None
    """Seconds since the epoch."""

    @classmethod
    def of(cls, window: Window, zone: tzinfo) -> Bounds:
        """Express a window in the local time of `zone`.

        In the hour that the clock goes through twice, both passes are taken: a log does not tell them apart.
        """
        since, until = window.since, window.until
        return cls(
            since=None if since is None else Edge.at(_shown(since, FALL_BACK, zone, min)),
            until=None if until is None else Edge.at(_shown(until, -FALL_BACK, zone, max)),
            oldest_mtime=None if since is None else since.timestamp() - MARGIN.total_seconds(),
        )

    @property
    def is_open(self) -> bool:
        """Whether it is no limit at all."""
        return self.since is None and self.until is None

    def is_after(self, mtime: float) -> bool:
        """Tell whether a file that was last written then, in seconds since the epoch, holds nothing of it.

        Where the next newer log begins tells nothing: a process may have gone on writing to a rotated log.
        """
        return self.oldest_mtime is not None and mtime < self.oldest_mtime

    def holds(self, stamp: Stamp) -> bool:
        """Tell whether a record with this timestamp is wanted."""
        since, until = self.since, self.until
        return (since is None or stamp >= since.stamp) and (until is None or stamp < until.stamp)

    def hold_all(self, first: bytes, last: bytes) -> Optional[bool]:
        """Tell whether all records between two timestamps are wanted, or none of them; None is neither.

        Args:
            first: the earliest, cut to the second.
            last: the latest, cut to the second.
        """
        since = self.since.stamp[:SECOND_LENGTH] if self.since else b""
        until = self.until.stamp[:SECOND_LENGTH] if self.until else b"~"
        if first > since and last < until:
            return True
        return False if last < since or first > until else None


def _shown(
    time: datetime, step: timedelta, zone: tzinfo, choose: Callable[[list[timedelta]], timedelta]
) -> datetime:
    """Return what a clock shows at a time, by the offset from UTC that is chosen of then and a step away."""
    moment = time.astimezone(timezone.utc)
    offsets = [near.astimezone(zone).utcoffset() or timedelta(0) for near in (moment, moment + step)]
    return moment.replace(tzinfo=None) + choose(offsets)
