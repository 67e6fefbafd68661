"""The agent's daemon on a live node: which process it is, whether it is there, and what it still holds."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from osvc_diag.plugin.sources import Holder
from osvc_diag.printable import printable
from osvc_diag.reading.held import deleted_name
from osvc_diag.reading.trees import NotTakenError

if TYPE_CHECKING:
    from osvc_diag.node.node import Node

PID_LIMIT = 64  # bytes of osvcd.pid that make sense
ARGUMENTS_LIMIT = 64 * 1024  # bytes of a command line
MAX_PID = 2**22  # the kernel's own limit


@dataclass(frozen=True)
class HeldLog:
    """A log that was deleted while the daemon had it open."""

    path: str
    """The name that it had, absolute, below `node.layout.log`."""
    holder: Holder
    size: int
    """Bytes."""
    inode: tuple[int, int] = (0, 0)
    """Device and number: several processes may hold one file."""


def daemon_pid(node: Node) -> Optional[int]:
    """Return the process id in var/osvcd.pid, whether or not it is alive; None where there is none.

    Raises:
        OSError: the file may not be read.
    """
    try:
        text = node.trees.read(f"{node.layout.var}/osvcd.pid", PID_LIMIT).strip()
    except (FileNotFoundError, NotTakenError):
        return None
    pid = int(text) if text.isdigit() else 0
    return pid if 0 < pid <= MAX_PID else None


def daemon_sentence(node: Node) -> Optional[str]:
    """Say whether the daemon runs; None on a copy of a node's files.

    The process is told by its name: a pid may have gone to another program. Its command line would tell more,
    but reading that hangs as long as the process does.
    """
    if not node.live:
        return None
    try:
        pid = daemon_pid(node)
    except OSError as error:
        return f"unknown: var/osvcd.pid cannot be read: {error.strerror}"
    if pid is None:
        return "down: there is no var/osvcd.pid"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return f"down: process {pid} of var/osvcd.pid is gone"
    except OSError:
        pass  # alive, and somebody else's
    return f"process {pid}{_name_of(pid)} is alive"


def is_started_as_daemon(node: Node, pid: int) -> Optional[bool]:
    """Tell whether a process has the command line that the daemon left in osvcd.pid.args; None is unknown.

    May hang as long as the process does.
    """
    try:
        expected = node.trees.read(f"{node.layout.var}/osvcd.pid.args", ARGUMENTS_LIMIT)
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            found = file.read(ARGUMENTS_LIMIT)
    except (OSError, NotTakenError):
        return None
    return found.replace(b"\0", b" ").split() == expected.split()


def held_logs(node: Node, pid: int) -> list[HeldLog]:
    """Find the deleted logs that a process holds open: after a rotation accident they have its last records.

    Raises:
        OSError: the process is gone, or another user's.
    """
    folder = os.path.realpath(node.layout.log)
    found: dict[tuple[int, int], HeldLog] = {}  # by inode: several descriptors may hold one file
    for fd in sorted(int(name) for name in os.listdir(f"/proc/{pid}/fd")):
        with contextlib.suppress(OSError):  # closed meanwhile
            link = f"/proc/{pid}/fd/{fd}"
            name = deleted_name(os.readlink(link))
            if name is None or not name.startswith(folder + "/"):
                continue
            status = os.stat(link)
            # A file may really be called so, and the descriptor may be something else by now.
            if stat.S_ISREG(status.st_mode) and not status.st_nlink:
                path = node.layout.log + name[len(folder) :]
                inode = (status.st_dev, status.st_ino)
                found.setdefault(inode, HeldLog(path, Holder(pid, fd), status.st_size, inode))
    return list(found.values())


def _name_of(pid: int) -> str:
    """Return the name of a process, in brackets; nothing where the system does not tell."""
    try:
        with open(f"/proc/{pid}/comm", "rb") as file:
            return f" ({printable(file.read(64).decode('utf-8', 'replace').rstrip())})"
    except OSError:
        return ""
