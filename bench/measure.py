"""Runs commands as whole processes, in turn, and prints medians and ratios: machines are noisy."""

from __future__ import annotations

import os
import statistics
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MB = 1_000_000  # bytes
GLANCE = 0.02  # seconds between two looks at the processes that a command started
COMPLETE = (0, 10)  # exit codes


@dataclass(frozen=True)
class Run:
    """What one command took, all processes together."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of user and system time."""
    rss: float
    """MB: the peak of each process, summed."""
    archive: int
    """Bytes of what it wrote; 0 where that is not known."""


@dataclass(frozen=True)
class Contestant:
    """A command to be measured."""

    name: str
    command: Sequence[str]
    environ: Optional[Mapping[str, str]] = None
    output: Optional[str] = None
    """The folder that it writes an archive to; it is emptied after each run."""


def run_once(contestant: Contestant) -> Run:
    """Run a command to its end; its output is thrown away."""
    environ = {**os.environ, **(contestant.environ or {})}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed was compiled before
    begin = time.perf_counter()
    process = subprocess.Popen(
        contestant.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environ
    )
    watch = _Watch(process.pid)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    rss = watch.stop() / MB
    if process.returncode not in COMPLETE:
        raise SystemExit(f"{contestant.name} ended with {process.returncode}")
    return Run(wall, usage.ru_utime + usage.ru_stime, rss, _emptied(contestant.output))


class _Watch:
    """Watches a process and those that it starts: the peak of each is what the system remembers of it.

    What wait4 tells is of no use: it counts what this process had when it forked.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peaks: dict[int, int] = {}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Return the sum of the peaks, in bytes."""
        self._is_over.set()
        self._thread.join()
        return sum(self._peaks.values())

    def _watch(self) -> None:
        while not self._is_over.wait(GLANCE):
            for pid in (self._pid, *_children(self._pid)):
                # The last one: before it runs its program, a child has all that this process has.
                self._peaks[pid] = _peak(pid) or self._peaks.get(pid, 0)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                for child in map(int, file.read().split()):
                    found += [child, *_children(child)]
    except OSError:
        pass  # it has ended
    return found


def _peak(pid: int) -> int:
    """Return the most memory that a process had so far, in bytes."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            return next((int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM")), 0)
    except OSError:
        return 0


def _emptied(folder: Optional[str]) -> int:
    """Remove what is in a folder, and return how large it was."""
    size = 0
    for name in os.listdir(folder) if folder else ():
        path = os.path.join(str(folder), name)
        size += os.path.getsize(path)
        os.unlink(path)
    return size


class Table:
    """Prints one table of all that is compared."""

    def __init__(self, rounds: int, *, has_head: bool = True) -> None:
        """Begin a table.

        Args:
            rounds: after one that warms up; 0 runs everything once.
            has_head: whether the columns' names are printed.
        """
        self._rounds = rounds
        if not has_head:
            return
        print(
            f"{'':<40}{'wall s':>9}{'CPU s':>9}{'RSS MB':>8}{'MB/s':>7}{'x as fast':>11}{'x CPU':>7}{'x size':>8}"
        )

    def with_rounds(self, rounds: int) -> Table:
        """Return the same table to go on in, with other rounds."""
        return Table(rounds, has_head=False)

    def compare(self, title: str, contestants: Sequence[Contestant], *, size: float = 0) -> None:
        """Run all in turn, round by round, and print medians; the first is what the others are compared with.

        Args:
            title: what is measured.
            contestants: the first one is the stock tool.
            size: bytes that each goes through; 0 prints no rate.
        """
        runs: dict[str, list[Run]] = {contestant.name: [] for contestant in contestants}
        for turn in range(self._rounds + 1):
            for contestant in contestants:
                run = run_once(contestant)
                if turn or not self._rounds:
                    runs[contestant.name].append(run)
        print(title)
        base = runs[contestants[0].name]
        for name, own in runs.items():
            self._print(name, own, base, size)

    def _print(self, name: str, own: Sequence[Run], base: Sequence[Run], size: float) -> None:
        wall = statistics.median(run.wall for run in own)
        speedup = statistics.median(other.wall / run.wall for other, run in zip(base, own))
        saving = statistics.median(other.cpu / run.cpu for other, run in zip(base, own) if run.cpu)
        growth = own[-1].archive / base[-1].archive if base[-1].archive else 0
        print(
            f"  {name:<38}{wall:9.3f}{statistics.median(run.cpu for run in own):9.3f}"
            f"{max(run.rss for run in own):8.0f}{_or_blank(size / MB / wall, '7.0f')}{speedup:11.2f}{saving:7.2f}"
            f"{_or_blank(growth, '8.3f')}",
            flush=True,
        )


def _or_blank(value: float, form: str) -> str:
    return f"{value:{form}}" if value else " " * int(form.partition(".")[0])


def compare(title: str, contestants: Sequence[Contestant], *, rounds: int, size: float = 0) -> None:
    """Print a table of one comparison."""
    Table(rounds).compare(title, contestants, size=size)
