"""Reads the tar inside a bundle: regular files in one folder, and nothing that a hostile archive may try."""

from __future__ import annotations

import re
import tarfile
from typing import TYPE_CHECKING, NamedTuple, Optional

from osvc_diag.bundle.headers import (
    BLOCK,
    LONGEST_NAME,
    is_member_name,
    long_link,
    member_header,
    new_folders,
)
from osvc_diag.errors import VerificationError
from osvc_diag.printable import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_NAME = LONGEST_NAME + 256  # bytes, the bundle's folder and a NUL included
MOST_NAMES = 1 << 28  # bytes that the names of all members and folders may take
_PER_NAME = 256  # bytes of memory that a name takes beside its characters
_NAME, _SIZE, _MTIME, _KIND = slice(100), slice(124, 135), slice(136, 147), slice(156, 157)  # of a header
_OCTAL = re.compile(rb"[0-7]+")
_LONG_NAME = tarfile.GNUTYPE_LONGNAME


_ZEROS = bytes(BLOCK)


class _Header(NamedTuple):
    """What a tar tells of a member."""

    name: str
    """With the bundle's folder in front."""
    size: int
    mtime: int
    is_as_written: bool
    """Whether it is, byte by byte, the header that a bundle's writer writes."""


class Member:
    """A member of the archive, while the reader stands at it."""

    def __init__(self, name: str, info: _Header, plain: _Plain) -> None:
        self.name = name
        """Below the bundle's folder; bytes that are not UTF-8 as surrogate escapes."""
        self.size = info.size
        """Bytes."""
        self.mtime = info.mtime
        """Seconds since the epoch."""
        self.is_as_written = info.is_as_written
        """Whether its tar header, byte by byte, is the one that a bundle's writer writes."""
        self._plain = plain
        self._left = info.size

    def blocks(self) -> Iterator[bytes]:
        """Yield what was not yet read of its content; it ends when the reader goes on.

        Raises:
            VerificationError: The archive ends within it, or is damaged.
        """
        while self._left:
            block = self._plain.some(self._left)
            self._left -= len(block)
            yield block

    def read(self, limit: int) -> bytes:
        """Return all of its content.

        Raises:
            VerificationError: It is longer than `limit` bytes, or the archive is damaged.
        """
        if self.size > limit:
            raise VerificationError(f"{quoted(self.name)} is larger than {limit} bytes")
        content = self._plain.exactly(self._left)
        self._left = 0
        return content

    def skip(self) -> None:
        """Pass over the rest of its content and its padding."""
        if self._left:
            for _ in self.blocks():
                pass
        padding = -self.size % BLOCK
        if padding and self._plain.exactly(padding).strip(b"\0"):
            raise VerificationError(f"something follows the content of {quoted(self.name)}")


class TarReader:
    """Goes through a tar once, forwards."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._plain = _Plain(blocks)
        self._names: set[str] = set()
        self._folders: set[str] = set()
        self._names_left = MOST_NAMES
        self.stem = ""
        """The folder that all members are in; known with the first of them."""

    def members(self) -> Iterator[Member]:
        """Yield each member; its content is lost when the next is asked for.

        Raises:
            VerificationError: The archive is damaged, or has what no bundle has: a link, a folder, a name
                that leads out of its folder, a name twice.
        """
        while True:
            header = self._plain.exactly(BLOCK)
            if header == _ZEROS:
                self._check_end()
                return
            info = self._long_named(header) if header[_KIND] == _LONG_NAME else _parsed(header)
            member = Member(self._checked(info.name), info, self._plain)
            yield member
            member.skip()

    def _long_named(self, header: bytes) -> _Header:
        """Return what a header and the next ones tell: the first one says how long the name is."""
        size = _number(header, _SIZE)
        if size is None or header != long_link(size):
            size = _by_tarfile(header).size
        if not 0 < size <= _LONGEST_NAME:
            raise VerificationError("a member's name is too long")
        raw = self._plain.exactly(size + -size % BLOCK)
        return _parsed(header + raw + self._plain.exactly(BLOCK), raw[:size].rstrip(b"\0"))

    def _checked(self, name: str) -> str:
        """Return a name below the bundle's folder."""
        stem, _, below = name.partition("/")
        if not is_member_name(below) or (stem != self.stem and not is_member_name(stem)):
            raise VerificationError(f"{quoted(name)} is a name that no bundle has")
        if stem != (self.stem or stem):
            raise VerificationError(f"{quoted(name)} is not in the bundle's folder")
        self.stem = stem
        folders = new_folders(below, self._folders)
        if below in self._names or below in self._folders or not self._names.isdisjoint(folders):
            raise VerificationError(f"{quoted(name)} is in the archive twice")
        self._remember(below, self._names)
        for folder in folders:
            self._remember(folder, self._folders)
        return below

    def _remember(self, name: str, known: set[str]) -> None:
        self._names_left -= len(name) + _PER_NAME
        if self._names_left < 0:
            raise VerificationError("the archive has more members than any bundle")
        known.add(name)

    def _check_end(self) -> None:
        if any(block.strip(b"\0") for block in self._plain.rest()):
            raise VerificationError("something follows the end of the tar")


def _parsed(header: bytes, long_name: Optional[bytes] = None) -> _Header:
    """Read a header: one of a bundle's by making it again, whatever else it may be as tarfile does.

    Args:
        header: all of it; its last block has the numbers.
        long_name: where it is told before that block.
    """
    last = header[-BLOCK:]
    name = (last[_NAME].partition(b"\0")[0] if long_name is None else long_name).decode(
        "utf-8", "surrogateescape"
    )
    size, mtime = _number(last, _SIZE), _number(last, _MTIME)
    if size is not None and mtime is not None and header == member_header(name, size, mtime):
        return _Header(name, size, mtime, is_as_written=True)
    info = _by_tarfile(last)
    name = info.name if long_name is None else name
    if info.type != tarfile.REGTYPE or info.size < 0:
        raise VerificationError(f"{quoted(name)} is no regular file")
    mtime = int(info.mtime)
    return _Header(name, info.size, mtime, is_as_written=header == member_header(name, info.size, mtime))


def _number(header: bytes, where: slice) -> Optional[int]:
    """Return a number of a header that is written in octal."""
    digits = header[where]
    return int(digits, 8) if _OCTAL.fullmatch(digits) else None


def _by_tarfile(header: bytes) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise VerificationError("what is in this gzip file is no tar, or is damaged") from error


class _Plain:
    """Takes from a stream of blocks as many bytes as are asked for."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._block = b""
        self._at = 0

    def some(self, limit: int) -> bytes:
        """Return at least one byte and at most `limit`, without copying a block that is wanted whole."""
        if self._at == len(self._block):
            try:
                self._block, self._at = next(self._blocks), 0
            except StopIteration:
                raise VerificationError("the tar ends in the middle") from None
        piece = self._block[self._at : self._at + limit]
        self._at += len(piece)
        return piece

    def exactly(self, size: int) -> bytes:
        """Return so many bytes."""
        end = self._at + size
        if end <= len(self._block):
            piece, self._at = self._block[self._at : end], end
            return piece
        pieces = []
        while size:
            piece = self.some(size)
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def rest(self) -> Iterator[bytes]:
        """Yield all that is left."""
        yield self._block[self._at :]
        yield from self._blocks
