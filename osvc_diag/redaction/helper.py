"""A second process that looks for patterns: this end of it. What it does is `scan.py`.

It is asked for the offsets of blocks, and answers in the order of the questions. Whatever goes wrong with it,
it is killed and given up for good, and what it was asked is to be found out here. Patterns and blocks go
through a pipe, and nothing that comes back is taken for more than a list of offsets in the block.
"""

from __future__ import annotations

import contextlib
import copy
import fcntl
import math
import os
import select
import struct
import subprocess
import time
from collections import deque
from typing import TYPE_CHECKING, Optional

from osvc_diag.interpreter import own_interpreter
from osvc_diag.redaction import scan as program
from osvc_diag.redaction.finder import EngineError
from osvc_diag.redaction.scan import ANSWER, ASK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osvc_diag.redaction.scan import Scan

MOST_ASKED = 2  # blocks at once: it begins with the next one without waiting for us
PATIENCE = 10.0  # seconds without an answer, and more for what there is to look through
SLOWEST = 256 * 1024  # bytes a second; `re` does two hundred times as much on an idle processor
_LOOK = 0.5  # seconds; in one look no more than that is counted: with Ctrl-Z, both processes were stopped
_READ = 64 * 1024  # bytes
_PIPES = (4 * 1024 * 1024, 1024 * 1024)  # bytes that may wait for it; root gets the first, others the second
_SET_SIZE = 1031  # F_SETPIPE_SZ, in Python since 3.10
_OFFSET = 4  # bytes
_VARIABLES = ("LD_LIBRARY_PATH",)  # where some Pythons find their own library; others may hold a password
_LAST_WORD = 2.0  # seconds for a killed process to be gone


class Asked:
    """A block that a helper was asked about."""

    def __init__(self, helper: Helper, number: int, size: int) -> None:
        self.answer: Optional[list[int]] = None
        self.number = number
        self.size = size
        self._helper = helper

    @property
    def is_over(self) -> bool:
        """Whether there is no more to come."""
        return self.answer is not None or self._helper.is_lost

    @property
    def offsets(self) -> Optional[list[int]]:
        """Sorted; None without an answer, and where the helper was given up: nothing of it counts then."""
        return None if self._helper.is_lost else self.answer

    def wait(self) -> Optional[list[int]]:
        """Return the offsets; None where the helper was given up."""
        if not self.is_over:
            self._helper.wait_for(self)
        return self.offsets


class Helper:
    """A process that looks at blocks; for one thread."""

    def __init__(self, scan: Scan) -> None:
        """Begin it.

        Raises:
            EngineError: that cannot be done here.
        """
        self.is_lost = False
        self.cpu_seconds = 0.0
        """Of a processor, as it told last."""
        self._asked: deque[Asked] = deque()
        self._number = 0
        self._outbox: deque[memoryview] = deque()
        self._inbox = bytearray()
        self._process = _started()
        self._stdin, self._stdout = _ends(self._process)
        self._put(scan.packed(), are_patterns=True)

    def turned_to(self, scan: Scan) -> Helper:
        """Have the process look for something else.

        This one is lost, with all that it was asked; what is returned goes on with the process.
        """
        other = copy.copy(self)
        self.is_lost = True
        other._put(scan.packed(), are_patterns=True)  # noqa: SLF001 - of its own kind
        return other

    @property
    def room(self) -> int:
        """How many blocks it may be asked about."""
        self._exchange()
        return 0 if self.is_lost else MOST_ASKED - len(self._asked)

    def ask(self, block: bytes) -> Asked:
        """Have it look at a block."""
        asked = self._put(block)
        self._exchange()
        return asked

    def wait_for(self, asked: Asked) -> None:
        """Wait until it has answered, or is given up: it is gone, or the time is over."""
        left = PATIENCE + sum(one.size for one in self._asked) / SLOWEST
        while not asked.is_over and left > 0:
            begin = time.monotonic()
            self._exchange(_LOOK)
            left -= min(_LOOK, time.monotonic() - begin)
        if not asked.is_over:
            self.end()

    def end(self) -> None:
        """Kill it: it has nothing to lose."""
        if self.is_lost:
            return
        self.is_lost = True
        self._asked.clear()
        self._outbox.clear()
        self._inbox.clear()
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST_WORD)

    def _put(self, data: bytes, *, are_patterns: bool = False) -> Asked:
        asked = Asked(self, self._number, len(data))
        self._number += 1
        self._asked.append(asked)
        self._outbox += (memoryview(ASK.pack(are_patterns, asked.number, len(data))), memoryview(data))
        return asked

    def _exchange(self, seconds: float = 0.0) -> None:
        """Send what it takes and read what it has answered; wait for either, if need be."""
        if self.is_lost:
            return
        try:
            if seconds:
                _wait(self._stdout, self._stdin if self._outbox else None, seconds)
            with contextlib.suppress(BlockingIOError):
                self._send()
            with contextlib.suppress(BlockingIOError):
                self._receive()
        except (OSError, EngineError):
            self.end()

    def _send(self) -> None:
        while self._outbox:
            left = self._outbox[0]
            left = left[os.write(self._stdin, left) :]
            if left:
                self._outbox[0] = left
            else:
                self._outbox.popleft()

    def _receive(self) -> None:
        while True:
            data = os.read(self._stdout, _READ)
            if not data:
                raise EngineError("it is gone")
            self._inbox += data
            while self._take_answer():
                pass

    def _take_answer(self) -> bool:
        """Take one answer, if there is a whole one.

        Raises:
            EngineError: that is no answer to what was asked.
        """
        if len(self._inbox) < ANSWER.size:
            return False
        number, count, seconds = ANSWER.unpack_from(self._inbox)
        if not self._asked or number != self._asked[0].number or count > self._asked[0].size:
            raise EngineError("an answer to something else")
        size = ANSWER.size + count * _OFFSET
        if len(self._inbox) < size:
            return False
        offsets = list(struct.unpack_from(f"<{count}I", self._inbox, ANSWER.size))
        if not _is_sorted(offsets, self._asked[0].size) or not self.cpu_seconds <= seconds < math.inf:
            raise EngineError("no offsets of the block")
        self._asked.popleft().answer, self.cpu_seconds = offsets, seconds
        del self._inbox[:size]
        return True


class Helpers:
    """All helpers of a run: they look for one thing at a time, and end with the run."""

    def __init__(self, jobs: int) -> None:
        """Prepare; none begins before a finder needs it.

        Args:
            jobs: processes that may work at once, this one included; more than there are processors are none.
        """
        self._most = min(jobs, _processors()) - 1
        self._working: list[Helper] = []
        self._ended_seconds = 0.0

    @property
    def cpu_seconds(self) -> float:
        """Of processors, for all of them until now."""
        return self._ended_seconds + sum(helper.cpu_seconds for helper in self._working)

    def start(self, scan: Scan) -> list[Helper]:
        """Have as many as may be look for something, those that looked for something else first."""
        self._ended_seconds += sum(helper.cpu_seconds for helper in self._working if helper.is_lost)
        self._working = [helper.turned_to(scan) for helper in self._working if not helper.is_lost]
        with contextlib.suppress(EngineError):
            while len(self._working) < self._most:
                self._working.append(Helper(scan))
        return list(self._working)

    def close(self) -> None:
        """End them."""
        self._ended_seconds = self.cpu_seconds
        working, self._working = self._working, []
        for helper in working:
            helper.end()


def _processors() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):  # not Linux
        return os.cpu_count() or 1


def _started() -> subprocess.Popen[bytes]:
    """Return the program, run by this interpreter, with nothing of the site's own imported."""
    python = own_interpreter()
    if python is None or not os.path.isfile(program.__file__):
        raise EngineError("there is no Python that could run it")
    try:
        return subprocess.Popen(  # noqa: S603 - no shell
            [python, "-I", "-S", "-B", os.path.abspath(program.__file__)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            env={name: os.environ[name] for name in _VARIABLES if name in os.environ},
        )
    except (OSError, ValueError) as error:
        raise EngineError(f"it does not start: {error}") from None


def _ends(process: subprocess.Popen[bytes]) -> tuple[int, int]:
    """Return our ends of its pipes; nothing that is done with them waits."""
    if process.stdin is None or process.stdout is None:
        raise EngineError("it has no pipes")
    ends = process.stdin.fileno(), process.stdout.fileno()
    for end in ends:
        os.set_blocking(end, False)
    for size in _PIPES:
        with contextlib.suppress(OSError):
            fcntl.fcntl(ends[0], _SET_SIZE, size)
            break
    return ends


def _wait(readable: int, writable: Optional[int], seconds: float) -> None:
    poll = select.poll()
    poll.register(readable, select.POLLIN)
    if writable is not None:
        poll.register(writable, select.POLLOUT)
    poll.poll(seconds * 1000)


def _is_sorted(offsets: Iterable[int], size: int) -> bool:
    """Return whether these are offsets of a block in order, none of them twice."""
    before = -1
    for offset in offsets:
        if not before < offset < size:
            return False
        before = offset
    return True
