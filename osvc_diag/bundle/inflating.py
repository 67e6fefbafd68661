"""The plain bytes of compressed ones, in bounded memory, nothing taken on trust."""

from __future__ import annotations

import bz2
import lzma
from typing import TYPE_CHECKING, BinaryIO, Callable, Optional, Protocol

from osvc_diag.bundle.compressor import InflateError, inflater
from osvc_diag.bundle.verdict import COPY_AGAIN
from osvc_diag.errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BLOCK = 1024 * 1024  # bytes, plain
_CHUNK = 1 << 18  # bytes, compressed
_BITE = 1 << 15  # bytes of them that an engine is given at a time: it copies the rest of them for each block
MAGIC = b"\x1f\x8b"  # of gzip
_XZ_MEMORY = 1 << 27  # bytes; xz -9 asks for 65 MiB


class UninflatableError(Exception):
    """Compressed bytes that do not inflate whole."""


class BombError(UninflatableError):
    """Compressed bytes that inflate to more than they may."""


def gunzipped(file: BinaryIO) -> Iterator[bytes]:
    """Yield the plain bytes of a file that is one gzip member and nothing else.

    Raises:
        VerificationError: It is damaged, cut short, or something follows it.
    """
    engine = _Gunzip()
    size = 0
    for chunk in _chunks(file):
        size += len(chunk)
        if engine.eof:
            raise VerificationError("something follows the end of the archive", hint=COPY_AGAIN)
        try:
            yield from _pieces(engine, chunk)
        except InflateError as error:
            raise VerificationError("the archive is damaged", hint=COPY_AGAIN) from error
    if not engine.eof:
        raise VerificationError(f"the archive is cut short: it ends after {size} bytes", hint=COPY_AGAIN)
    if engine.unused_data:
        raise VerificationError("something follows the end of the archive", hint=COPY_AGAIN)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while True:
        try:
            chunk = file.read(_CHUNK)
        except OSError as error:
            raise VerificationError(f"the archive cannot be read: {error.strerror or error}") from error
        if not chunk:
            return
        yield chunk


class _Engine(Protocol):
    """What bz2 and lzma have: one compressed stream, inflated step by step."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def needs_input(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


class _Gunzip:
    """zlib's inflater, with the interface of the others."""

    def __init__(self) -> None:
        self._engine = inflater()
        self._was_full = False

    @property
    def eof(self) -> bool:
        return self._engine.eof

    @property
    def unused_data(self) -> bytes:
        return self._engine.unused_data

    @property
    def needs_input(self) -> bool:
        # A full block may have more behind it, though all of the input was looked at.
        return not (self._engine.eof or self._was_full or self._engine.unconsumed_tail)

    def decompress(self, data: bytes, max_length: int = BLOCK) -> bytes:
        block = self._engine.decompress(self._engine.unconsumed_tail + data, max_length)
        self._was_full = len(block) == max_length
        return block


def _pieces(engine: _Engine, chunk: bytes) -> Iterator[bytes]:
    """Yield what a chunk inflates to, a block at a time."""
    while True:
        block = engine.decompress(chunk, BLOCK)
        if block:
            yield block
        if engine.eof or engine.needs_input:
            return
        chunk = b""


_COMPRESSIONS: tuple[tuple[str, bytes, Callable[[], _Engine]], ...] = (
    (".gz", b"\x1f\x8b\x08", _Gunzip),
    (".bz2", b"BZh", bz2.BZ2Decompressor),
    (".xz", b"\xfd7zXZ\x00", lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY)),
)
_LONGEST_MAGIC = 6  # bytes


def compression(start: bytes) -> Optional[str]:
    """Return the suffix of the compression that bytes begin with, None where they do with none."""
    for suffix, magic, _ in _COMPRESSIONS:
        if start.startswith(magic):
            return suffix
    return None


def peeked(blocks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return enough of the start to tell a compression, and all of the blocks."""
    rest = iter(blocks)
    start = b""
    for block in rest:
        start += block
        if len(start) >= _LONGEST_MAGIC:
            break
    return start[:_LONGEST_MAGIC], _rejoined(start, rest)


def _rejoined(start: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if start:
        yield start
    yield from rest


def _bites(blocks: Iterable[bytes]) -> Iterator[bytes]:
    for block in blocks:
        for start in range(0, len(block), _BITE):
            yield block[start : start + _BITE]


def inflated(blocks: Iterable[bytes], suffix: str, limit: int) -> Iterator[bytes]:
    """Yield the plain bytes of a compressed stream, or of several in a row.

    Args:
        blocks: The compressed bytes.
        suffix: `.gz`, `.bz2` or `.xz`.
        limit: Plain bytes, so that a bomb ends.

    Raises:
        UninflatableError: They are damaged or cut short.
        BombError: They are more than the limit.
    """
    make = next(make for known, _, make in _COMPRESSIONS if known == suffix)
    engine = make()
    size = 0
    try:
        for bite in _bites(blocks):
            data = bite
            while data:
                if engine.eof:
                    engine = make()
                for block in _pieces(engine, data):
                    size += len(block)
                    if size > limit:
                        raise BombError(f"inflates to more than {limit} bytes")
                    yield block
                data = engine.unused_data if engine.eof else b""
    except (InflateError, OSError, EOFError, lzma.LZMAError) as error:
        raise UninflatableError("is damaged") from error
    if not engine.eof:
        raise UninflatableError("ends in the middle")
