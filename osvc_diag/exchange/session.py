"""What the ways to upload share: one bundle, one transport, one patience, and the progress that is kept."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Optional

from osvc_diag.events import Advanced, PhaseStarted, Warned
from osvc_diag.exchange.answers import refuse
from osvc_diag.exchange.multipart import safe_name
from osvc_diag.exchange.progress import Progress, drop_progress, progress_path, save_progress
from osvc_diag.exchange.ranges import Ranges
from osvc_diag.exchange.receipt import utc_text

if TYPE_CHECKING:
    from osvc_diag.exchange.line import Line
    from osvc_diag.exchange.opened import OpenedBundle
    from osvc_diag.exchange.transport import Answer, Transport

_UNITS = (("WEEKS", 604800), ("DAYS", 86400), ("HOURS", 3600), ("MINUTES", 60))

MIN_CHUNK = 64 * 1024  # bytes; what refuses this as too large refuses all
LAST_CHUNK = 32 * 1024  # bytes of the one that completes an item: never too large, whatever the chunk size is
FIRST_CHUNK = MIN_CHUNK  # on a slow line the user waits for the first one to see that something moves
QUICK, SLOW = 1.0, 4.0  # seconds of a request: below the one chunks grow, above the other they shrink
MAX_CHUNK = 2 * 1024 * 1024  # bytes; larger ones are no faster, and four are in memory
FEW_PROOFS, MANY_PROOFS = 8, 128  # quick bodies before larger ones are tried again: doubled by each break


@dataclass
class Session:
    """The state of one delivery to a bepasty; what changes in it is guarded by `lock`."""

    exchange: str
    """URL without a login."""
    bundle: OpenedBundle
    transport: Transport
    line: Line
    lifetime: float
    chunk: int
    """Bytes of a request's body that the server takes at most; it shrinks, and never grows."""
    pace: int = FIRST_CHUNK
    """Bytes of a body that go out within a few seconds: so often is the progress told and kept."""
    safe: int = MAX_CHUNK
    """Bytes of a body beyond which the line broke lately; it grows back."""
    progress: Optional[Progress] = None
    acknowledged: Ranges = field(default_factory=Ranges)
    lock: threading.Lock = field(default_factory=threading.Lock)
    _proofs: int = 0
    _is_broken: bool = False
    _needed: int = FEW_PROOFS // 2
    _warned: bool = False

    @property
    def file_name(self) -> str:
        """The bundle's name as the server keeps it."""
        return safe_name(self.bundle.name)

    @property
    def maxlife(self) -> tuple[int, str]:
        """The lifetime in the server's words: a number and the largest unit that fits."""
        minutes = max(1, round(self.lifetime / 60))
        for unit, seconds in _UNITS:
            if minutes * 60 % seconds == 0:
                return minutes * 60 // seconds, unit
        return minutes, "MINUTES"

    def refuse(self, answer: Answer) -> Exception:
        """Return what to raise for an answer that is not the wanted one."""
        way = self.transport
        is_plain = self.exchange.startswith("http:")
        return refuse(answer, host=way.host, choice=way.choice, login=way.login, is_plain=is_plain)

    def shrink(self, body: int) -> bool:
        """Have no later body larger than half of this; False when this one was as small as it gets.

        Args:
            body: bytes of the request that was too large. Several fail at a time: what another one of
                them has halved already is not halved again.
        """
        with self.lock:
            if self.chunk < body:
                return True
            if body <= MIN_CHUNK:
                return False
            self.chunk = max(MIN_CHUNK, body // 2)
            return True

    def ease(self, body: int) -> None:
        """Have the next bodies half as large, until enough of them came through.

        The line may break for their size, or for anything else. That of the smallest tells nothing.

        Args:
            body: bytes of the request that failed again and again; see `shrink` for several at a time.
        """
        with self.lock:
            if MIN_CHUNK < body <= self.pace:
                self.pace = self.safe = max(MIN_CHUNK, body // 2)
                if not self._is_broken:  # failures in a row are one break
                    self._needed = min(2 * self._needed, MANY_PROOFS)
                self._proofs, self._is_broken = 0, True

    @property
    def body(self) -> int:
        """Bytes that the body of the next request should have at most."""
        return min(self.chunk, self.pace)

    def keep_pace(self, body: int, seconds: float) -> None:
        """Learn from a request that came through how large the next ones should be.

        Args:
            body: its bytes.
            seconds: until its answer came.
        """
        with self.lock:
            self._is_broken = False
            if seconds < QUICK:
                self._proofs += 1
                if self._proofs >= self._needed:
                    self._proofs, self.safe = 0, min(MAX_CHUNK, 2 * self.safe)
                self.pace = max(self.pace, min(self.safe, 2 * body))
            elif seconds > SLOW:
                self.pace = max(MIN_CHUNK, min(self.pace, body // 2))

    @property
    def expires(self) -> str:
        """When the server will drop the item, in UTC; that of a new one, where there is none yet."""
        return self.progress.expires if self.progress else utc_text(time.time() + self.lifetime)

    def begin_item(self, method: str, item: str) -> None:
        """Begin with a new item."""
        bundle = self.bundle
        self.begin(Progress(self.exchange, bundle.size, bundle.sha256, method, item, self.expires))

    def begin(self, progress: Progress) -> None:
        """Go on with an item: a new one, or that of an earlier run."""
        with self.lock:
            self.progress = progress
            self.acknowledged = progress.ranges
            self._save()
        self.line.on_event(PhaseStarted("upload", self.bundle.size))
        # Also where it is nothing: whoever measures how fast it goes begins to count here.
        self.line.on_event(Advanced(self.acknowledged.total))

    def acknowledge(self, item: str, start: int, end: int) -> None:
        """Keep that an item has these bytes, and tell it."""
        with self.lock:
            if self.progress is None or self.progress.item != item:
                return  # a late answer about an item that was given up: the new one has not got these bytes
            before = self.acknowledged.total
            self.acknowledged.add(start, end)
            advanced = self.acknowledged.total - before
            self.progress = replace(self.progress, acknowledged=tuple(self.acknowledged))
            self._save()
        self.line.on_event(Advanced(advanced))

    def stand_at(self, offset: int) -> None:
        """Take the server's word for how much it has from the start on: more than was known, or less."""
        with self.lock:
            assert self.progress is not None
            advanced = max(0, offset - self.acknowledged.total)
            self.acknowledged = Ranges([(0, offset)])
            self.progress = replace(self.progress, acknowledged=tuple(self.acknowledged))
            self._save()
        self.line.on_event(Advanced(advanced))

    def forget(self) -> None:
        """Give the item up."""
        with self.lock:
            self.progress = None
            self.acknowledged = Ranges()
            drop_progress(self.bundle.path)

    def _save(self) -> None:
        assert self.progress is not None
        try:
            save_progress(self.progress, self.bundle.path)
        except OSError as error:
            if not self._warned:
                self._warned = True
                path = progress_path(self.bundle.path)
                reason = f"{path} cannot be written: {error.strerror}"
                self.line.on_event(Warned(f"{reason}; this upload cannot be resumed, should it break off"))
