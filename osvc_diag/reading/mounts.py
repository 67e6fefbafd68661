"""Tells on which file system a path lies, touching none of them: one may be dead."""

from __future__ import annotations

import functools
import os
import re
from typing import Optional

_ESCAPED = re.compile(rb"\\([0-7]{3})")
_MOUNT_POINT = 4  # field of a line of mountinfo


class Mounts:
    """The mount points of this machine when the run began; where the system does not tell, there are none."""

    def __init__(self, table: str = "/proc/self/mountinfo") -> None:
        """Read the kernel's table, which asks no file system.

        Args:
            table: in the format of mountinfo.
        """
        self._points = frozenset(_mount_points(table))
        self._above = functools.lru_cache(maxsize=1024)(self.point_of)
        """The same, remembered: of thousands of folders most share those that they lie in."""

    def point_of(self, path: str) -> Optional[str]:
        """Return the mount point that a path lies below, None for the system's root.

        Args:
            path: absolute and without links.
        """
        if path in self._points:
            return path if path != os.sep else None
        above = os.path.dirname(path)
        return self._above(above) if above != path else None


def _mount_points(table: str) -> list[str]:
    try:
        with open(table, "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        return []
    fields = [line.split(b" ") for line in lines]
    return [os.fsdecode(_plain(words[_MOUNT_POINT])) for words in fields if len(words) > _MOUNT_POINT]


def _plain(name: bytes) -> bytes:
    return _ESCAPED.sub(lambda match: bytes([int(match[1], 8) & 0xFF]), name)
