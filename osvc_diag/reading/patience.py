"""Runs what may hang in a thread that can be left behind: a dead NFS server, a plugin that never returns."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import TYPE_CHECKING, Callable, Optional

if TYPE_CHECKING:
    from collections.abc import Iterator

AHEAD = 4  # blocks that the thread may be ahead
STALL = 15.0  # seconds without a block, after which a source counts as stuck

_END = object()


class StalledError(Exception):
    """Nothing came for so long that the source was given up; the text says how long."""


class ForeignExitError(Exception):
    """What was called wanted to end the program; the text says how."""


class _Errand:
    """One stream to be fetched by the thread, and the way to call it off."""

    def __init__(self, make: Callable[[], Iterator[bytes]]) -> None:
        self.make = make
        self.results: queue.Queue[object] = queue.Queue(AHEAD)
        self.is_off = threading.Event()

    def run(self) -> None:
        try:
            stream = self.make()
            for block in stream:
                if not self._put(block):
                    with contextlib.suppress(AttributeError):
                        stream.close()  # type: ignore[attr-defined]
                    return
            self._put(_END)
        except Exception as error:  # noqa: BLE001 - handed over to the thread that waits
            self._put(error)
        except BaseException as error:  # noqa: BLE001 - a plugin that exits would end the program there
            self._put(ForeignExitError(f"{type(error).__name__}: {error}"))

    def _put(self, item: object) -> bool:
        while not self.is_off.is_set():
            with contextlib.suppress(queue.Full):
                self.results.put(item, timeout=0.5)
                return True
        return False


class PatientReader:
    """Fetches streams in one background thread; a thread that is stuck is replaced, never waited for."""

    def __init__(self, *, deadline: Optional[float] = None, stall: float = STALL) -> None:
        """Prepare; no thread runs before the first stream.

        Args:
            deadline: on the clock of time.monotonic, in seconds; None is never.
            stall: seconds without a block.
        """
        self._deadline = deadline
        self._stall = stall
        self._errands: Optional[queue.Queue[Optional[_Errand]]] = None

    @property
    def is_late(self) -> bool:
        """Whether the deadline has passed."""
        return self._deadline is not None and time.monotonic() >= self._deadline

    def blocks(
        self, make: Callable[[], Iterator[bytes]], *, stall: Optional[float] = None
    ) -> Iterator[bytes]:
        """Yield a stream that is made and iterated in the background.

        Args:
            make: called in the thread.
            stall: seconds without a block, where it differs.

        Raises:
            StalledError: nothing came for too long, or the deadline passed.
            Exception: whatever the stream raises.
        """
        errand = _Errand(make)
        self._send(errand)
        patience = self._stall if stall is None else stall
        try:
            while True:
                item = self._wait(errand, patience)
                if item is _END:
                    return
                if isinstance(item, Exception):
                    raise item
                assert isinstance(item, bytes)
                yield item
        finally:
            errand.is_off.set()

    def call(self, compute: Callable[[], object], *, timeout: float) -> None:
        """Run a function in the background, for its effects.

        Raises:
            StalledError: it did not return in time.
            Exception: whatever it raises.
        """

        def stream() -> Iterator[bytes]:
            compute()
            yield from ()

        for _ in self.blocks(stream, stall=timeout):
            pass

    def close(self) -> None:
        """Let the thread go; one that is stuck is a daemon and ends with the process."""
        if self._errands is not None:
            self._errands.put(None)
            self._errands = None

    def _wait(self, errand: _Errand, patience: float) -> object:
        if self._deadline is not None:
            patience = max(0.0, min(patience, self._deadline - time.monotonic()))
        try:
            return errand.results.get(timeout=patience)
        except queue.Empty:
            self.close()  # the thread is stuck: the next stream gets another one
            if self.is_late:
                raise StalledError("--timeout was reached") from None
            raise StalledError(f"no answer for {patience:g} s") from None

    def _send(self, errand: _Errand) -> None:
        if self._errands is None:
            self._errands = queue.Queue()
            threading.Thread(
                target=_work, args=(self._errands,), name="osvc_diag reader", daemon=True
            ).start()
        self._errands.put(errand)


def _work(errands: queue.Queue[Optional[_Errand]]) -> None:
    while True:
        errand = errands.get()
        if errand is None:
            return
        errand.run()
