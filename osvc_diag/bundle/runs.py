"""Bytes of a tar that were compressed apart, and how they become one gzip member."""

from __future__ import annotations

import contextlib
import os
import struct
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from osvc_diag.bundle.compression import Compression
from osvc_diag.bundle.compressor import crc32, deflated
from osvc_diag.bundle.crc import crc32_combine
from osvc_diag.bundle.headers import BLOCK
from osvc_diag.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.bundle.unnamed import OutputFolder

GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00%c\xff"  # no name, time 0, how it was made, any system
_HOW = {Compression.FAST: b"\x04", Compression.SMALL: b"\x02"}  # RFC 1952: fastest, smallest
_LAST_BLOCK = b"\x03\x00"  # an empty deflate block that is the last one
_COPY = 1 << 20  # bytes at a time


class Run(NamedTuple):
    """Bytes of the tar, compressed apart: where they are in the spool, and what they are."""

    offset: int
    compressed_size: int
    crc: int
    size: int


class Spool:
    """The compressed runs, in a file that never has a name."""

    def __init__(self, stream: BinaryIO, folder: OutputFolder, compression: Compression) -> None:
        self._stream = stream
        self._folder = folder
        self.compression = compression
        """Of all runs."""
        self.size = 0
        """Bytes."""

    def append(self, data: bytes) -> None:
        """Add bytes at the end."""
        if data:
            with self._folder.writing():
                self._stream.write(data)
            self.size += len(data)

    def truncate(self, size: int) -> None:
        """Forget what comes after `size` bytes."""
        with self._folder.writing():
            self._stream.seek(size)
            self._stream.truncate()
        self.size = size

    def flush(self) -> None:
        """Let `pieces` find all that was appended."""
        with self._folder.writing():
            self._stream.flush()

    def pieces(self, offset: int, size: int) -> Iterator[bytes]:
        """Yield a range, piece by piece."""
        while size:
            # Runs are copied in another order than they came in: the stream's buffer would be in the way.
            piece = os.pread(self._stream.fileno(), min(size, _COPY), offset)
            if not piece:
                raise BundleError("the bundle's spool file was cut short")
            offset += len(piece)
            size -= len(piece)
            yield piece

    def close(self) -> None:
        """Let the file go."""
        with contextlib.suppress(OSError):  # what is still buffered may not fit, and nobody will miss it
            self._stream.close()


class Archive:
    """One gzip member in the making, from runs that were compressed apart."""

    def __init__(self, stream: BinaryIO, compression: Compression) -> None:
        self._stream = stream
        self._compression = compression
        self._crc = 0
        self._size = 0
        stream.write(GZIP_HEADER % _HOW[compression])

    def add(self, data: bytes) -> None:
        """Compress and add bytes that are in memory."""
        self._stream.write(deflated(data, self._compression))
        self._count(crc32(data, 0), len(data))

    def copy(self, spool: Spool, run: Run) -> None:
        """Add a run of the spool as it is."""
        for piece in spool.pieces(run.offset, run.compressed_size):
            self._stream.write(piece)
        self._count(run.crc, run.size)

    def end(self) -> None:
        """End the tar and the gzip member."""
        self.add(bytes(2 * BLOCK))
        self._stream.write(_LAST_BLOCK)
        self._stream.write(struct.pack("<LL", self._crc, self._size & 0xFFFFFFFF))
        self._stream.flush()

    def _count(self, crc: int, size: int) -> None:
        self._crc = crc32_combine(self._crc, crc, size)
        self._size += size
