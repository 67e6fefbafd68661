"""Finds and ends processes that left their command's group: by their mark, or by the pipe they hold open."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import threading
import time
from typing import TYPE_CHECKING

from osvc_diag.commands.programs import MARK

if TYPE_CHECKING:
    from collections.abc import Collection

ENVIRON_LIMIT = 128 * 1024  # bytes; the mark is the last variable, but the environment may be replaced
ROUNDS = 3  # one that forks while it is looked for is found in the next round
PAUSE = 0.02  # seconds between rounds
SWEEPING = 2.0  # seconds for all of it


def running_pids() -> frozenset[int]:
    """Return the processes of this moment; none where the system has no such folder."""
    try:
        return frozenset(int(name) for name in os.listdir("/proc") if name.isdigit())
    except OSError:
        return frozenset()


def end_leftovers(mark: str, pipes: Collection[str], before: Collection[int]) -> None:
    """End what bears a mark or holds a pipe.

    Only processes younger than the run are looked at: asking one that hangs in the kernel may hang as well,
    and those of a struggling node are older. A thread asks, and is left behind if it hangs all the same.

    Args:
        mark: of a command, or what the marks of all commands of a run begin with.
        pipes: as /proc names them, `pipe:[4711]`.
        before: processes that were there before.
    """
    sweeper = threading.Thread(
        target=_sweep, args=(mark, pipes, before), name="osvc_diag sweeper", daemon=True
    )
    with contextlib.suppress(RuntimeError):  # no thread is to be had: the node is at its limits
        sweeper.start()
        sweeper.join(SWEEPING)


def _sweep(mark: str, pipes: Collection[str], before: Collection[int]) -> None:
    for _ in range(ROUNDS):
        found = [
            pid
            for pid in running_pids() - frozenset(before) - {os.getpid()}
            if _bears(pid, mark) or (pipes and _holds(pid, pipes))
        ]
        if not found:
            break
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(PAUSE)


def _bears(pid: int, mark: str) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            environ = file.read(ENVIRON_LIMIT)
    except OSError:  # gone, somebody else's, or no such system
        return False
    return f"\0{MARK}={mark}".encode() in b"\0" + environ


def _holds(pid: int, pipes: Collection[str]) -> bool:
    with contextlib.suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            link = f"/proc/{pid}/fd/{name}"
            with contextlib.suppress(OSError):
                # To write: a child that is just being forked has our own end for a moment.
                if os.readlink(link) in pipes and os.lstat(link).st_mode & stat.S_IWUSR:
                    return True
    return False
