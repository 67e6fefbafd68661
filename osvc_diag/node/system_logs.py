"""The system's own logs, where syslog still writes them, and what rotations made of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from osvc_diag.node.grants import SYSTEM_LOGS, is_system_log
from osvc_diag.reading.trees import NotTakenError, Trees

if TYPE_CHECKING:
    from osvc_diag.node.node import Node

MOST_ROTATED = 2  # of each log: a reboot is seldom longer ago than what these hold


@dataclass(frozen=True)
class SystemLog:
    """One file of a family."""

    path: str
    """Absolute, on the machine that runs osvc_diag."""
    live: str
    """The live log's path."""
    age: int


def system_logs(node: Node) -> list[SystemLog]:
    """Return the logs that are there, live and the last rotated ones; what is in them is not looked at.

    Where the folder may not be listed, the live ones are returned all the same: reading them tells why.
    """
    base = (node.root or "").rstrip(os.sep)
    folder = os.path.dirname(SYSTEM_LOGS[0])
    trees = Trees([base + folder], base=base or os.sep)
    try:
        names: Optional[list[str]] = trees.listdir(base + folder)
    except (OSError, NotTakenError):
        names = None
    found: list[SystemLog] = []
    for live in SYSTEM_LOGS:
        own = os.path.basename(live)
        if names is None or own in names:
            found.append(SystemLog(base + live, base + live, 0))
        rotated = [f"{base}{folder}/{name}" for name in names or () if _is_rotated(f"{folder}/{name}", live)]
        rotated.sort(key=lambda path: _written(trees, path), reverse=True)
        found += [
            SystemLog(path, base + live, age) for age, path in enumerate(rotated[:MOST_ROTATED], start=1)
        ]
    return found


def is_whole_system(node: Node) -> bool:
    """Tell whether a copy is of a whole file system, so that it misses what is not there; a live node is."""
    base = (node.root or "").rstrip(os.sep)
    return any(os.path.lexists(f"{base}/{name}") for name in ("etc/os-release", "usr/lib/os-release"))


def _is_rotated(path: str, live: str) -> bool:
    return path != live and path.startswith(live) and is_system_log(path)


def _written(trees: Trees, path: str) -> float:
    try:
        return trees.look(path).st_mtime
    except (OSError, NotTakenError):
        return 0.0
