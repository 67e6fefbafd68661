"""Takes the content of one member of a bundle: hashed and compressed behind the caller, each in a thread."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Callable, NamedTuple, Optional

from osvc_diag.bundle.compressor import crc32, deflated
from osvc_diag.bundle.hashing import Tally
from osvc_diag.bundle.headers import member_header, padding
from osvc_diag.bundle.packing import Packing
from osvc_diag.bundle.runs import Run
from osvc_diag.bundle.sums import StoredMember

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osvc_diag.bundle.packing import Packers
    from osvc_diag.bundle.runs import Spool
    from osvc_diag.pipeline import Behind

PARCEL = 1024 * 1024  # bytes that are handed over to the threads together; a smaller member never is


class Segment(NamedTuple):
    """Members that follow each other in the tar, as runs in their order there."""

    stored: Sequence[StoredMember]
    """Sorted by name: one member, or several small ones."""
    runs: Sequence[Run]
    """A header and its padded content; or one run of all headers and contents."""


class MemberSink:
    """Takes the content of one member. A context manager: an error in it drops the member."""

    def __init__(
        self,
        name: str,
        mtime: float,
        *,
        stem: str,
        spool: Spool,
        hasher: Behind,
        packers: Packers,
        done: Callable[[Optional[Segment]], None],
    ) -> None:
        """Begin a member.

        Args:
            name: Below the bundle's folder.
            mtime: Seconds since the epoch.
            stem: The bundle's folder.
            spool: Where its runs go.
            hasher: Hashes a member that is not small.
            packers: Compress it.
            done: Is given what it came to; None where it was dropped.
        """
        self.mtime = mtime
        """Seconds since the epoch; may be set until the sink is closed: a source tells it once it is open."""
        self.size = 0
        """Bytes written so far."""
        self.stored: Optional[StoredMember] = None
        """What was stored, once the sink is closed; None where it was dropped."""
        self.packed = 0
        """Bytes that it takes in the archive, header included, once the sink is closed."""
        self.ceiling: Optional[int] = None
        """What `spooled_bytes` may come to at most: a member that leads beyond is dropped when closed."""
        self.look: Optional[Callable[[bytes], object]] = None
        """Is shown all that is stored, in order and in another thread, until the sink is closed."""
        self._name = name
        self._stem = stem
        self._spool = spool
        self._hasher = hasher
        self._packers = packers
        self._done = done
        self._start = spool.size
        self._packing = Packing(packers, spool)
        self._tally = Tally()
        self._discarded = False
        self._gathered: list[bytes] = []
        self._gathered_bytes = 0

    def write(self, block: bytes) -> None:
        """Store a block; it may not be stored yet when this returns.

        Raises:
            BundleError: The disk is full; maybe for an earlier block.
        """
        self.size += len(block)
        self._gathered.append(block)
        self._gathered_bytes += len(block)
        if self._gathered_bytes >= PARCEL:
            content = self._taken()
            self._hasher.do(functools.partial(self._look_at, content))
            self._packing.add(content)

    def settle(self) -> None:
        """Wait until all that was written is stored.

        Raises:
            BundleError: The disk is full.
        """
        self._take_rest(b"")

    def discard(self) -> None:
        """Drop the member: it will not be in the bundle."""
        self._discarded = True

    def __enter__(self) -> MemberSink:
        return self

    def __exit__(self, kind: Optional[type[BaseException]], *_error: object) -> None:
        segment = None
        try:
            if kind is None and not self._discarded:
                segment = self._finished()
                self.packed = self._spool.size - self._start
                if self.ceiling is not None and self._spool.size > self.ceiling:
                    segment = self.stored = None
        finally:
            if segment is None:
                self._hasher.abandon()
                self._packers.abandon()
                self._spool.truncate(self._start)
            self._done(segment)

    @property
    def line_ends(self) -> int:
        """How many line ends were stored, once the sink is closed."""
        return self._tally.line_ends

    def _taken(self) -> bytes:
        """Return what was gathered, and forget it."""
        # Together: after each call that lets other threads run, a thread has to wait for its turn.
        content = b"".join(self._gathered)
        self._gathered, self._gathered_bytes = [], 0
        return content

    def _take_rest(self, zeros: bytes) -> None:
        """Take what is no parcel, and the padding after it."""
        self._hasher.settle()
        rest = self._taken()
        self._look_at(rest)
        self._packing.add_here(rest + zeros)

    def _look_at(self, content: bytes) -> None:
        self._tally.update(content)
        if self.look is not None:
            self.look(content)

    def _finished(self) -> Segment:
        zeros = padding(self.size)
        self._take_rest(zeros)
        end = self._spool.size
        crc = crc32(zeros, self._tally.crc)
        content = Run(self._start, end - self._start, crc, self.size + len(zeros))
        # The header tells the size, so it is known last; it is stored behind and copied before.
        header = member_header(f"{self._stem}/{self._name}", self.size, self.mtime)
        packed = deflated(header, self._spool.compression)
        self._spool.append(packed)
        self.stored = StoredMember(self._name, self.size, self._tally.hexdigest())
        return Segment([self.stored], [Run(end, len(packed), crc32(header, 0), len(header)), content])
