"""Opens a log that was deleted while a process still writes to it: only the process has a way to it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Optional

from osvc_diag.reading.trees import NotTakenError, OpenedFile

if TYPE_CHECKING:
    from osvc_diag.plugin.sources import Holder
    from osvc_diag.reading.trees import Trees

DELETED = " (deleted)"
"""What Linux appends to the target of a descriptor's link once the file has no name."""

_LOOK_FLAGS = getattr(os, "O_PATH", 0) | os.O_CLOEXEC
_READ_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def open_held(trees: Trees, path: str, holder: Holder) -> OpenedFile:
    """Open what a process holds.

    The descriptor may be closed and used again for anything at any moment. So the file is pinned without
    being opened, looked at, and only then opened for reading: a FIFO or a device never is.

    Args:
        trees: the folders in which the file was.
        path: the name that it had; its folder may be reached through links.
        holder: who has it open.

    Raises:
        OSError: the process is gone, closed the file, or is another user's.
        NotTakenError: the descriptor is no longer of that deleted file, or it was never in the folders.
    """
    if not hasattr(os, "O_PATH"):
        raise NotTakenError("was deleted, and only Linux keeps a way to it")
    pinned = os.open(f"/proc/{int(holder.pid)}/fd/{int(holder.fd)}", _LOOK_FLAGS)
    try:
        status = os.fstat(pinned)
        if not stat.S_ISREG(status.st_mode):
            raise NotTakenError("was deleted, and its descriptor is used for something else by now")
        name = deleted_name(os.readlink(f"/proc/self/fd/{pinned}"))
        folder, base = os.path.split(path)
        expected = os.path.join(os.path.realpath(folder), base)
        if status.st_nlink or name != expected or not trees.holds(expected):
            raise NotTakenError("was deleted, and its descriptor is used for something else by now")
        fd = os.open(f"/proc/self/fd/{pinned}", _READ_FLAGS)
    finally:
        os.close(pinned)
    return OpenedFile(fd, os.fstat(fd))


def deleted_name(target: str) -> Optional[str]:
    """Return the name that a file had, from the target of a descriptor's link; None where it still has it."""
    return target[: -len(DELETED)] if target.endswith(DELETED) else None
