"""The fastest deflate there is, igzip where the `fast` extra is installed; or zlib's smallest."""

from __future__ import annotations

import functools
import threading
import zlib
from typing import TYPE_CHECKING, Any, Optional, Protocol, Union, cast

from osvc_diag.bundle.compression import Compression

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW = 32 * 1024  # bytes before a place that what is compressed there may refer to
_RAW = -15  # zlib's window bits: no header, no trailer, that window
_GZIP = 31  # the same window within a gzip header and trailer
_LARGE = 64 * 1024  # bytes, for which a compressor object has to make room more than once
_ROOM = 512 * 1024  # bytes of a compressed run; of what is not used, nothing is taken
_PROBE = b"what is packed at once must come out again, " * 1000
_SYNC_END = b"\0\0\xff\xff"  # RFC 1951: an empty stored block, to the byte's border
_OF_THREAD = threading.local()


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


def deflated(data: bytes, compression: Compression = Compression.FAST, before: bytes = b"") -> bytes:
    """Return a whole run of raw deflate blocks, which ends on a byte's border, so that another can follow it.

    Args:
        data: What to compress.
        compression: Whether it is made fast or small.
        before: What the run follows and may refer to; the last WINDOW bytes count.
    """
    if compression is Compression.FAST and len(data) >= _LARGE:
        packed = _deflated_at_once(data, before)
        if packed is not None:
            return packed
    engine, level = (zlib, _SMALL_LEVEL) if compression is Compression.SMALL else (_ENGINE, _FAST_LEVEL)
    more = {"zdict": before} if before else {}
    compressor = engine.compressobj(level, zlib.DEFLATED, _RAW, **more)
    return cast("bytes", compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH))


def _deflated_at_once(data: bytes, before: bytes) -> Optional[bytes]:
    """Return such a run from one call without the interpreter's lock; None where that cannot be done.

    A compressor object takes the lock for each doubling of its result, and waits for its turn each time. isal
    has this for its own writer with threads. It is not documented, so it has to prove itself.
    """
    make = _at_once()
    if make is None:
        return None
    if not hasattr(_OF_THREAD, "compressor"):
        _OF_THREAD.compressor = make(_ROOM, _FAST_LEVEL)
    try:
        return cast("bytes", _OF_THREAD.compressor.compress_and_crc(data, before)[0])
    except OverflowError:  # it does not get half as small
        return None


@functools.lru_cache(maxsize=1)
def _at_once() -> Optional[Callable[[int, int], Any]]:
    """Return what makes isal's compressor, where it does what is expected of it."""
    make: Any = getattr(_ENGINE, "_ParallelCompress", None)
    try:
        packed, _ = make(_ROOM, _FAST_LEVEL).compress_and_crc(_PROBE, _PROBE[:WINDOW])
        inflater = zlib.decompressobj(_RAW, zdict=_PROBE[:WINDOW])
        is_right = inflater.decompress(packed) == _PROBE and packed.endswith(_SYNC_END) and not inflater.eof
    except Exception:  # noqa: BLE001 - whatever it raises, a compressor object does it, too
        return None
    return make if is_right else None


def inflater() -> Inflater:
    """Begin to inflate a gzip member."""
    return cast("Inflater", _ENGINE.decompressobj(_GZIP))
