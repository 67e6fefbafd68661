"""The tar headers of a bundle: what a member is called and what is told about it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

BLOCK = 512  # bytes; tar pads everything to it
_NAME = 100  # bytes; a longer name goes before the header
_ROOT = b"root".ljust(32, b"\0")
MEMBER_MODE = 0o600
"""Of every member, so that unpacking shows a bundle to nobody else; the manifest has the original modes."""
_OWNER = b"%07o\0%07o\0%07o\0" % (MEMBER_MODE, 0, 0)
_END = (bytes(100) + b"ustar  \0" + _ROOT + _ROOT).ljust(BLOCK - 157, b"\0")  # what follows the kind
_ALWAYS = sum(_OWNER) + sum(_END) + 8 * ord(" ")  # of the checksum; it counts itself as blanks

LONGEST_NAME = 4096  # bytes below the bundle's folder; the longest path that Linux opens
MOST_FOLDERS = 100  # that a member lies in
_NO_PARTS = frozenset(("", ".", ".."))


class MemberNameError(ValueError):
    """A name that no member of a bundle can have."""


def is_member_name(name: str) -> bool:
    """Say whether a name stays in its folder: no empty, `.` or `..` part, no NUL, no odd surrogate.

    Nor is it longer, or in more folders, than what can be unpacked.
    """
    try:
        length = len(name) if name.isascii() else len(name.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        return False
    if length > LONGEST_NAME or "\0" in name:
        return False
    parts = name.split("/")
    return len(parts) <= MOST_FOLDERS + 1 and _NO_PARTS.isdisjoint(parts)


def check_member_name(name: str) -> None:
    """Refuse a member name that could be unpacked outside the bundle's folder.

    Raises:
        MemberNameError: See `is_member_name`.
    """
    if not is_member_name(name):
        raise MemberNameError(f"{name!a} cannot be the name of a member of a bundle")


def new_folders(name: str, known: AbstractSet[str]) -> list[str]:
    """Return the folders that a name lies in, from the innermost up to the first that is known."""
    folders = []
    folder = name.rpartition("/")[0]
    while folder and folder not in known:
        folders.append(folder)
        folder = folder.rpartition("/")[0]
    return folders


def padding(size: int) -> bytes:
    """Return the zeros that follow `size` bytes of content."""
    return bytes(-size % BLOCK)


def member_header(name: str, size: int, mtime: float) -> bytes:
    """Return the header of a regular file, owned by root, in GNU format.

    Args:
        name: Its name, the bundle's folder included; bytes that are not UTF-8 as surrogate escapes.
        size: Bytes of content; over 8 GiB, and long names, are written as GNU tar does.
        mtime: Seconds since the epoch; the fraction is dropped, and a time before it is written as 0.
    """
    raw = name.encode("utf-8", "surrogateescape")
    header = _block(raw[:_NAME], size, max(0, int(mtime)), b"0")
    if len(raw) <= _NAME:
        return header
    long_name = raw + b"\0"
    return long_link(len(long_name)) + long_name + padding(len(long_name)) + header


@functools.lru_cache(maxsize=128)
def long_link(size: int) -> bytes:
    """Return what precedes a name of so many bytes, its NUL included, that is too long for its header."""
    return _block(b"././@LongLink", size, 0, b"L")


def _block(name: bytes, size: int, mtime: int, kind: bytes) -> bytes:
    numbers = _number(size) + _number(mtime)
    checksum = _ALWAYS + sum(name) + sum(numbers) + sum(kind)
    return b"".join((name.ljust(_NAME, b"\0"), _OWNER, numbers, b"%06o\0 " % checksum, kind, _END))


def _number(value: int) -> bytes:
    """Write a number in octal, or as GNU tar does where it is too large for that."""
    return b"%011o\0" % value if value < 8**11 else b"\x80" + value.to_bytes(11, "big")
