"""Runs commands as whole processes, in turn, and prints medians and ratios: machines are noisy."""

from __future__ import annotations

import os
import statistics
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MB = 1_000_000  # bytes


@dataclass(frozen=True)
class Run:
    """What one process took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of user and system time."""
    rss: float
    """MB at its peak."""


@dataclass(frozen=True)
class Contestant:
    """A command to be measured."""

    name: str
    command: Sequence[str]
    environ: Optional[Mapping[str, str]] = None


def run_once(contestant: Contestant) -> Run:
    """Run a command to its end; its output is thrown away."""
    environ = {**os.environ, **(contestant.environ or {})}
    begin = os.times().elapsed
    process = subprocess.Popen(
        contestant.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environ
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = os.times().elapsed - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 10):
        raise SystemExit(f"{contestant.name} ended with {process.returncode}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / MB)


def compare(title: str, contestants: Sequence[Contestant], *, rounds: int, size: float = 0) -> None:
    """Run all in turn, round by round, and print medians; the first is what the others are compared with.

    Args:
        title: what is measured.
        contestants: the first one is the stock tool.
        rounds: after one that warms up.
        size: bytes that each goes through; 0 prints no rate.
    """
    runs: dict[str, list[Run]] = {contestant.name: [] for contestant in contestants}
    for turn in range(rounds + 1):
        for contestant in contestants:
            run = run_once(contestant)
            if turn:
                runs[contestant.name].append(run)
    print(f"\n{title}")
    print(f"{'':<38}{'wall s':>9}{'CPU s':>9}{'RSS MB':>9}{'MB/s':>9}{'x as fast':>11}{'x CPU':>9}")
    base = runs[contestants[0].name]
    for name, own in runs.items():
        wall = statistics.median(run.wall for run in own)
        speedup = statistics.median(other.wall / run.wall for other, run in zip(base, own))
        saving = statistics.median(other.cpu / run.cpu for other, run in zip(base, own) if run.cpu)
        rate = f"{size / MB / wall:9.0f}" if size else f"{'':>9}"
        print(
            f"{name:<38}{wall:9.3f}{statistics.median(run.cpu for run in own):9.3f}"
            f"{statistics.median(run.rss for run in own):9.0f}{rate}{speedup:11.2f}{saving:9.2f}"
        )
