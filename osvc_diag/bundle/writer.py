"""Writes a bundle: members one at a time, in any order, into one gzip member with the manifest in front."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Optional

from osvc_diag.bundle.compressor import crc32, deflated, finish, raw_compressor
from osvc_diag.bundle.headers import (
    BLOCK,
    MemberNameError,
    check_member_name,
    is_member_name,
    member_header,
    padding,
    parents,
)
from osvc_diag.bundle.runs import Archive, Run, Spool
from osvc_diag.bundle.sums import SUMS_NAME, StoredMember, sums_text
from osvc_diag.bundle.unnamed import OutputFolder, UnnamedFile
from osvc_diag.errors import BundleError
from osvc_diag.printable import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

SUFFIX = ".tar.gz"
LONGEST_FILE_NAME = 250  # bytes: room for the `-2` of a name that is taken


class _Segment(NamedTuple):
    """A member of the tar: what it is, its header and its padded content."""

    stored: StoredMember
    header: Run
    content: Run


class BundleWriter:
    """Spools members compressed, then makes one archive of them that gets its name last.

    Memory does not grow with the members' sizes. Disk space needed is twice the compressed size. Not
    for several threads at once. Used as a context manager, or closed, it leaves nothing but what was
    published.
    """

    def __init__(self, folder: str, name: str) -> None:
        """Prepare a bundle.

        Args:
            folder: Where it is to be; may be writable for everybody, as /var/tmp is.
            name: Its file name, ending in `.tar.gz`; without that, the name of the folder inside.

        Raises:
            BundleError: The folder cannot be written, or the name is no file name.
        """
        self.stem = name.removesuffix(SUFFIX)
        if "/" in self.stem or not is_member_name(self.stem):
            raise BundleError(f"{quoted(name)} is no file name", hint=f"name a file that ends in {SUFFIX}")
        if len(name.encode("utf-8", "surrogateescape")) > LONGEST_FILE_NAME:
            raise BundleError(f"{quoted(name)} is too long for a file name", hint="name a shorter one")
        self._suffix = name[len(self.stem) :]
        self._segments: dict[str, _Segment] = {}
        self._folders: set[str] = set()
        self._open: Optional[MemberSink] = None
        self._sealed: Optional[UnnamedFile] = None
        self._folder = OutputFolder(folder)
        try:
            with self._folder.writing():
                self._spool = Spool(self._folder.scratch(), self._folder)
        except BaseException:
            self._folder.close()
            raise

    def __enter__(self) -> BundleWriter:
        return self

    def __exit__(
        self,
        _type: Optional[type[BaseException]],
        _error: Optional[BaseException],
        _traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop all that was not published."""
        if self._sealed is not None:
            self._sealed.close()
        self._spool.close()
        self._folder.close()

    @property
    def spooled_bytes(self) -> int:
        """Compressed bytes so far, of the open member too."""
        return self._spool.size

    @property
    def members(self) -> tuple[StoredMember, ...]:
        """What was stored so far, sorted by name."""
        return tuple(self._segments[name].stored for name in sorted(self._segments))

    def member(self, name: str, mtime: float) -> MemberSink:
        """Begin a member; the sink is a context manager, and drops what it got when it ends in an error.

        Args:
            name: Below the bundle's folder; bytes that are not UTF-8 as surrogate escapes.
            mtime: Seconds since the epoch.

        Raises:
            MemberNameError: It leads out of the bundle's folder, is taken, or is a folder or in a file.
        """
        if self._open is not None or self._sealed is not None:
            raise RuntimeError("a bundle takes one member at a time, and none once it is sealed")
        check_member_name(name)
        if self._taken(name):
            raise MemberNameError(f"the bundle has a member {name!a} already")
        self._open = MemberSink(self, self._spool, name, mtime)
        return self._open

    def _taken(self, name: str) -> bool:
        """Say whether the name is a member's or a folder's, or would need a member to be a folder."""
        if name in self._segments or name in self._folders:
            return True
        # A folder that is known was looked at with another member, and so were those above it.
        is_new = name.rpartition("/")[0] not in self._folders
        return is_new and not self._segments.keys().isdisjoint(parents(name))

    def end_member(self, segment: Optional[_Segment]) -> None:
        """Take over what a sink made; None where it was dropped."""
        self._open = None
        if segment is not None:
            name = segment.stored.name
            self._segments[name] = segment
            if name.rpartition("/")[0] not in self._folders:
                self._folders.update(parents(name))

    def seal(self, front: Sequence[tuple[str, bytes]], *, mtime: float = 0) -> BinaryIO:
        """Make the archive, still without a name, and return it from its start, to be verified.

        The first member of `front` is the manifest. SHA256SUMS is added after it: it has every member
        but itself. The rest of `front` follows, then all members sorted by name.

        Args:
            front: Names and contents, in order.
            mtime: Of the front's members, in seconds since the epoch.

        Raises:
            BundleError: The disk is full.
            MemberNameError: A name of the front is taken.
        """
        if self._open is not None or self._sealed is not None:
            raise RuntimeError("a bundle is sealed once, when no member is open")
        names = [name for name, _ in front] + [SUMS_NAME]
        for name in names:
            check_member_name(name)
            if self._taken(name) or names.count(name) > 1:
                raise MemberNameError(f"the bundle has a member {name!a} already")
        pages = [StoredMember.of(name, content) for name, content in front]
        sums = sums_text([*pages, *self.members])
        with self._folder.writing():
            self._sealed = self._folder.file()
            archive = Archive(self._sealed.stream)
            for name, content in [*front[:1], (SUMS_NAME, sums), *front[1:]]:
                archive.add(member_header(f"{self.stem}/{name}", len(content), mtime))
                archive.add(content + padding(len(content)))
            self._spool.flush()
            for name in sorted(self._segments):
                segment = self._segments[name]
                archive.copy(self._spool, segment.header)
                archive.copy(self._spool, segment.content)
            archive.end()
        self._sealed.stream.seek(0)
        return self._sealed.stream

    def publish(self) -> str:
        """Give the sealed archive its name, or that with `-2`, `-3` where it is taken; return its path.

        Raises:
            BundleError: It cannot be put on disk.
        """
        if self._sealed is None:
            raise RuntimeError("a bundle is sealed before it is published")
        attempt = 1
        while True:
            name = self.stem + (f"-{attempt}" if attempt > 1 else "") + self._suffix
            try:
                with self._folder.writing():
                    self._sealed.publish(name)
            except BundleError as error:
                if not isinstance(error.__cause__, FileExistsError):
                    raise
                attempt += 1
            else:
                return f"{self._folder.path.rstrip('/')}/{name}"


class MemberSink:
    """Takes the content of one member."""

    def __init__(self, writer: BundleWriter, spool: Spool, name: str, mtime: float) -> None:
        self.stored: Optional[StoredMember] = None
        """What was stored, once the sink is closed; None where it was dropped."""
        self.size = 0
        """Bytes written so far."""
        self.packed = 0
        """Bytes that it takes in the archive, header included, once the sink is closed."""
        self.ceiling: Optional[int] = None
        """What `spooled_bytes` may come to at most: a member that leads beyond is dropped when closed."""
        self._writer = writer
        self._spool = spool
        self._name = name
        self.mtime = mtime
        """Seconds since the epoch; may be set until the sink is closed: a source tells it once it is open."""
        self._start = spool.size
        self._compressor = raw_compressor()
        self._hash = hashlib.sha256()
        self._crc = 0
        self._discarded = False

    def write(self, block: bytes) -> None:
        """Store a block.

        Raises:
            BundleError: The disk is full.
        """
        self.size += len(block)
        self._hash.update(block)
        self._compress(block)

    def _compress(self, block: bytes) -> None:
        self._crc = crc32(block, self._crc)
        self._spool.append(self._compressor.compress(block))

    def discard(self) -> None:
        """Drop the member: it will not be in the bundle."""
        self._discarded = True

    def __enter__(self) -> MemberSink:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        _error: Optional[BaseException],
        _traceback: Optional[TracebackType],
    ) -> None:
        segment = None
        try:
            if kind is None and not self._discarded:
                segment = self._finished()
                self.packed = self._spool.size - self._start
                if self.ceiling is not None and self._spool.size > self.ceiling:
                    segment = self.stored = None
        finally:
            if segment is None:
                self._spool.truncate(self._start)
            self._writer.end_member(segment)

    def _finished(self) -> _Segment:
        self._compress(padding(self.size))
        self._spool.append(finish(self._compressor))
        end = self._spool.size
        padded = self.size + -self.size % BLOCK
        content = Run(self._start, end - self._start, self._crc, padded)
        # The header tells the size, so it is known last; it is stored behind and copied before.
        header = member_header(f"{self._writer.stem}/{self._name}", self.size, self.mtime)
        packed = deflated(header)
        self._spool.append(packed)
        self.stored = StoredMember(self._name, self.size, self._hash.hexdigest())
        return _Segment(self.stored, Run(end, len(packed), crc32(header, 0), len(header)), content)
