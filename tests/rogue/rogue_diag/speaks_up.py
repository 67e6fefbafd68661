"""Writes to every descriptor that it finds."""

import contextlib
import os

from rogue_diag import adding


def collect(node, objects):
    """Write."""
    for fd in range(100):
        with contextlib.suppress(OSError):
            os.write(fd, b"\xff" * 100)
    return []


osvc_diag_collectors = adding("speaks-up", collect)
