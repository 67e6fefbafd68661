"""Starts a process for a plugin: this interpreter once more, that imports from where this one does."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import osvc_diag
from osvc_diag.commands.programs import MARK
from osvc_diag.interpreter import own_interpreter
from osvc_diag.plugin.foreign import ToldError

if TYPE_CHECKING:
    from collections.abc import Mapping

BOOT = """
import json, sys
from importlib.util import module_from_spec, spec_from_file_location
lifeline, path, home = sys.argv[1:]
sys.path[:] = json.loads(path)
spec = spec_from_file_location("osvc_diag", home)
if spec is not None and spec.loader is not None:
    sys.modules["osvc_diag"] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules["osvc_diag"])
from osvc_diag.plugin.worker import main
main(int(lifeline))
"""
"""This very code, wherever it was found: the folder that it came from may be on the path no more."""


class NoInterpreterError(ToldError):
    """There is no interpreter that could run a plugin."""


def start(mark: str, environ: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], int]:
    """Return a process that waits for what it is to do, and the descriptor whose end is its own.

    Args:
        mark: by which what it starts is found again.
        environ: its variables.

    Raises:
        NoInterpreterError: this program has Python built in.
        OSError, ValueError: as the system says.
    """
    lifeline, life = _pipe()
    try:
        path = [os.path.abspath(folder) for folder in sys.path if isinstance(folder, str)]
        popen = subprocess.Popen(  # noqa: S603 - no shell
            [
                interpreter(),
                *_flags(),
                "-c",
                BOOT,
                str(lifeline),
                json.dumps(path),
                os.path.abspath(osvc_diag.__file__),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd="/",
            env={**environ, MARK: mark},
            pass_fds=[lifeline],
            start_new_session=True,
            umask=0o077,
        )
    except BaseException:
        os.close(life)
        raise
    finally:
        os.close(lifeline)
    return popen, life


def interpreter() -> str:
    """Return the path of the Python that runs this.

    Raises:
        NoInterpreterError: a program has it built in; that program must not be started a second time.
    """
    path = own_interpreter()
    if path is None:
        shown = sys.executable or "an embedded Python"
        raise NoInterpreterError(f"a plugin of a third party needs a Python of its own, and this is {shown}")
    return path


def _flags() -> list[str]:
    """Return how this interpreter was started, as far as that decides what it imports."""
    flags = {"-I": sys.flags.isolated, "-S": sys.flags.no_site, "-s": sys.flags.no_user_site}
    return [flag for flag, is_set in flags.items() if is_set]


def _pipe() -> tuple[int, int]:
    """Make a pipe whose reading end is no standard descriptor: the program may have closed those."""
    reading, writing = os.pipe()
    try:
        return fcntl.fcntl(reading, fcntl.F_DUPFD_CLOEXEC, 3), writing
    except OSError:
        os.close(writing)
        raise
    finally:
        os.close(reading)
