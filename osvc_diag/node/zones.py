"""The time zone of a node: its logs are in local time and do not say which."""

from __future__ import annotations

import io
import os
import struct
from datetime import MAXYEAR, datetime, timedelta, timezone, tzinfo
from typing import Optional, Union
from zoneinfo import ZoneInfo

from osvc_diag.errors import UsageError
from osvc_diag.printable import quoted
from osvc_diag.reading.trees import NotTakenError, Trees

_ZONE_LIMIT = 65536  # bytes; the largest zone has 4 KB
_HEADER = struct.Struct(">4sc15x6l")  # of TZif: magic, version, and how many there are of what
_OFFSET = struct.Struct(">lxx")  # seconds; whether it is summer time, and its name
_ONLY_VERSION = b"\0"  # no second, longer table follows
_DATABASE = "zoneinfo/"


def find_zone(given: Union[str, tzinfo, None], root: Optional[str]) -> tzinfo:
    """Return the zone that was given, else that of etc/localtime, else this machine's, else UTC.

    Args:
        given: `Europe/Paris`, or a zone; None looks for it.
        root: the folder of a copy; None is this machine.

    Raises:
        UsageError: the zone given does not exist.
    """
    if isinstance(given, tzinfo):
        return given
    if given is not None:
        zone = _named(given)
        if zone is None:
            raise UsageError(f"{quoted(given)} is no time zone", hint="such as Europe/Paris or UTC")
        return zone
    found = _localtime(root or "/")
    if found is not None:
        return found
    return (datetime.now().astimezone().tzinfo if root is None else None) or timezone.utc


def _named(name: str) -> Optional[tzinfo]:
    if name == "UTC":  # also where no database is installed
        return timezone.utc
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _localtime(base: str) -> Optional[tzinfo]:
    """Read etc/localtime: the name that it links to, or else its content."""
    name = _linked_name(base)
    zone = _named(name) if name else None
    if zone is not None:
        return zone
    path = os.path.join(base, "etc/localtime")
    try:
        content = Trees([base], base=base).read(path, _ZONE_LIMIT)
        zone = ZoneInfo.from_file(io.BytesIO(content), key=name or "etc/localtime")
        _check(content, zone)
    except (OSError, NotTakenError):
        return None
    except Exception:  # noqa: BLE001 - what a parser of binary data says to a hostile file
        return None
    return zone


def _check(content: bytes, zone: tzinfo) -> None:
    """Raise where an offset of a zone file is a day or more: such a file loads, and fails when it is used."""
    at = 0
    for time_size in (4, 8):
        _, version, *counts = _HEADER.unpack_from(content, at)
        in_utc, in_standard, leaps, times, types, letters = counts
        at += _HEADER.size + times * (time_size + 1)
        for _ in range(types):
            (seconds,) = _OFFSET.unpack_from(content, at)
            timezone(timedelta(seconds=seconds))
            at += _OFFSET.size
        at += letters + leaps * (time_size + 4) + in_standard + in_utc
        if version == _ONLY_VERSION:
            break
    # What the rule says that holds after the last change.
    for month in (1, 7):
        datetime(MAXYEAR - 1, month, 1, tzinfo=zone).utcoffset()


def _linked_name(base: str) -> Optional[str]:
    """Return the name of the zone that etc/localtime links to; the link itself is not followed."""
    try:
        etc = os.open(os.path.join(base, "etc"), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        target = os.readlink("localtime", dir_fd=etc)
    except OSError:
        return None
    finally:
        os.close(etc)
    _, found, name = target.rpartition(_DATABASE)
    return name if found else None
