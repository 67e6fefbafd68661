"""Runs what may hang in a thread that can be left behind: a dead NFS server, a plugin that never returns."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Callable, Optional, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

STALL = 15.0  # seconds without a block, after which a source counts as stuck
LEAST_STALL = 1.0  # seconds: the patience halves with each source that was stuck, down to this
MOST_LEFT_BEHIND = 64  # threads
CLOSING = 0.5  # seconds for a thread to end that has nothing to do
PARCEL = 256 * 1024  # bytes that are handed over together: a small file is one parcel
AHEAD = 3  # parcels that the thread may be ahead

T = TypeVar("T")


class StalledError(Exception):
    """Nothing came for so long that the source was given up; the text says how long."""


class ForeignExitError(Exception):
    """What was called wanted to end the program; the text says how."""


class _EndError(Exception):
    """A stream is through: the one end of a stream that is no error."""


class _Errand:
    """One stream to be fetched by the thread, and the way to call it off."""

    def __init__(self, make: Callable[[], Iterator[bytes]]) -> None:
        self.alive_at = time.monotonic()
        """When it was last seen to go on."""
        self.parcels: queue.SimpleQueue[tuple[list[bytes], Optional[Exception]]] = queue.SimpleQueue()
        """Blocks, and how the stream ended, once it did."""
        self._make = make
        self._leave: queue.SimpleQueue[bool] = queue.SimpleQueue()
        """One True for each parcel that may be sent; False calls it off."""
        self._is_off = False
        for _ in range(AHEAD):
            self._leave.put(True)

    def go_on(self) -> None:
        """Let it send one more parcel."""
        self._leave.put(True)

    def call_off(self) -> None:
        """Have it end at its next block."""
        self._is_off = True
        self._leave.put(False)

    def run(self) -> None:
        """Fetch the stream and send it off; runs in the thread, and never raises."""
        blocks: list[bytes] = []
        size = 0
        end: Exception = _EndError()
        try:
            for block in self._stream():
                blocks.append(block)
                size += len(block)
                if size >= PARCEL:
                    self._leave.get()
                    self.parcels.put((blocks, None))
                    blocks, size = [], 0
        except Exception as error:  # noqa: BLE001 - handed over to the thread that waits
            end = error
        except BaseException as error:  # noqa: BLE001 - a plugin that exits would end the program there
            end = ForeignExitError(f"{type(error).__name__}: {error}")
        self.parcels.put((blocks, end))

    def _stream(self) -> Iterator[bytes]:
        """Yield the blocks as long as they are wanted; an empty one is a sign of life and no more."""
        if self._is_off:
            return
        stream = self._make()
        try:
            for block in stream:
                self.alive_at = time.monotonic()
                if block:
                    yield block
                if self._is_off:
                    return
        finally:
            close = getattr(stream, "close", None)
            if close is not None:
                close()


class PatientReader:
    """Fetches streams in one background thread; a thread that is stuck is replaced, never waited for."""

    def __init__(
        self,
        *,
        deadline: Optional[float] = None,
        cpu_time: Optional[float] = None,
        cpu_clock: Callable[[], float] = time.process_time,
        stall: float = STALL,
    ) -> None:
        """Prepare; no thread runs before the first stream.

        Args:
            deadline: on the clock of time.monotonic, in seconds; None is never.
            cpu_time: seconds of processors that may be used from now on; None is no limit.
            cpu_clock: tells how many were used, of this process or of more.
            stall: seconds without a block.
        """
        self._deadline = deadline
        self._cpu_clock = cpu_clock
        self._cpu_end = None if cpu_time is None else cpu_clock() + cpu_time
        self._stall = stall
        self._errands: Optional[queue.SimpleQueue[Optional[_Errand]]] = None
        self._thread: Optional[threading.Thread] = None
        self._stuck_places: set[str] = set()
        self._left_behind = 0

    @property
    def is_late(self) -> bool:
        """Whether a limit of the run was reached."""
        return bool(self.limit_reached)

    @property
    def limit_reached(self) -> str:
        """The option that set the limit which was reached; empty where none was."""
        if self._deadline is not None and time.monotonic() >= self._deadline:
            return "--timeout"
        if self._cpu_end is not None and self._cpu_clock() >= self._cpu_end:
            return "--cpu-time"
        return ""

    def blocks(
        self,
        make: Callable[[], Iterator[bytes]],
        *,
        stall: Optional[float] = None,
        place: Optional[str] = None,
    ) -> Iterator[bytes]:
        """Yield a stream that is made and iterated in the background; empty blocks are left out.

        Args:
            make: called in the thread.
            stall: seconds without a block, where it differs.
            place: what all streams share that stop together, such as a file system: where one was stuck, the
                next ones are not even begun.

        Raises:
            StalledError: nothing came for too long, or the deadline passed.
            ForeignExitError: the stream wanted to end the program.
            Exception: whatever the stream raises.
        """
        if place in self._stuck_places:
            raise StalledError(f"{place!a} did not answer before")
        if self._left_behind >= MOST_LEFT_BEHIND:
            raise StalledError("too much did not answer before")
        errand = _Errand(make)
        if not self._send(errand):
            yield from self._impatient(make)
            return
        try:
            while True:
                blocks, end = self._wait(errand, stall, place)
                yield from blocks
                if isinstance(end, _EndError):
                    return
                if end is not None:
                    raise end
                errand.go_on()
        finally:
            errand.call_off()

    def call(self, compute: Callable[[], T], *, timeout: float) -> T:
        """Run a function in the background and return its value.

        Raises:
            StalledError: it did not return in time.
            ForeignExitError: it wanted to end the program.
            Exception: whatever it raises.
        """
        values: list[T] = []

        def stream() -> Iterator[bytes]:
            values.append(compute())
            yield from ()

        for _ in self.blocks(stream, stall=timeout):
            pass
        return values[0]

    def close(self) -> None:
        """End the thread; one that is stuck is a daemon and ends with the process."""
        thread = self._thread
        self._let_go()
        if thread is not None:
            # On its way out when the interpreter takes itself apart, it may crash the process.
            thread.join(CLOSING)

    def _let_go(self) -> None:
        if self._errands is not None:
            self._errands.put(None)
            self._errands = self._thread = None

    def _wait(
        self, errand: _Errand, stall: Optional[float], place: Optional[str]
    ) -> tuple[list[bytes], Optional[Exception]]:
        """Return the next parcel; the time before it was asked for does not count."""
        patience = self._stall if stall is None else stall
        begin = time.monotonic()
        while not self.is_late:
            now = time.monotonic()
            give_up = max(begin, errand.alive_at) + patience
            if self._deadline is not None:
                give_up = min(give_up, self._deadline)
            try:
                return errand.parcels.get(timeout=max(0.0, give_up - now))
            except queue.Empty:
                if max(begin, errand.alive_at) + patience > time.monotonic():
                    continue
            self._leave_behind()
            if stall is None:
                self._stall = max(min(self._stall, LEAST_STALL), self._stall / 2)
            if place is not None:
                self._stuck_places.add(place)
            raise StalledError(f"no answer for {patience:g} s")
        self._leave_behind()
        raise StalledError(f"{self.limit_reached} was reached")

    def _leave_behind(self) -> None:
        self._let_go()  # the next stream gets another thread
        self._left_behind += 1

    def _impatient(self, make: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
        """Yield a stream without a thread: none can be had, and a stream that hangs is the lesser evil."""
        try:
            for block in make():
                if self.is_late:
                    raise StalledError(f"{self.limit_reached} was reached")
                if block:
                    yield block
        except SystemExit as error:
            raise ForeignExitError(f"SystemExit: {error}") from None

    def _send(self, errand: _Errand) -> bool:
        """Have an errand run; False where the system has no thread to give."""
        if self._errands is None:
            errands: queue.SimpleQueue[Optional[_Errand]] = queue.SimpleQueue()
            thread = threading.Thread(target=_work, args=(errands,), name="osvc_diag reader", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                return False
            self._errands, self._thread = errands, thread
        self._errands.put(errand)
        return True


def _work(errands: queue.SimpleQueue[Optional[_Errand]]) -> None:
    while True:
        errand = errands.get()
        if errand is None:
            return
        errand.run()
