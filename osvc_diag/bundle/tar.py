"""Reads the tar inside a bundle: regular files in one folder, and nothing that a hostile archive may try."""

from __future__ import annotations

import contextlib
import tarfile
from typing import TYPE_CHECKING, NamedTuple

from osvc_diag.bundle.headers import BLOCK, LONGEST_NAME, is_member_name, member_header, parents
from osvc_diag.errors import VerificationError
from osvc_diag.printable import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_NAME = LONGEST_NAME + 256  # bytes, the bundle's folder and a NUL included
MOST_NAMES = 1 << 28  # bytes that the names of all members and folders may take
_PER_NAME = 256  # bytes of memory that a name takes beside its characters


class _Header(NamedTuple):
    """What a tar tells of a member."""

    name: str
    type: bytes
    size: int
    mtime: int


class Member:
    """A member of the archive, while the reader stands at it."""

    def __init__(self, name: str, info: _Header, header: bytes, plain: _Plain) -> None:
        self.name = name
        """Below the bundle's folder; bytes that are not UTF-8 as surrogate escapes."""
        self.size = info.size
        """Bytes."""
        self.mtime = info.mtime
        """Seconds since the epoch."""
        self.header = header
        """All of its tar header, as it stands in the archive."""
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
        return b"".join(self.blocks())

    def skip(self) -> None:
        """Pass over the rest of its content and its padding."""
        for _ in self.blocks():
            pass
        if self._plain.exactly(-self.size % BLOCK).strip(b"\0"):
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
            if not header.strip(b"\0"):
                self._check_end()
                return
            info = _parsed(header)
            name = info.name
            if info.type == tarfile.GNUTYPE_LONGNAME:
                more, name = self._long_name(info)
                header += more
                info = _parsed(header[-BLOCK:])
            if info.type != tarfile.REGTYPE or info.size < 0:
                raise VerificationError(f"{quoted(name)} is no regular file")
            member = Member(self._checked(name), info, header, self._plain)
            yield member
            member.skip()

    def _long_name(self, info: _Header) -> tuple[bytes, str]:
        if not 0 < info.size <= _LONGEST_NAME:
            raise VerificationError("a member's name is too long")
        raw = self._plain.exactly(info.size + -info.size % BLOCK)
        name = raw[: info.size].rstrip(b"\0").decode("utf-8", "surrogateescape")
        return raw + self._plain.exactly(BLOCK), name

    def _checked(self, name: str) -> str:
        """Return a name below the bundle's folder."""
        stem, _, below = name.partition("/")
        if not is_member_name(stem) or not is_member_name(below):
            raise VerificationError(f"{quoted(name)} is a name that no bundle has")
        if stem != (self.stem or stem):
            raise VerificationError(f"{quoted(name)} is not in the bundle's folder")
        self.stem = stem
        # A folder that is known was looked at with another member, and so were those above it.
        is_new = below.rpartition("/")[0] not in self._folders
        folders = set(parents(below)) if is_new else set()
        if below in self._names or below in self._folders or not self._names.isdisjoint(folders):
            raise VerificationError(f"{quoted(name)} is in the archive twice")
        self._remember(below, folders - self._folders)
        return below

    def _remember(self, name: str, folders: set[str]) -> None:
        self._names_left -= sum(len(known) + _PER_NAME for known in (name, *folders))
        if self._names_left < 0:
            raise VerificationError("the archive has more members than any bundle")
        self._names.add(name)
        self._folders |= folders

    def _check_end(self) -> None:
        if any(block.strip(b"\0") for block in self._plain.rest()):
            raise VerificationError("something follows the end of the tar")


def _parsed(header: bytes) -> _Header:
    """Read a header: one of a bundle's by making it again, whatever else it may be as tarfile does."""
    with contextlib.suppress(ValueError):
        name = header[:100].partition(b"\0")[0].decode("utf-8", "surrogateescape")
        size, mtime = int(header[124:135], 8), int(header[136:147], 8)
        if header == member_header(name, size, mtime):
            return _Header(name, tarfile.REGTYPE, size, mtime)
    try:
        info = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise VerificationError("what is in this gzip file is no tar, or is damaged") from error
    return _Header(info.name, info.type, info.size, int(info.mtime))


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
