"""Steps back behind the node's own work: it may be struggling, and this program reads much."""

from __future__ import annotations

import contextlib
import os

NICENESS = 10  # what nice(1) adds: about a tenth of a core where all are wanted


def step_back() -> None:
    """Take what others leave of the processors and of the disks; threads and programs begun later do, too.

    For a program's own process only: an agent that calls the library goes on as before. Where disks have no
    idle class, nothing changes; where they have, the kernel lets it starve for a fifth of a second at most.
    """
    import psutil  # noqa: PLC0415 - not for --help

    with contextlib.suppress(OSError):
        os.nice(max(0, NICENESS - os.getpriority(os.PRIO_PROCESS, 0)))
    with contextlib.suppress(OSError, psutil.Error, AttributeError):  # no such classes on other systems
        psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)
