"""The time, and how long something took; injected, so that the same inputs give the same bytes."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the time, aware of its zone."""
        ...

    def seconds(self) -> float:
        """Return seconds that only ever grow, to measure with."""
        ...


class SystemClock:
    """The machine's own."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(timezone.utc)

    def seconds(self) -> float:
        """Return the seconds of the monotonic clock."""
        return time.monotonic()
