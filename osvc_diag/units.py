"""Sizes and durations, as people write and read them."""

from __future__ import annotations

import re
from typing import TypeVar

from osvc_diag.errors import UsageError
from osvc_diag.printable import quoted

_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?) ?(?:([kmgt])(i?b)?|b)?", re.IGNORECASE | re.ASCII)
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,6})?) ?([smhdw]?)", re.IGNORECASE | re.ASCII)
T = TypeVar("T", int, float)

_STEPS = " kmgt"
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def parse_size(text: str) -> int:
    """Return bytes: `32M` and `32MiB` are binary, `32MB` is decimal, `512` is bytes.

    Raises:
        UsageError: it is no size.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            f"not a size: {quoted(text)}", hint="write 500K, 32M or 2G (binary), or 32MB (decimal)"
        )
    number, step, suffix = match.groups()
    base = 1000 if suffix and suffix.lower() == "b" else 1024
    return int(float(number) * base ** _STEPS.index((step or " ").lower()))


def parse_duration(text: str) -> float:
    """Return seconds: `90`, `45s`, `10m`, `2h`, `3d`, `1w`.

    Raises:
        UsageError: it is no duration.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"not a duration: {quoted(text)}", hint="write seconds, or 45s, 10m, 2h, 3d")
    number, unit = match.groups()
    return float(number) * _SECONDS[unit.lower()]


def positive_size(text: str) -> int:
    """Return the bytes of a limit; 0 is refused, for it reads as no limit as well as nothing at all.

    Raises:
        UsageError: it is no size, or none above 0.
    """
    return _above_zero(parse_size(text), "size", text)


def positive_duration(text: str) -> float:
    """Return the seconds of a limit; see `positive_size`.

    Raises:
        UsageError: it is no duration, or none above 0.
    """
    return _above_zero(parse_duration(text), "duration", text)


def _above_zero(value: T, what: str, text: str) -> T:
    if not value > 0:
        raise UsageError(f"not a {what} above 0: {quoted(text)}", hint="leave it out for the default")
    return value


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is not one."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def format_size(size: float) -> str:
    """Return a size for people, in binary units: `31.4 MiB`."""
    for unit, digits in (("B", 0), ("KiB", 1), ("MiB", 1), ("GiB", 1)):
        # Rounded first: nobody says 1024.0 KiB.
        if round(abs(size), digits) < 1024:  # noqa: PLR2004 - the step between the units
            return f"{size:.{digits}f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
