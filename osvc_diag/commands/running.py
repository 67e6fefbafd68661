"""One command from its start to its end, whatever that is."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Optional

from osvc_diag.commands.ending import Cause, Ending
from osvc_diag.commands.leftovers import end_leftovers
from osvc_diag.commands.output import Output
from osvc_diag.commands.process import Process
from osvc_diag.commands.programs import environment, find_program
from osvc_diag.commands.pump import Pump
from osvc_diag.ownership import UntrustedError
from osvc_diag.plugin.sources import Stream

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from osvc_diag.plugin.sources import Command

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
        pump = Pump(process, self)
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
