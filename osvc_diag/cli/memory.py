"""Keeps the memory of a run in one piece, and off the disk."""

from __future__ import annotations

_M_ARENA_MAX = -8  # glibc, malloc.h


def use_one_heap() -> None:
    """Let the threads that begin from now on share a heap, where the C library can: 10 MB less at the peak.

    A heap for each thread leaves gaps in all of them. For a program's own process only. It costs no time:
    memory is asked for under the interpreter's lock.
    """
    try:
        import ctypes  # noqa: PLC0415 - not for --help, and may be missing

        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
    except (ImportError, OSError, AttributeError):
        pass  # another C library


def leave_no_dump() -> None:
    """Have the system keep no image of this process if it crashes: all that was learned is in its memory.

    For a program's own process only. Commands that it begins may ask for their own again.
    """
    try:
        import resource  # noqa: PLC0415 - may be missing

        _, most = resource.getrlimit(resource.RLIMIT_CORE)
        # With 0, Linux would still hand a dump to a program; 1 is less than any dump, and keeps it from that.
        resource.setrlimit(resource.RLIMIT_CORE, (1 if most else 0, most))
    except (ImportError, OSError, ValueError):
        pass  # another system
