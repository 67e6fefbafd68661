"""Reads rotated logs inside their compression, and compresses them again the same way."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import zlib
from typing import TYPE_CHECKING, BinaryIO, Callable, Optional, cast

from osvc_diag.reading.blocks import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    class _Compressor:
        def compress(self, data: bytes) -> bytes: ...
        def flush(self) -> bytes: ...


GZIP_WINDOW = 16 + zlib.MAX_WBITS
# The standard library's engines on purpose: what is stored must not depend on an accelerator.
_OPENERS: dict[str, Callable[[BinaryIO], object]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}
_COMPRESSORS: dict[str, Callable[[], object]] = {
    ".gz": lambda: zlib.compressobj(1, zlib.DEFLATED, GZIP_WINDOW),
    ".bz2": lambda: bz2.BZ2Compressor(1),
    ".xz": lambda: lzma.LZMACompressor(preset=0),
}
UNREADABLE = frozenset({".zst", ".lz4", ".lzo", ".Z", ".zip", ".7z"})
"""Suffixes of compressed logs that nothing here can read inside: they are withheld."""


class BrokenOffError(Exception):
    """A compressed log ends early or is damaged; what came before was yielded."""


def compression_of(path: str) -> Optional[str]:
    """Return the suffix of a compressed log that can be read inside."""
    suffix = os.path.splitext(path)[1]
    return suffix if suffix in _OPENERS else None


def inflated(fd: int, suffix: str) -> Iterator[bytes]:
    """Yield a compressed log's text from its beginning.

    Raises:
        BrokenOffError: it ends early or is damaged. The agent writes `.1.gz` in place, so half happens.
    """
    with os.fdopen(os.dup(fd), "rb") as raw:
        raw.seek(0)
        file = cast("gzip.GzipFile", _OPENERS[suffix](raw))
        with file:
            while True:
                try:
                    block = file.read1(BLOCK)
                except EOFError as error:
                    raise BrokenOffError("ends in the middle") from error
                except (OSError, zlib.error, lzma.LZMAError) as error:
                    raise BrokenOffError("is damaged") from error
                if not block:
                    return
                yield block


def compressed_again(blocks: Iterable[bytes], suffix: str) -> Iterator[bytes]:
    """Compress a text; the same text gives the same bytes."""
    engine = cast("_Compressor", _COMPRESSORS[suffix]())
    for block in blocks:
        packed = engine.compress(block)
        if packed:
            yield packed
    yield engine.flush()
