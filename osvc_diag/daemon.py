"""The agent's daemon on a live node: which process it is, and whether it is there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Optional

from osvc_diag.reading.trees import NotTakenError

if TYPE_CHECKING:
    from osvc_diag.node import Node

PID_LIMIT = 64  # bytes of osvcd.pid that make sense


def daemon_pid(node: Node) -> Optional[int]:
    """Return the process id in var/osvcd.pid, whether or not it is alive; None where there is none."""
    try:
        text = node.trees.read(f"{node.layout.var}/osvcd.pid", PID_LIMIT)
    except (OSError, NotTakenError):
        return None
    return int(text) if text.strip().isdigit() else None


def daemon_sentence(node: Node) -> Optional[str]:
    """Say whether the daemon runs; None on a copy of a node's files."""
    if not node.live:
        return None
    pid = daemon_pid(node)
    if pid is None:
        return "down: there is no var/osvcd.pid"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return f"down: process {pid} of var/osvcd.pid is gone"
    except OSError:
        pass  # alive, and somebody else's
    return f"process {pid} is alive"
