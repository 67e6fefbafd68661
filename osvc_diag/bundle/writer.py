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
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet
    from types import TracebackType

SUFFIX = ".tar.gz"
LONGEST_FILE_NAME = 250  # bytes: room for the `-2` of a name that is taken


class SmallMember(NamedTuple):
    """A member that is in memory."""

    name: str
    """Below the bundle's folder; bytes that are not UTF-8 as surrogate escapes."""
    mtime: float
    """Seconds since the epoch."""
    content: bytes


class _Segment(NamedTuple):
    """Members that follow each other in the tar, as runs in their order there."""

    stored: Sequence[StoredMember]
    """Sorted by name: one member, or several small ones."""
    runs: Sequence[Run]
    """A header and its padded content; or one run of all headers and contents."""


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
        self._segments: list[_Segment] = []
        self._stored: dict[str, StoredMember] = {}
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
        return tuple(self._stored[name] for name in sorted(self._stored))

    def member(self, name: str, mtime: float) -> MemberSink:
        """Begin a member; the sink is a context manager, and drops what it got when it ends in an error.

        Args:
            name: Below the bundle's folder; bytes that are not UTF-8 as surrogate escapes.
            mtime: Seconds since the epoch.

        Raises:
            MemberNameError: It leads out of the bundle's folder, is taken, or is a folder or in a file.
        """
        self._check_new(name)
        self._open = MemberSink(self, self._spool, name, mtime)
        return self._open

    def add_neighbours(self, members: Sequence[SmallMember]) -> list[StoredMember]:
        """Store small members as one compressed run, which is far less work than one for each.

        Args:
            members: sorted by name; no other member of the bundle may have a name between theirs.

        Raises:
            BundleError: The disk is full.
            MemberNameError: As for `member`; none of them is stored.
        """
        parts: list[bytes] = []
        beside: set[str] = set()
        for name, mtime, content in members:
            self._check_new(name, beside)
            beside.add(name)
            parts += (
                member_header(f"{self.stem}/{name}", len(content), mtime),
                content,
                padding(len(content)),
            )
        text = b"".join(parts)
        packed = deflated(text)
        run = Run(self._spool.size, len(packed), crc32(text, 0), len(text))
        self._spool.append(packed)
        stored = [StoredMember.of(name, content) for name, _, content in members]
        self.end_member(_Segment(tuple(stored), [run]))
        return stored

    def _check_new(self, name: str, beside: AbstractSet[str] = frozenset()) -> None:
        if self._open is not None or self._sealed is not None:
            raise RuntimeError("a bundle takes one member at a time, and none once it is sealed")
        check_member_name(name)
        if self._taken(name, beside):
            raise MemberNameError(f"the bundle has a member {name!a} already")

    def _taken(self, name: str, beside: AbstractSet[str] = frozenset()) -> bool:
        """Say whether the name is a member's or a folder's, or would need a member to be a folder.

        Args:
            name: A member's.
            beside: Names of members that are stored together with it.
        """
        if name in self._stored or name in self._folders or name in beside:
            return True
        # A folder that is known was looked at with another member, and so were those above it.
        is_new = name.rpartition("/")[0] not in self._folders
        return is_new and any(folder in self._stored or folder in beside for folder in parents(name))

    def end_member(self, segment: Optional[_Segment]) -> None:
        """Take over what a sink made; None where it was dropped."""
        self._open = None
        if segment is None:
            return
        self._segments.append(segment)
        for stored in segment.stored:
            self._stored[stored.name] = stored
            if stored.name.rpartition("/")[0] not in self._folders:
                self._folders.update(parents(stored.name))

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
            for segment in _in_order(self._segments):
                for run in segment.runs:
                    archive.copy(self._spool, run)
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
        return _Segment([self.stored], [Run(end, len(packed), crc32(header, 0), len(header)), content])


def _in_order(segments: Iterable[_Segment]) -> list[_Segment]:
    """Sort by name, and see to it that no segment lies inside of another one."""
    ordered = sorted((segment for segment in segments if segment.stored), key=_first_name)
    for one, following in zip(ordered, ordered[1:]):
        if one.stored[-1].name >= _first_name(following):
            raise RuntimeError("members that were stored as neighbours have another one between them")
    return ordered


def _first_name(segment: _Segment) -> str:
    return segment.stored[0].name
