"""Reads rotated logs inside their compression, and compresses them again the same way."""

from __future__ import annotations

import bz2
import lzma
import os
import zlib
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Callable, Optional, cast

from osvc_diag.bundle.inflating import UninflatableError
from osvc_diag.bundle.inflating import inflated as _inflated
from osvc_diag.pipeline import Behind
from osvc_diag.reading.blocks import BrokenOffError
from osvc_diag.reading.metered import pread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    class _Compressor:
        def compress(self, data: bytes) -> bytes: ...
        def flush(self) -> bytes: ...


_CHUNK = 64 * 1024  # bytes, compressed
_LITTLE = 32 * 1024  # bytes of text that are compressed as fast as a thread wakes up: most logs have no more
INFLATED_LIMIT = 16 * 1024**3  # bytes of text; what inflates to more was made to harm
GZIP_WINDOW = 16 + zlib.MAX_WBITS
# The standard library's engines on purpose: what is stored must not depend on an accelerator.
_COMPRESSORS: dict[str, Callable[[], object]] = {
    ".gz": lambda: zlib.compressobj(1, zlib.DEFLATED, GZIP_WINDOW),
    ".bz2": lambda: bz2.BZ2Compressor(1),
    ".xz": lambda: lzma.LZMACompressor(preset=0),
}
UNREADABLE = frozenset({".zst", ".lz4", ".lzo", ".Z", ".zip", ".7z"})
"""Suffixes of compressed logs that nothing here can read inside: they are withheld."""


def compression_of(path: str) -> Optional[str]:
    """Return the suffix of a compressed log that can be read inside."""
    suffix = os.path.splitext(path)[1]
    return suffix if suffix in _COMPRESSORS else None


def is_plain(path: str) -> bool:
    """Tell whether a log is not compressed, by its name."""
    suffix = os.path.splitext(path)[1]
    return suffix not in _COMPRESSORS and suffix not in UNREADABLE


def inflated(fd: int, suffix: str) -> Iterator[bytes]:
    """Yield a compressed log's text from its beginning, in blocks of bounded size.

    Raises:
        BrokenOffError: it ends early or is damaged. The agent writes `.1.gz` in place, so half happens.
    """
    try:
        yield from _inflated(_chunks(fd), suffix, INFLATED_LIMIT)
    except UninflatableError as error:
        raise BrokenOffError(f"the compressed log {error}") from error


def compressed_again(blocks: Iterable[bytes], suffix: str) -> Iterator[bytes]:
    """Compress a text; the same text gives the same bytes.

    A block is compressed while the caller makes the next one: that takes as long.
    """
    engine = cast("_Compressor", _COMPRESSORS[suffix]())
    packed: deque[bytes] = deque()
    with Behind("osvc_diag compressor") as behind:
        for block in blocks:
            job = partial(_pack, engine, block, packed)
            if len(block) < _LITTLE:
                behind.settle()
                job()
            else:
                behind.do(job)
            while packed:
                yield packed.popleft()
        behind.settle()
    yield b"".join((*packed, engine.flush()))


def _pack(engine: _Compressor, block: bytes, packed: deque[bytes]) -> None:
    ready = engine.compress(block)
    if ready:
        packed.append(ready)


def _chunks(fd: int) -> Iterator[bytes]:
    position = 0
    while True:
        chunk = pread(fd, _CHUNK, position)
        if not chunk:
            return
        position += len(chunk)
        yield chunk
