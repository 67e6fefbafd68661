"""SHA256SUMS: checks a bundle without this tool, by `sha256sum -c`."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

SUMS_NAME = "SHA256SUMS"

_LINE = re.compile(rb"(\\?)([0-9a-f]{64}) [ *](.+)", re.DOTALL)
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_ESCAPED = frozenset(_ESCAPES)
_UNESCAPES = {escape.encode(): plain.encode() for plain, escape in _ESCAPES.items()}


class StoredMember(NamedTuple):
    """A member as it stands in the archive."""

    name: str
    """Below the bundle's folder; bytes that are not UTF-8 as surrogate escapes."""
    size: int
    """Bytes."""
    sha256: str
    """Of what is stored, in hexadecimal."""

    @classmethod
    def of(cls, name: str, content: bytes) -> StoredMember:
        """Describe a member that is in memory."""
        return cls(name, len(content), hashlib.sha256(content).hexdigest())


def sums_text(members: Iterable[StoredMember]) -> bytes:
    """Return the text of SHA256SUMS, in the given order."""
    return b"".join(map(_line, members))


def _line(member: StoredMember) -> bytes:
    if _ESCAPED.isdisjoint(member.name):
        return f"{member.sha256}  {member.name}\n".encode("utf-8", "surrogateescape")
    # An inner CR needs no escape, and coreutils before 9 knows none for it.
    escaped = re.sub(r"[\\\n]|\r\Z", lambda match: _ESCAPES[match.group()], member.name)
    mark = "" if escaped == member.name else "\\"
    return f"{mark}{member.sha256}  {escaped}\n".encode("utf-8", "surrogateescape")


def parse_sums(text: bytes) -> dict[str, str]:
    """Return the digest of each name.

    Raises:
        ValueError: A line is not one of SHA256SUMS, or a name stands there twice.
    """
    sums: dict[str, str] = {}
    *lines, rest = text.split(b"\n")
    if rest:
        raise ValueError("it ends in the middle of a line")
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"line {number} has no digest and name")
        mark, digest, raw = match.groups()
        if mark:
            raw = re.sub(rb"\\[\\nr]", lambda found: _UNESCAPES[found.group()], raw)
        name = raw.decode("utf-8", "surrogateescape")
        if name in sums:
            raise ValueError(f"line {number} has a name a second time")
        sums[name] = digest.decode()
    return sums
