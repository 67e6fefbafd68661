"""One command from its start to its end: moves what it writes, and watches the time and the sizes."""

from __future__ import annotations

import contextlib
import os
import selectors
import threading
import time
from typing import TYPE_CHECKING, Optional

from osvc_diag.commands.ending import Cause, Ending
from osvc_diag.commands.leftovers import end_leftovers
from osvc_diag.commands.output import Output
from osvc_diag.commands.process import Process
from osvc_diag.commands.programs import environment, find_program
from osvc_diag.ownership import UntrustedError
from osvc_diag.plugin.artifact import Stream

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from osvc_diag.plugin.artifact import Command

BLOCK = 64 * 1024  # bytes
TICK = 0.1  # seconds between two looks at the clock
SHORT_TICK = 0.005  # seconds: both outputs are closed, and the process is about to end
LINGER = 1.0  # seconds in which an output may stay open once the command itself is over
START_GRACE = 5.0  # seconds over the time limit, for a start that hangs: a program on a dead file system


class Running:
    """One run of a command; `run` is called in a worker's thread, all else by whoever reads."""

    def __init__(self, command: Command, streams: Sequence[Stream], mark: str) -> None:
        """Prepare.

        Args:
            command: what is run.
            streams: which of its outputs are wanted, in the order in which they will be read.
            mark: by which its processes are found.
        """
        self.command = command
        self.ending: Optional[Ending] = None
        """Set once it is over."""
        self.active = 0.0
        """Seconds that it ran without waiting for its reader."""
        self._mark = mark
        self._changed = threading.Condition()
        self._outputs = {
            stream: Output(self._changed, is_first=stream is streams[0], limit=command.limit)
            for stream in streams
        }
        self._stop: Optional[Cause] = None
        self._is_urgent = False
        self._started: Optional[float] = None
        self._is_moving = False
        self.worker: Optional[threading.Thread] = None
        """Whoever runs it."""

    @property
    def held(self) -> int:
        """Bytes in memory."""
        return sum(output.held for output in self._outputs.values())

    @property
    def is_stuck(self) -> bool:
        """Whether its start hangs: it is neither over nor heard of long after its time limit."""
        patience = self.command.timeout + START_GRACE
        is_asked_for = self._started is not None and self.ending is None and not self._is_moving
        return is_asked_for and time.monotonic() - (self._started or 0.0) > patience

    @property
    def streams(self) -> tuple[Stream, ...]:
        """Which of its outputs are wanted, the one that is read first first."""
        return tuple(self._outputs)

    def output(self, stream: Stream) -> Output:
        """Return one of its outputs."""
        return self._outputs[stream]

    def is_first(self, stream: Stream) -> bool:
        """Tell whether a stream is the one that is read first."""
        return stream is self.streams[0]

    def stop(self, cause: Cause, *, is_urgent: bool = False) -> None:
        """Have it end soon, for a reason; or not begin."""
        self._is_urgent = self._is_urgent or is_urgent
        if self._stop is None:
            self._stop = cause
        for output in self._outputs.values():
            output.on_taken()

    def finish(self, ending: Ending) -> None:
        """Say how it ended, unless that was said already, and that nothing follows."""
        if self.ending is None:
            self.ending = ending
        for output in self._outputs.values():
            output.close()

    def run(self, deadline: Optional[float], before: Collection[int], folders: Sequence[str]) -> None:
        """Run it to its end; never raises.

        Args:
            deadline: on the clock of time.monotonic.
            before: processes that were there before the run.
            folders: where its program is looked for.
        """
        self._started = time.monotonic()
        self.worker = threading.current_thread()
        try:
            self.finish(self._run(deadline, before, folders))
        except FileNotFoundError as error:
            self.finish(Ending(Cause.MISSING, detail=_said(error)))
        except PermissionError as error:
            self.finish(Ending(Cause.DENIED, detail=_said(error)))
        except UntrustedError as error:
            self.finish(Ending(Cause.UNTRUSTED, detail=str(error)))
        except (OSError, ValueError) as error:
            self.finish(Ending(Cause.NOT_STARTED, detail=_said(error)))
        except Exception as error:  # noqa: BLE001 - whatever it is, it costs this command alone
            self.finish(Ending(Cause.GIVEN_UP, detail=_said(error)))

    def _run(self, deadline: Optional[float], before: Collection[int], folders: Sequence[str]) -> Ending:
        if self._stop is not None:
            return Ending(self._stop)
        program = find_program(self.command.argv[0], folders)
        process = Process(
            program,
            self.command.argv,
            environment(self.command, self._mark, folders),
            out=Stream.OUT in self._outputs,
            err=Stream.ERR in self._outputs,
        )
        self._is_moving = True
        try:
            return self._watch(process, deadline, before)
        except BaseException:
            process.end(lambda: True)
            raise
        finally:
            process.close()

    def _watch(self, process: Process, deadline: Optional[float], before: Collection[int]) -> Ending:
        pump = _Pump(process, self)
        try:
            cause = pump.move(deadline)
            rc = process.end(lambda: self._is_urgent)
            if not pump.drain():
                end_leftovers(self._mark, list(filter(None, map(_pipe_name, pump.open_pipes))), before)
                pump.drain()
            # What still holds a pipe now is left alone: our end of it is closed.
            detail = "and could not be found" if pump.open_pipes else "and was ended"
            return Ending(cause, rc, self.active, detail)
        finally:
            pump.close()

    @property
    def asked_to_stop(self) -> Optional[Cause]:
        """Why it is to end; None where it may go on."""
        return self._stop


class _Pump:
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


def _said(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        name = f": {error.filename}" if isinstance(error.filename, str) else ""
        return f"{error.strerror}{name}"
    return str(error) or type(error).__name__


def _pipe_name(fd: int) -> Optional[str]:
    """Return what /proc calls a pipe."""
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        return None
