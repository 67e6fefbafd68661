"""The system's libpcre2, through ctypes: patterns as machine code, matched without the interpreter's lock.

Nothing is trusted: a library that is absent, that does not compile a pattern or answers oddly raises
Pcre2Error, and whoever asked does it in Python.
"""

from __future__ import annotations

import ctypes
import functools
from typing import Any, Optional

_NAMES = ("libpcre2-8.so.0", "libpcre2-8.so", "libpcre2-8.0.dylib")
_JIT_COMPLETE = 1
_NO_MATCH = -1
_NO_MEMORY = -48
# PCRE2_SUBSTITUTE_GLOBAL and _OVERFLOW_LENGTH, since 10.22: where there is no room, tell how much is needed.
_MEASURE = 0x100 | 0x1000


class Pcre2Error(Exception):
    """libpcre2 is not on this system, or does not do what it should."""


class Program:
    """One pattern as machine code; it has one place for a result, so one thread at a time may match."""

    def __init__(self, pattern: bytes) -> None:
        """Compile a pattern.

        Raises:
            Pcre2Error: that cannot be done here.
        """
        self._library = _library()
        self._match_data: Optional[int] = None
        code, offset = ctypes.c_int(), ctypes.c_size_t()
        self._code: Optional[int] = self._library.pcre2_compile_8(
            pattern, len(pattern), 0, ctypes.byref(code), ctypes.byref(offset), None
        )
        if not self._code:
            raise Pcre2Error(f"pattern not compiled, error {code.value}")
        if self._library.pcre2_jit_compile_8(self._code, _JIT_COMPLETE) != 0:
            raise Pcre2Error("no compiler to machine code")
        self._match_data = self._library.pcre2_match_data_create_8(1, None)
        if not self._match_data:
            raise Pcre2Error("out of memory")
        self._bounds = self._library.pcre2_get_ovector_pointer_8(self._match_data)

    def __del__(self) -> None:
        if getattr(self, "_match_data", None):
            self._library.pcre2_match_data_free_8(self._match_data)
        if getattr(self, "_code", None):
            self._library.pcre2_code_free_8(self._code)

    def matches(self, block: bytes) -> bool:
        """Return whether it stands in a block.

        Raises:
            Pcre2Error: the match failed.
        """
        length = len(block)
        code = self._library.pcre2_jit_match_8(self._code, block, length, 0, 0, self._match_data, None)
        if code < _NO_MATCH:
            raise Pcre2Error(f"match failed, error {code}")
        return bool(code != _NO_MATCH)

    def find(self, block: bytes, offsets: set[int]) -> None:
        """Add the offsets in a block where a match begins.

        Raises:
            Pcre2Error: the match failed.
        """
        match, bounds, length, at = self._library.pcre2_jit_match_8, self._bounds, len(block), 0
        while True:
            code = match(self._code, block, length, at, 0, self._match_data, None)
            if code == _NO_MATCH:
                return
            if code < 0:
                raise Pcre2Error(f"match failed, error {code}")
            begin, end = bounds[0], bounds[1]
            if not at <= begin < end <= length:
                raise Pcre2Error("match out of bounds")
            offsets.add(begin)
            at = end

    def matched_bytes(self, block: bytes) -> int:
        """Return how many bytes of a block all matches have together, in one call for all of them.

        The block is measured, not made, with nothing in the place of each match. Any thread may call it.

        Raises:
            Pcre2Error: the match failed.
        """
        room, needed = ctypes.create_string_buffer(1), ctypes.c_size_t(0)
        code = self._library.pcre2_substitute_8(
            self._code, block, len(block), 0, _MEASURE, None, None, b"", 0, room, needed
        )
        left = needed.value - 1  # it counts a zero at the end
        if code != _NO_MEMORY or not 0 <= left <= len(block):
            raise Pcre2Error(f"measuring failed, error {code}")
        return len(block) - left


@functools.lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    for name in _NAMES:
        try:
            library = ctypes.CDLL(name)
            _declare(library)
        except (OSError, AttributeError):
            continue
        return library
    raise Pcre2Error("libpcre2-8 is not on this system")


def _declare(library: Any) -> None:
    pointer, size, number, text = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint32, ctypes.c_char_p
    a_size = ctypes.POINTER(size)
    library.pcre2_compile_8.restype = pointer
    library.pcre2_compile_8.argtypes = [text, size, number, ctypes.POINTER(ctypes.c_int), a_size, pointer]
    library.pcre2_jit_compile_8.argtypes = [pointer, number]
    library.pcre2_match_data_create_8.restype = pointer
    library.pcre2_match_data_create_8.argtypes = [number, pointer]
    library.pcre2_match_data_free_8.argtypes = [pointer]
    library.pcre2_match_data_free_8.restype = None
    library.pcre2_code_free_8.argtypes = [pointer]
    library.pcre2_code_free_8.restype = None
    library.pcre2_get_ovector_pointer_8.restype = a_size
    library.pcre2_get_ovector_pointer_8.argtypes = [pointer]
    library.pcre2_jit_match_8.argtypes = [pointer, text, size, size, number, pointer, pointer]
    library.pcre2_substitute_8.argtypes = [
        pointer, text, size, size, number, pointer, pointer, text, size, pointer, a_size,
    ]  # fmt: skip
