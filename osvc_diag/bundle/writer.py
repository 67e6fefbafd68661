"""Writes a bundle: members one at a time, in any order, into one gzip member with the manifest in front."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Optional

from osvc_diag.bundle.compression import Compression
from osvc_diag.bundle.compressor import crc32, deflated
from osvc_diag.bundle.headers import (
    MemberNameError,
    check_member_name,
    is_member_name,
    member_header,
    new_folders,
    padding,
)
from osvc_diag.bundle.packing import Packers
from osvc_diag.bundle.runs import Archive, Run, Spool
from osvc_diag.bundle.sink import MemberSink, Segment
from osvc_diag.bundle.sums import SUMS_NAME, StoredMember, sums_text
from osvc_diag.bundle.unnamed import OutputFolder, UnnamedFile
from osvc_diag.errors import BundleError
from osvc_diag.pipeline import Behind
from osvc_diag.printable import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

__all__ = ["BundleWriter", "MemberSink", "SmallMember"]

SUFFIX = ".tar.gz"
LONGEST_FILE_NAME = 250  # bytes: room for the `-2` of a name that is taken


class SmallMember(NamedTuple):
    """A member that is in memory."""

    name: str
    """Below the bundle's folder; bytes that are not UTF-8 as surrogate escapes."""
    mtime: float
    """Seconds since the epoch."""
    content: bytes


class BundleWriter:
    """Spools members compressed, then makes one archive of them that gets its name last.

    Memory does not grow with the members' sizes. Disk space needed is twice the compressed size. Not
    for several threads at once. Used as a context manager, or closed, it leaves nothing but what was
    published. Members that are not small are hashed and compressed in threads that end with it.
    """

    def __init__(self, folder: str, name: str, *, compression: Compression = Compression.FAST) -> None:
        """Prepare a bundle.

        Args:
            folder: Where it is to be; may be writable for everybody, as /var/tmp is.
            name: Its file name, ending in `.tar.gz`; without that, the name of the folder inside.
            compression: Whether it is made fast or small.

        Raises:
            BundleError: The folder cannot be written, or the name is no file name.
        """
        self.stem = name.removesuffix(SUFFIX)
        if "/" in self.stem or not is_member_name(self.stem):
            raise BundleError(f"{quoted(name)} is no file name", hint=f"name a file that ends in {SUFFIX}")
        if len(name.encode("utf-8", "surrogateescape")) > LONGEST_FILE_NAME:
            raise BundleError(f"{quoted(name)} is too long for a file name", hint="name a shorter one")
        self._suffix = name[len(self.stem) :]
        self._segments: list[Segment] = []
        self._stored: dict[str, StoredMember] = {}
        self._folders: set[str] = set()
        self._open: Optional[MemberSink] = None
        self._sealed: Optional[UnnamedFile] = None
        self._folder = OutputFolder(folder)
        try:
            with self._folder.writing():
                self._spool = Spool(self._folder.scratch(), self._folder, compression)
        except BaseException:
            self._folder.close()
            raise
        self._hasher = Behind("osvc_diag hasher")
        self._packers = Packers()

    def __enter__(self) -> BundleWriter:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop all that was not published, once the threads let go of it."""
        try:
            self._hasher.close()
            self._packers.close()
        finally:  # whoever is tired of waiting for a disk leaves nothing behind either
            if self._sealed is not None:
                self._sealed.close()
            self._spool.close()
            self._folder.close()

    @property
    def spooled_bytes(self) -> int:
        """Compressed bytes so far, of the open member too, as far as it is compressed already."""
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
        self._open = MemberSink(
            name,
            mtime,
            stem=self.stem,
            spool=self._spool,
            hasher=self._hasher,
            packers=self._packers,
            done=self._end_member,
        )
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
        packed = deflated(text, self._spool.compression)
        run = Run(self._spool.size, len(packed), crc32(text, 0), len(text))
        self._spool.append(packed)
        stored = [StoredMember.of(name, content) for name, _, content in members]
        self._end_member(Segment(tuple(stored), [run]))
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
        folders = new_folders(name, self._folders)
        return any(folder in self._stored or folder in beside for folder in folders)

    def _end_member(self, segment: Optional[Segment]) -> None:
        """Take over what was stored; None where it was dropped."""
        self._open = None
        if segment is None:
            return
        self._segments.append(segment)
        for stored in segment.stored:
            self._stored[stored.name] = stored
            self._folders.update(new_folders(stored.name, self._folders))

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
            archive = Archive(self._sealed.stream, self._spool.compression)
            for name, content in [*front[:1], (SUMS_NAME, sums), *front[1:]]:
                archive.add(member_header(f"{self.stem}/{name}", len(content), mtime))
                archive.add(content + padding(len(content)))
            self._spool.flush()
            for segment in _in_order(self._segments):
                for run in segment.runs:
                    archive.copy(self._spool, run)
            archive.end()
            # Beside the verification, for a slow disk takes its time.
            self._hasher.do(self._sealed.sync)
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
                    self._hasher.settle()
                    self._sealed.publish(name)
            except BundleError as error:
                if not isinstance(error.__cause__, FileExistsError):
                    raise
                attempt += 1
            else:
                return f"{self._folder.path.rstrip('/')}/{name}"


def _in_order(segments: Iterable[Segment]) -> list[Segment]:
    """Sort by name, and see to it that no segment lies inside of another one."""
    ordered = sorted((segment for segment in segments if segment.stored), key=_first_name)
    for one, following in zip(ordered, ordered[1:]):
        if one.stored[-1].name >= _first_name(following):
            raise RuntimeError("members that were stored as neighbours have another one between them")
    return ordered


def _first_name(segment: Segment) -> str:
    return segment.stored[0].name
