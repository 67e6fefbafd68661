"""What a run works with: its clock, its limits, who reads and who runs commands; all ends with the run."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from osvc_diag import events
from osvc_diag.commands.pool import CommandPool
from osvc_diag.reading.patience import PatientReader
from osvc_diag.redaction.helper import Helpers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.clock import Clock
    from osvc_diag.run.request import Request


class Means:
    """A context manager: at its end no thread, no helper and no command of the run is left."""

    def __init__(self, request: Request, clock: Clock, on_event: events.Listener, *, spent: float) -> None:
        """Prepare; nothing is started yet.

        Args:
            request: its limits count from now on.
            clock: tells how long each phase takes.
            on_event: is told when one begins.
            spent: seconds of the time limit that are over already.
        """
        self.clock = clock
        self.on_event = on_event
        self.deadline = None if request.timeout is None else time.monotonic() + request.timeout - spent
        """On the clock of time.monotonic, in seconds; None is never."""
        self.helpers = Helpers(request.jobs)
        self.patient = PatientReader(
            deadline=self.deadline, cpu_time=request.cpu_time, cpu_clock=self._cpu_seconds
        )
        self.commands = CommandPool(deadline=self.deadline)
        self.seconds: dict[str, float] = {}
        """That each phase took, once it is over."""

    def __enter__(self) -> Means:
        return self

    def __exit__(self, *_error: object) -> None:
        self.helpers.close()
        self.patient.close()
        self.commands.close()

    @contextmanager
    def phase(self, name: str, *, announce: bool = True) -> Iterator[None]:
        """Time a phase, and announce it unless it announces itself."""
        if announce:
            self.on_event(events.PhaseStarted(name))
        begin = self.clock.seconds()
        yield
        self.seconds[name] = self.clock.seconds() - begin

    def _cpu_seconds(self) -> float:
        return time.process_time() + self.helpers.cpu_seconds
