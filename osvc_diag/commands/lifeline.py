"""Ends a command's group where this very program is killed: nobody else is left to keep its time limit."""

from __future__ import annotations

import contextlib
import subprocess
from typing import Optional

SHELL = "/bin/sh"
# Its input ends without a line where whoever held the other end is gone. It gets a number of ours alone.
_SCRIPT = 'read -r line || kill -s KILL -- "-$1"'
_PATIENCE = 2.0  # seconds for it to end, which it does at once


class Lifeline:
    """A shell that waits for our word; `let_go` is the word, and our death is the lack of it."""

    def __init__(self, group: int) -> None:
        """Start it; where there is no shell, or no process to be had, the command goes without.

        Args:
            group: of processes, killed with us.
        """
        self._popen: Optional[subprocess.Popen[bytes]] = None
        with contextlib.suppress(OSError):
            self._popen = subprocess.Popen(  # noqa: S603 - nothing of the node's is in its command line
                [SHELL, "-c", _SCRIPT, "osvc_diag-lifeline", str(group)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                env={},
                cwd="/",
                close_fds=True,
                start_new_session=True,  # a Ctrl-C on the terminal is not for it
            )

    def let_go(self) -> None:
        """Have it end, and leave the group alone."""
        popen, self._popen = self._popen, None
        if popen is None or popen.stdin is None:
            return
        with contextlib.suppress(OSError), popen.stdin as pipe:
            pipe.write(b"\n")
        try:
            popen.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()
