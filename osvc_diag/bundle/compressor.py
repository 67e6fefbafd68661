"""The fastest deflate there is, igzip where the `fast` extra is installed; or zlib's smallest."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Protocol, Union, cast

from osvc_diag.bundle.compression import Compression

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW = 32 * 1024  # bytes before a place that what is compressed there may refer to
_RAW = -15  # zlib's window bits: no header, no trailer, that window
_GZIP = 31  # the same window within a gzip header and trailer


class Compressor(Protocol):
    """What deflates one run of bytes."""

    def compress(self, data: bytes, /) -> bytes:
        """Return what is ready of the compressed run."""

    def flush(self, mode: int = ..., /) -> bytes:
        """Return the rest of the compressed run."""


class Inflater(Protocol):
    """What inflates one gzip member and checks its CRC and its length."""

    eof: bool
    unused_data: bytes
    unconsumed_tail: bytes

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes:
        """Return at most `max_length` bytes; what was not looked at yet is left in `unconsumed_tail`."""


def _engine() -> Any:
    try:
        from isal import isal_zlib  # noqa: PLC0415 - optional
    except ImportError:
        return zlib
    return isal_zlib


_ENGINE = _engine()

ENGINE: str = "zlib" if _ENGINE is zlib else "isal"
"""Which of the two it is. The bytes of an archive depend on it; the tar inside never does."""

_FAST_LEVEL = 3 if _ENGINE is zlib else 1
"""zlib's levels 1 and 2 save little time, and are a third larger than gzip; isal's others save no bytes."""
_SMALL_LEVEL = 9

crc32: Callable[[Union[bytes, memoryview], int], int] = _ENGINE.crc32
InflateError: type[Exception] = _ENGINE.error
"""What an inflater raises on damaged data."""


def raw_compressor(compression: Compression = Compression.FAST, before: bytes = b"") -> Compressor:
    """Begin a run of raw deflate blocks.

    Args:
        compression: Whether it is made fast or small.
        before: What the run follows and may refer to; the last WINDOW bytes count.
    """
    engine, level = (zlib, _SMALL_LEVEL) if compression is Compression.SMALL else (_ENGINE, _FAST_LEVEL)
    more = {"zdict": before} if before else {}
    return cast("Compressor", engine.compressobj(level, zlib.DEFLATED, _RAW, **more))


def finish(compressor: Compressor) -> bytes:
    """End a run on a byte's border, so that another can follow it."""
    return compressor.flush(zlib.Z_SYNC_FLUSH)


def deflated(data: bytes, compression: Compression = Compression.FAST) -> bytes:
    """Return a whole run."""
    compressor = raw_compressor(compression)
    return compressor.compress(data) + finish(compressor)


def inflater() -> Inflater:
    """Begin to inflate a gzip member."""
    return cast("Inflater", _ENGINE.decompressobj(_GZIP))
