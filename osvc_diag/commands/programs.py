"""Which program a command line means, and the environment that it sees: nothing of the caller's."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING

from osvc_diag.ownership import UntrustedError, check_way

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osvc_diag.plugin.sources import Command

SYSTEM_FOLDERS = ("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin")
"""Where a program without a slash is looked for; the caller's own PATH is never asked."""
MARK = "OSVC_DIAG_COMMAND"
"""The variable by which a process that got away is found again."""


def find_program(name: str, folders: Sequence[str] = SYSTEM_FOLDERS) -> str:
    """Return the absolute path of a program, links resolved no further than its folder.

    Args:
        name: an absolute path, or a name that is looked for.
        folders: where.

    Raises:
        FileNotFoundError: there is none.
        PermissionError: it may not be executed.
        UntrustedError: somebody other than root and the running user could have written it.
    """
    if "/" in name:
        if not os.path.isabs(name):
            raise FileNotFoundError(errno.ENOENT, "is neither an absolute path nor a name", name)
        candidates = [name]
    else:
        candidates = [os.path.join(folder, name) for folder in folders]
    path = next(filter(os.path.isfile, candidates), None)
    if path is None:
        raise FileNotFoundError(errno.ENOENT, "no such program", name)
    if not os.access(path, os.X_OK):
        raise PermissionError(errno.EACCES, "may not be executed", path)
    _check_trust(path)
    return path


def has_program(name: str) -> bool:
    """Tell whether a program is there that a command could run."""
    with contextlib.suppress(OSError, UntrustedError):
        find_program(name)
        return True
    return False


def environment(command: Command, mark: str, folders: Sequence[str] = SYSTEM_FOLDERS) -> dict[str, str]:
    """Return the variables of a command: few, the same on every node, and none that could hold a secret.

    Args:
        command: may add its own.
        mark: by which its processes are found again.
        folders: its PATH.
    """
    return {
        "PATH": ":".join(folders),
        "HOME": "/",
        "LC_ALL": "C",
        "LANG": "C",
        "TERM": "dumb",
        "PAGER": "cat",
        # The agent's own modules are not to be compiled into files that only root can read.
        "PYTHONDONTWRITEBYTECODE": "1",
        **dict(command.environ),
        MARK: mark,
    }


def _check_trust(path: str) -> None:
    """Refuse what somebody else could have put there: root is going to run it.

    It need not be readable, so it is looked at and not opened; nothing on the way to it can change meanwhile.
    """
    real = check_way(path)
    status = os.lstat(real)
    if status.st_uid not in {0, os.geteuid()}:
        raise UntrustedError(
            f"{real} belongs to uid {status.st_uid}, neither to root nor to the running user"
        )
    if status.st_mode & 0o022:
        raise UntrustedError(f"{real} is writable by group or others")
