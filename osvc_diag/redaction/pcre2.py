"""Finds the lines that may hold a secret with the system's libpcre2 and its compiler to machine code.

Nothing is trusted: a library that is absent, that does not compile a pattern or answers oddly is given up,
and the pure Python finder does its work.
"""

from __future__ import annotations

import ctypes
import functools
import threading
from typing import TYPE_CHECKING, Any, Optional

from osvc_diag.redaction.finder import EngineError, PythonFinder
from osvc_diag.redaction.pivots import patterns

if TYPE_CHECKING:
    from osvc_diag.redaction.planning import Plan

_NAMES = ("libpcre2-8.so.0", "libpcre2-8.so", "libpcre2-8.0.dylib")
_JIT_COMPLETE = 1
_NO_MATCH = -1
SMALL = 2 * 1024  # bytes; in so few, calls take longer than matching


class _Program:
    """One pattern as machine code; it has one place for results, so it serves one thread at a time."""

    def __init__(self, library: ctypes.CDLL, pattern: bytes) -> None:
        self._library = library
        self._match_data: Optional[int] = None
        code, offset = ctypes.c_int(), ctypes.c_size_t()
        self._code: Optional[int] = library.pcre2_compile_8(
            pattern, len(pattern), 0, ctypes.byref(code), ctypes.byref(offset), None
        )
        if not self._code:
            raise EngineError(f"pattern not compiled, error {code.value}")
        if library.pcre2_jit_compile_8(self._code, _JIT_COMPLETE) != 0:
            raise EngineError("no compiler to machine code")
        self._match_data = library.pcre2_match_data_create_8(1, None)
        if not self._match_data:
            raise EngineError("out of memory")
        self._bounds = library.pcre2_get_ovector_pointer_8(self._match_data)

    def __del__(self) -> None:
        if getattr(self, "_match_data", None):
            self._library.pcre2_match_data_free_8(self._match_data)
        if getattr(self, "_code", None):
            self._library.pcre2_code_free_8(self._code)

    def matches(self, block: bytes) -> bool:
        length = len(block)
        code = self._library.pcre2_jit_match_8(self._code, block, length, 0, 0, self._match_data, None)
        if code < _NO_MATCH:
            raise EngineError(f"match failed, error {code}")
        return bool(code != _NO_MATCH)

    def find(self, block: bytes, offsets: set[int]) -> None:
        match, bounds, length, at = self._library.pcre2_jit_match_8, self._bounds, len(block), 0
        while True:
            code = match(self._code, block, length, at, 0, self._match_data, None)
            if code == _NO_MATCH:
                return
            if code < 0:
                raise EngineError(f"match failed, error {code}")
            begin, end = bounds[0], bounds[1]
            if not at <= begin < end <= length:
                raise EngineError("match out of bounds")
            offsets.add(begin)
            at = end


class Pcre2Finder:
    """Looks for every anchor and every literal in a block, as machine code."""

    def __init__(self, planned: Plan) -> None:
        library = _library()
        found = patterns(planned.anchors, planned.literals)
        self._programs = [_Program(library, pattern) for pattern in found]
        self._any = _Program(library, _any_of(planned))
        self._fallback = PythonFinder(planned)
        self._lock = threading.Lock()  # a match lets other threads run, and has one place for its result

    def find(self, block: bytes) -> list[int]:
        """Return sorted offsets in a block."""
        offsets: set[int] = set()
        try:
            with self._lock:
                if len(block) <= SMALL and not self._any.matches(block):
                    return []
                for program in self._programs:
                    program.find(block, offsets)
        except EngineError:
            return self._fallback.find(block)
        return sorted(offsets)


def _any_of(planned: Plan) -> bytes:
    """Return one pattern for all: slow on long blocks, but one call where there would be twenty."""
    found = [planned.together] if planned.together else []
    found += [(b"(?i:%s)" if one.caseless else b"(?:%s)") % one.pattern for one in planned.singles]
    return b"|".join(found) or b"(?!)"


@functools.lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    for name in _NAMES:
        try:
            library = ctypes.CDLL(name)
            _declare(library)
        except (OSError, AttributeError):
            continue
        return library
    raise EngineError("libpcre2-8 is not on this system")


def _declare(library: Any) -> None:
    pointer, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint32
    library.pcre2_compile_8.restype = pointer
    library.pcre2_compile_8.argtypes = [
        ctypes.c_char_p, size, number, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(size), pointer,
    ]  # fmt: skip
    library.pcre2_jit_compile_8.argtypes = [pointer, number]
    library.pcre2_match_data_create_8.restype = pointer
    library.pcre2_match_data_create_8.argtypes = [number, pointer]
    library.pcre2_match_data_free_8.argtypes = [pointer]
    library.pcre2_match_data_free_8.restype = None
    library.pcre2_code_free_8.argtypes = [pointer]
    library.pcre2_code_free_8.restype = None
    library.pcre2_get_ovector_pointer_8.restype = ctypes.POINTER(size)
    library.pcre2_get_ovector_pointer_8.argtypes = [pointer]
    library.pcre2_jit_match_8.argtypes = [pointer, ctypes.c_char_p, size, size, number, pointer, pointer]
