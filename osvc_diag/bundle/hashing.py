"""The sha256 of a stream that goes by: of much behind the caller, of little in its place."""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING

from osvc_diag.bundle.compressor import crc32
from osvc_diag.line_ends import line_ends

if TYPE_CHECKING:
    from osvc_diag.pipeline import Behind

PARCEL = 1024 * 1024  # bytes that are handed over together


class Tally:
    """What is to be known of bytes that go by: their hash, their CRC, and how many line ends they have."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.crc = 0
        self.line_ends = 0

    def update(self, content: bytes) -> None:
        """Add bytes."""
        self.line_ends += line_ends(content)
        self._hash.update(content)
        self.crc = crc32(content, self.crc)

    def hexdigest(self) -> str:
        """Return the sha256 of all that was added."""
        return self._hash.hexdigest()


class ParcelHash:
    """Hashes blocks, many of them at once in another thread."""

    def __init__(self, behind: Behind) -> None:
        self._behind = behind
        self._hash = hashlib.sha256()
        self._gathered: list[bytes] = []
        self._size = 0
        self._is_split = False
        """Whether some of it was handed over: most members are small, and none of them waits for a thread."""

    def update(self, block: bytes) -> None:
        """Add a block."""
        self._gathered.append(block)
        self._size += len(block)
        if self._size >= PARCEL:
            self._is_split = True
            self._behind.do(functools.partial(self._add, self._gathered))
            self._gathered, self._size = [], 0

    def hexdigest(self) -> str:
        """Return the digest of all blocks."""
        if self._is_split:
            self._behind.settle()
        self._add(self._gathered)
        self._gathered, self._size = [], 0
        return self._hash.hexdigest()

    def _add(self, blocks: list[bytes]) -> None:
        for block in blocks:
            self._hash.update(block)
