"""All commands of a run: several at once, ahead of whoever reads them, and in the order of the plan."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from typing import TYPE_CHECKING, Optional

from osvc_diag.commands.ending import Cause, Ending, settle
from osvc_diag.commands.leftovers import end_leftovers, running_pids
from osvc_diag.commands.programs import SYSTEM_FOLDERS
from osvc_diag.commands.running import Running
from osvc_diag.plugin.sources import CommandSource
from osvc_diag.reading.blocks import BrokenOffError, whole_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osvc_diag.plugin.artifact import Artifact
    from osvc_diag.plugin.sources import Command, Stream
    from osvc_diag.reading.outcome import Outcome

JOBS = 4  # commands at once: most of them wait for the daemon, or start an interpreter
MOST_HELD = 4 * 1024 * 1024  # bytes of output in memory, above which no other command is started
ALL_TIMEOUT = 480.0  # seconds that all commands together may run, each one's time counted
CLOSING = 8.0  # seconds for the ends of all; each one's SIGTERM and SIGKILL have their time in it


class CommandPool:
    """Runs the commands of a plan in the background."""

    def __init__(
        self,
        *,
        deadline: Optional[float] = None,
        folders: Sequence[str] = SYSTEM_FOLDERS,
        jobs: int = JOBS,
    ) -> None:
        """Prepare; nothing runs before `start`.

        Args:
            deadline: on the clock of time.monotonic, in seconds; None is never.
            folders: where programs are looked for.
            jobs: commands at once.
        """
        self._deadline = deadline
        self._folders = tuple(folders)
        self._jobs = jobs
        self._mark = secrets.token_hex(8)
        self._runs: list[Running] = []
        self._by_name: dict[str, Running] = {}
        self._places: dict[Running, int] = {}
        self._taken: list[Running] = []
        """Those that run, or hold something; of thousands the others need not be asked each time."""
        self._used = 0.0
        """Seconds that all others ran."""
        self._wake = threading.Condition()
        self._next = 0
        self._passed = 0
        self._workers: list[threading.Thread] = []
        self._is_closed = False
        self._before: frozenset[int] = frozenset()

    def start(self, artifacts: Iterable[Artifact]) -> None:
        """Begin to run commands.

        Args:
            artifacts: in the order in which they will be read; those that are no outputs are passed over.
        """
        self._arrange(artifacts)
        if self._runs:
            self._before = running_pids()
            for _ in range(min(self._jobs, len(self._runs))):
                self._hire()
            if not self._workers:
                for running in self._runs:
                    running.finish(Ending(Cause.NOT_STARTED, detail="the system gives no thread"))

    def blocks(self, artifact: Artifact, outcome: Outcome) -> Iterator[bytes]:
        """Yield one stream of a command, whole lines of it, and fill in what became of it.

        Args:
            artifact: of the plan; each is read once, and those before it in the plan not after it.
            outcome: is filled in.
        """
        source = artifact.source
        assert isinstance(source, CommandSource), "other sources are read by a SourceReader"
        running = self._by_name[artifact.name]
        self._give_up_before(running)
        output = running.output(source.stream)
        lines = whole_lines(output.read(lambda: _is_whole(running), lambda: self._look_after(running)))
        stream = _until_broken_off(lines)
        try:
            yield from source.transform(stream) if source.transform else stream
            ending = running.ending or Ending(Cause.UNREAD)
            outcome.source_bytes = output.seen
            outcome.left_out_bytes = output.seen - output.kept
            tells = running.is_first(source.stream)
            settle(outcome, source.command, ending, is_cut=output.is_cut, tells=tells)
            outcome.is_kept = output.kept > 0 or (tells and outcome.state == "ok")
            outcome.is_told = tells or outcome.is_kept
        finally:
            output.give_up()
            if running.ending is None:
                running.stop(Cause.UNREAD)
            self._nudge()

    def close(self) -> None:
        """End all that still runs, and what got away from it; nothing of a run outlives this."""
        if self._is_closed or not self._runs:
            return
        self._is_closed = True
        workers = list(self._workers)
        try:
            self._stop_all()
            self._nudge()
            until = time.monotonic() + CLOSING
            for worker in workers:
                worker.join(max(0.0, until - time.monotonic()))
        except BaseException:
            self._stop_all(is_urgent=True)  # a second Ctrl-C: no time for SIGTERM to be heeded
            for worker in workers:
                worker.join(1.0)
            raise
        finally:
            end_leftovers(self._mark, (), self._before)

    def _arrange(self, artifacts: Iterable[Artifact]) -> None:
        """Find out which artifacts are made of one run: one of each stream of equal commands."""
        wanted: list[tuple[Command, list[tuple[Stream, str]]]] = []
        last: dict[Command, list[tuple[Stream, str]]] = {}
        for artifact in artifacts:
            source = artifact.source
            if not isinstance(source, CommandSource):
                continue
            streams = last.get(source.command)
            if streams is None or any(stream is source.stream for stream, _ in streams):
                streams = last[source.command] = []
                wanted.append((source.command, streams))
            streams.append((source.stream, artifact.name))
        for number, (command, streams) in enumerate(wanted):
            running = Running(command, [stream for stream, _ in streams], f"{self._mark}-{number}-")
            self._places[running] = number
            self._runs.append(running)
            self._by_name.update((name, running) for _, name in streams)

    def _hire(self) -> None:
        worker = threading.Thread(target=self._work, name="osvc_diag command", daemon=True)
        with contextlib.suppress(RuntimeError):  # the node is at its limits: fewer serve as well
            worker.start()
            self._workers.append(worker)

    def _work(self) -> None:
        while True:
            running = self._take()
            if running is None:
                return
            running.run(self._deadline, self._before, self._folders)
            self._nudge()

    def _take(self) -> Optional[Running]:
        """Return the next command, once there is memory for what it will write."""
        with self._wake:
            while not self._is_closed and self._next < len(self._runs):
                self._forget_what_is_over()
                # The one that is waited for is started in any case: it may be others that hold so much.
                is_wanted = self._next <= self._passed
                if is_wanted or sum(running.held for running in self._taken) <= MOST_HELD:
                    running = self._runs[self._next]
                    self._next += 1
                    used = self._used + sum(other.active for other in self._taken)
                    self._taken.append(running)
                    if used > ALL_TIMEOUT:
                        running.finish(
                            Ending(Cause.BUDGET, detail=f"all commands together ran {used:.0f} s before")
                        )
                        continue
                    return running
                self._wake.wait(1.0)
        return None

    def _forget_what_is_over(self) -> None:
        is_over = [running.ending is not None and not running.held for running in self._taken]
        self._used += sum(running.active for running, over in zip(self._taken, is_over) if over)
        self._taken = [running for running, over in zip(self._taken, is_over) if not over]

    def _nudge(self) -> None:
        with self._wake:
            self._wake.notify_all()

    def _give_up_before(self, running: Running) -> None:
        """Let go of the commands whose turn passed without anybody reading them."""
        if self._places[running] < self._passed:
            return  # its second output
        while self._runs[self._passed] is not running:
            other = self._runs[self._passed]
            self._passed += 1
            other.output(other.streams[0]).give_up()
            if other.ending is None:
                other.stop(Cause.UNREAD)
        self._nudge()

    def _look_after(self, running: Running) -> None:
        """Replace the worker that hangs in starting a command."""
        if running.is_stuck:
            running.stop(Cause.UNREAD)
            running.finish(Ending(Cause.NOT_STARTED, detail="its program does not answer"))
            self._workers = [worker for worker in self._workers if worker is not running.worker]
            self._hire()

    def _stop_all(self, *, is_urgent: bool = False) -> None:
        for running in self._runs:
            if running.ending is None:
                running.stop(Cause.UNREAD, is_urgent=is_urgent)


def _is_whole(running: Running) -> bool:
    ending = running.ending
    return ending is not None and ending.cause is Cause.ITSELF and (ending.rc or 0) >= 0


def _until_broken_off(lines: Iterator[bytes]) -> Iterator[bytes]:
    """End where a stream breaks off: what came before is worth having, and the outcome tells the rest."""
    with contextlib.suppress(BrokenOffError):
        yield from lines
