"""One process with its own session: started without a shell or a terminal, ended with its whole group."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Callable, Optional

from osvc_diag.commands.lifeline import Lifeline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NICE = 10
IO_LEVEL = 7  # the lowest of best effort: an idle class would starve on a busy disk until the time limit
GRACE = 2.0  # seconds between SIGTERM and SIGKILL
REST_GRACE = 0.5  # seconds that others of its group have, once it is over itself
LAST_GRACE = 2.0  # seconds after SIGKILL; what is still there then is stuck in the kernel
POLL = 0.005  # seconds


class Process:
    """A started program; `end` leaves nothing of its group behind."""

    def __init__(
        self, program: str, argv: Sequence[str], environ: Mapping[str, str], *, out: bool, err: bool
    ) -> None:
        """Start it.

        Args:
            program: absolute path.
            argv: what it is told; its own name first.
            environ: all that it sees.
            out: whether its standard output is wanted.
            err: the same for its standard error.

        Raises:
            OSError: as the system says.
            ValueError: an argument that no program can be given.
        """
        self._popen = subprocess.Popen(  # noqa: S603 - no shell
            list(argv),
            executable=program,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if out else subprocess.DEVNULL,
            stderr=subprocess.PIPE if err else subprocess.DEVNULL,
            bufsize=0,
            env=dict(environ),
            cwd="/",
            close_fds=True,
            start_new_session=True,
            umask=0o077,
        )
        self.pid = self._popen.pid
        self._lifeline = Lifeline(self.pid)
        pipes = (self._popen.stdout, self._popen.stderr)
        self.pipes = tuple(None if pipe is None else pipe.fileno() for pipe in pipes)
        """Descriptors of both outputs, in this order; they are closed by `close`."""
        for fd in self.pipes:
            if fd is not None:
                os.set_blocking(fd, False)
        _lower_priority(self.pid)

    def has_exited(self) -> bool:
        """Tell whether it is over. It stays a zombie: so its group's id is nobody else's yet."""
        if self._popen.returncode is not None or not hasattr(os, "waitid"):
            return self._popen.poll() is not None
        with contextlib.suppress(ChildProcessError):
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        return True

    def end(self, is_urgent: Callable[[], bool] = bool) -> Optional[int]:
        """End its whole group, and return its exit code, negative for a signal.

        None where it does not end: the kernel holds it.

        Args:
            is_urgent: says that there is no time for SIGTERM to be heeded.
        """
        self._signal(signal.SIGTERM)
        _wait(self._is_reaped, GRACE, is_urgent)
        if self._popen.returncode is not None:
            _wait(self._is_alone, REST_GRACE, is_urgent)
        if not self._is_alone():
            self._signal(signal.SIGKILL)
            _wait(self._is_reaped, LAST_GRACE, bool)
        self._lifeline.let_go()
        return self._popen.returncode

    def close(self) -> None:
        """Let go of its outputs."""
        for pipe in (self._popen.stdout, self._popen.stderr):
            if pipe is not None:
                pipe.close()

    def _is_reaped(self) -> bool:
        return self._popen.poll() is not None

    def _is_alone(self) -> bool:
        """Tell whether it is over, and nothing of its group is left."""
        return self._popen.returncode is not None and not self._has_group()

    def _has_group(self) -> bool:
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        except OSError:
            return True
        return True

    def _signal(self, number: signal.Signals) -> None:
        # The group's id cannot be anybody else's: the process is not reaped yet, or its group was just seen.
        if self._popen.returncode is None or self._has_group():
            with contextlib.suppress(OSError):
                os.killpg(self.pid, number)


def _wait(is_done: Callable[[], bool], seconds: float, is_urgent: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while not is_done() and not is_urgent() and time.monotonic() < until:
        time.sleep(POLL)


def _lower_priority(pid: int) -> None:
    """Have the rest of the node go first."""
    with contextlib.suppress(OSError):
        nice = max(NICE, os.getpriority(os.PRIO_PROCESS, 0))
        os.setpriority(os.PRIO_PGRP, pid, nice)
    with contextlib.suppress(Exception):  # not every system has it, and the command runs all the same
        import psutil  # noqa: PLC0415 - slow to import

        process = psutil.Process(pid)
        if process.ionice().ioclass != psutil.IOPRIO_CLASS_IDLE:
            process.ionice(psutil.IOPRIO_CLASS_BE, IO_LEVEL)
