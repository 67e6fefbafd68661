"""Looks at the first bytes of an artifact: what cannot be searched for secrets must be withheld."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from osvc_diag.errors import RedactionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

HEAD = 8 * 1024  # bytes looked at
MAX_CONTROLS = 0.02  # share of control characters that a text may hold

_PACKED = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"PK\x03\x04", "zip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "rar"),
)
_KEY_STORES = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")
_DER = re.compile(rb"\x30[\x81-\x83]", re.DOTALL)
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")
_MIN_WIDE = 8  # bytes; less says nothing about an encoding
_MARKS = (*(magic for magic, _ in _PACKED), *_KEY_STORES, *_WIDE_MARKS)
_HOLE = re.compile(rb"\0{16,}")  # what a crash leaves in a log
_TEXT = bytes(range(32, 256)) + b"\t\n\r\f\b\x1b"


def looked_at(blocks: Iterable[bytes]) -> tuple[bool, Iterator[bytes]]:
    """Return whether a stream is binary, and the stream itself, from its beginning.

    Raises:
        RedactionError: it is packed, a key store, or a text of an encoding that is not searched.
    """
    source = iter(blocks)
    head: list[bytes] = []
    size = 0
    for block in source:
        head.append(block)
        size += len(block)
        if size >= HEAD:
            break
    is_binary = _judged(b"".join(head)[:HEAD])
    return is_binary, _chained(head, source)


def are_texts(contents: Sequence[bytes]) -> list[bool]:
    """Return which of some small contents are texts beyond doubt; of the others `looked_at` decides."""
    # None of what `looked_at` refuses, or takes for binary, comes through without one of these.
    if b"".join(contents).translate(None, _TEXT):
        return [not (content.translate(None, _TEXT) or _is_marked(content)) for content in contents]
    return [not _is_marked(content) for content in contents]


def _is_marked(head: bytes) -> bool:
    return head.startswith(_MARKS) or _DER.match(head) is not None


def _chained(head: list[bytes], source: Iterator[bytes]) -> Iterator[bytes]:
    yield from head
    yield from source


def _judged(head: bytes) -> bool:
    for magic, name in _PACKED:
        if head.startswith(magic):
            raise RedactionError(f"{name} data cannot be searched for secrets")
    if head.startswith(_KEY_STORES) or _DER.match(head):
        raise RedactionError("a store of keys or certificates cannot be searched for secrets")
    if head.startswith(_WIDE_MARKS) or _is_wide(head):
        raise RedactionError("a text in UTF-16 or UTF-32 cannot be searched for secrets")
    head = _HOLE.sub(b"", head)
    return len(head.translate(None, _TEXT)) > MAX_CONTROLS * len(head)


def _is_wide(head: bytes) -> bool:
    """Return whether every other byte is zero, as in UTF-16 without a mark."""
    head = _HOLE.sub(b"", head)
    if len(head) < _MIN_WIDE:
        return False
    even, odd = head[::2].count(0), head[1::2].count(0)
    return max(even, odd) > 0.4 * (len(head) // 2) and min(even, odd) < 0.1 * max(even, odd)
