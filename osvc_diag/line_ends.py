"""Counts line ends: in half of the time, and beside the interpreter's lock, where libpcre2 is."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from osvc_diag.libpcre2 import Program

LARGE = 256 * 1024  # bytes; fewer are counted before anybody misses the lock
LONG_LINES = 64  # bytes on average; libpcre2 takes 40 ns for each line, whatever its length
SAMPLES = 8  # places of a text whose lines are taken for average
SAMPLE = 2 * 1024  # bytes of each
_PROBE = b"\n\none\r\n\0\n" + b"two " * 40 + b"\n" * 3 + b"\xff"  # whoever counts must get this right


def line_ends(text: bytes) -> int:
    """Return how many line ends a text has."""
    if len(text) >= LARGE and _has_long_lines(text):
        found = _counted_by_libpcre2(text)
        if found is not None:
            return found
    return text.count(b"\n")


def _has_long_lines(text: bytes) -> bool:
    """Return whether lines are long on average, in samples from everywhere."""
    starts = range(0, len(text), max(SAMPLE, len(text) // SAMPLES))
    sampled = sum(text.count(b"\n", start, start + SAMPLE) for start in starts)
    return sampled * LONG_LINES <= SAMPLE * len(starts)


def _counted_by_libpcre2(text: bytes) -> Optional[int]:
    """Return the same; None where libpcre2 does not tell."""
    line_end = _line_end()
    if line_end is None:
        return None
    from osvc_diag.libpcre2 import Pcre2Error  # noqa: PLC0415 (it is imported by now)

    try:
        return line_end.matched_bytes(text)
    except Pcre2Error:
        return None


@functools.lru_cache(maxsize=1)
def _line_end() -> Optional[Program]:
    try:
        from osvc_diag.libpcre2 import Pcre2Error, Program  # noqa: PLC0415 (ctypes may be missing)
    except ImportError:
        return None
    try:
        program = Program(rb"\n")
        return program if program.matched_bytes(_PROBE) == _PROBE.count(b"\n") else None
    except Pcre2Error:
        return None
