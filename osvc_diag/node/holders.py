"""Which processes of the agent still hold logs that have no name any more: its daemon, its commands."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from osvc_diag.node.daemon import MAX_PID, daemon_pid, held_logs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.node.daemon import HeldLog
    from osvc_diag.node.node import Node

MOST_PROCESSES = 2_000  # of the agent's interpreters that are looked at
# What a process of the agent may be called: by its interpreter, or by its command.
_AGENTS = re.compile(rb"(?:platform-)?python|om$|om3$|osvc|nodemgr|svcmgr")
_NAME_LIMIT = 64  # bytes; the kernel keeps 16


@dataclass(frozen=True)
class LogHolder:
    """A log without a name, and whether the daemon itself has it open."""

    log: HeldLog
    is_daemon: bool


def log_holders(node: Node) -> Iterator[LogHolder]:
    """Find the deleted logs that any process of the agent holds open, each once; the daemon's first.

    A pid file tells the daemon only as long as it is not stale, and a command may go on writing to a log that
    was rotated away under it. Whose descriptors may not be seen, or who ends meanwhile, holds none.
    """
    daemon: Optional[int] = None
    with contextlib.suppress(OSError):
        daemon = daemon_pid(node)
    found: set[tuple[int, int]] = set()
    for pid in _candidates(daemon):
        with contextlib.suppress(OSError):
            for log in held_logs(node, pid):
                if log.inode not in found:
                    found.add(log.inode)
                    yield LogHolder(log, pid == daemon)


def _candidates(daemon: Optional[int]) -> Iterator[int]:
    if daemon is not None:
        yield daemon
    with contextlib.suppress(OSError):
        pids = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
        others = (pid for pid in pids if pid != daemon and pid <= MAX_PID and _may_be_the_agents(pid))
        for count, pid in enumerate(others):
            if count == MOST_PROCESSES:
                return
            yield pid


def _may_be_the_agents(pid: int) -> bool:
    """Tell by its name alone: asking for the command line hangs as long as the process does."""
    try:
        with open(f"/proc/{pid}/comm", "rb") as file:
            return _AGENTS.match(file.read(_NAME_LIMIT).rstrip(b"\n")) is not None
    except OSError:
        return False
