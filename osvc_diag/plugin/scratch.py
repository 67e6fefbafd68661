"""The folder for temporary files of third parties' plugins: removed with the run, or by the next one."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import tempfile
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from collections.abc import Collection

_NAME = re.compile(r"osvc-diag-plugins-(\d{1,10})-.+")


def make_scratch(running: Collection[int]) -> Optional[str]:
    """Make a folder that only the running user may enter, and remove those of runs that were killed.

    Args:
        running: the processes that are there.

    Returns:
        Its path; None where nothing can be written.
    """
    try:
        path = tempfile.mkdtemp(prefix=f"osvc-diag-plugins-{os.getpid()}-")
    except OSError:
        return None
    _sweep(os.path.dirname(path), running)
    return path


def _sweep(folder: str, running: Collection[int]) -> None:
    if not running:  # this system does not tell
        return
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            named = _NAME.fullmatch(entry.name)
            if named is None or int(named[1]) in running or int(named[1]) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid():
                    shutil.rmtree(entry.path, ignore_errors=True)
