"""The tar headers of a bundle: what a member is called and what is told about it."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = 512  # bytes; tar pads everything to it
MEMBER_MODE = 0o600
"""Of every member, so that unpacking shows a bundle to nobody else; the manifest has the original modes."""


class MemberNameError(ValueError):
    """A name that no member of a bundle can have."""


def is_member_name(name: str) -> bool:
    """Say whether a name stays in its folder: no empty, `.` or `..` part, no NUL, no odd surrogate."""
    try:
        name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return "\0" not in name and not any(part in {"", ".", ".."} for part in name.split("/"))


def check_member_name(name: str) -> None:
    """Refuse a member name that could be unpacked outside the bundle's folder.

    Raises:
        MemberNameError: See `is_member_name`.
    """
    if not is_member_name(name):
        raise MemberNameError(f"{name!a} cannot be the name of a member of a bundle")


def parents(name: str) -> Iterator[str]:
    """Yield the folders that a name lies in, the outermost first."""
    end = name.find("/")
    while end >= 0:
        yield name[:end]
        end = name.find("/", end + 1)


def padding(size: int) -> bytes:
    """Return the zeros that follow `size` bytes of content."""
    return bytes(-size % BLOCK)


def member_header(name: str, size: int, mtime: float) -> bytes:
    """Return the header of a regular file, owned by root, in GNU format.

    Args:
        name: Its name, the bundle's folder included; bytes that are not UTF-8 as surrogate escapes.
        size: Bytes of content; over 8 GiB, and long names, are written as GNU tar does.
        mtime: Seconds since the epoch; the fraction is dropped.
    """
    info = tarfile.TarInfo(name)
    info.size = size
    info.mtime = int(mtime)
    info.mode = MEMBER_MODE
    info.uname = info.gname = "root"
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
