"""Moves what a process writes into its outputs, as far as there is room, and says when it is to end."""

from __future__ import annotations

import contextlib
import os
import selectors
import threading
import time
from typing import TYPE_CHECKING, Optional

from osvc_diag.commands.ending import Cause
from osvc_diag.plugin.sources import Stream

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osvc_diag.commands.output import Output
    from osvc_diag.commands.process import Process
    from osvc_diag.commands.running import Running

BLOCK = 64 * 1024  # bytes
TICK = 0.1  # seconds between two looks at the clock
SHORT_TICK = 0.005  # seconds: both outputs are closed, and the process is about to end
LINGER = 1.0  # seconds in which an output may stay open once the command itself is over


class Pump:
    """Moves what a process writes into its outputs, as far as there is room."""

    def __init__(self, process: Process, running: Running) -> None:
        self._process = process
        self._running = running
        self._selector = selectors.DefaultSelector()
        self._bell, ringer = os.pipe()
        os.set_blocking(self._bell, False)
        os.set_blocking(ringer, False)
        self._ringer = ringer
        self._ring_lock = threading.Lock()
        self._is_closed = False
        self._open: dict[int, Output] = {}
        for fd, stream in zip(process.pipes, (Stream.OUT, Stream.ERR)):
            if fd is not None:
                self._open[fd] = running.output(stream)
                running.output(stream).on_taken = self._ring

    @property
    def open_pipes(self) -> list[int]:
        """Descriptors of the outputs that somebody may still write to."""
        return list(self._open)

    def move(self, deadline: Optional[float]) -> Cause:
        """Move until the command ends or has to be ended, and say why."""
        running = self._running
        exited_at: Optional[float] = None
        last = time.monotonic()
        self._selector.register(self._bell, selectors.EVENT_READ)
        registered: set[int] = set()
        while True:
            readable = {fd for fd, output in self._open.items() if output.free}
            is_waiting = len(readable) < len(self._open)
            for fd in registered - readable:
                self._selector.unregister(fd)
            for fd in readable - registered:
                self._selector.register(fd, selectors.EVENT_READ)
            registered = readable
            tick = TICK if self._open else SHORT_TICK
            self._read(key.fd for key, _ in self._selector.select(tick))
            now = time.monotonic()
            if not is_waiting:
                running.active += now - last
            last = now
            cause = self._reason_to_end(now, deadline)
            if cause is not None:
                return cause
            registered &= self._open.keys()
            if self._process.has_exited():
                exited_at = running.active if exited_at is None else exited_at
                if not self._open:
                    return Cause.ITSELF
                if running.active - exited_at > LINGER:
                    return Cause.LEFT_OPEN

    def _reason_to_end(self, now: float, deadline: Optional[float]) -> Optional[Cause]:
        running = self._running
        if running.asked_to_stop is not None:
            return running.asked_to_stop
        if any(output.is_over_limit for output in self._open.values()):
            return Cause.LIMIT
        if running.active > running.command.timeout:
            return Cause.TIMEOUT
        if deadline is not None and now >= deadline:
            return Cause.DEADLINE
        return None

    def drain(self) -> bool:
        """Take what is left in the pipes, and tell whether all of them came to their end.

        A pipe holds little, and nobody reads on once an output is full.
        """
        for fd in list(self._open):
            while fd in self._open and self._open[fd].free and not self._open[fd].is_over_limit:
                if not self._read([fd]):
                    break
        return not self._open

    def close(self) -> None:
        """Let go of all but the pipes, which are the process's."""
        self._selector.close()
        with self._ring_lock:
            self._is_closed = True
            os.close(self._bell)
            os.close(self._ringer)

    def _read(self, fds: Iterable[int]) -> bool:
        """Read once from each; tell whether anything came or ended."""
        is_anything = False
        for fd in fds:
            if fd == self._bell:
                with contextlib.suppress(OSError):
                    os.read(fd, BLOCK)
                continue
            output = self._open[fd]
            try:
                block = os.read(fd, min(BLOCK, output.free))
            except BlockingIOError:
                continue
            except OSError:
                block = b""
            is_anything = True
            if block:
                output.feed(block)
            else:
                del self._open[fd]
                with contextlib.suppress(KeyError, ValueError):
                    self._selector.unregister(fd)
        return is_anything

    def _ring(self) -> None:
        with self._ring_lock, contextlib.suppress(OSError):
            if not self._is_closed:
                os.write(self._ringer, b"!")
