"""Line ends are counted the same, whoever counts them and whatever the text is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag import libpcre2, line_ends

if TYPE_CHECKING:
    from collections.abc import Iterator


def has_libpcre2() -> bool:
    return line_ends._line_end() is not None


needs_libpcre2 = pytest.mark.skipif(not has_libpcre2(), reason="no libpcre2 here")


@needs_libpcre2
@given(st.lists(st.sampled_from([b"", b"a", b"\r", b"\0", b"\xff\n", b"\n", b"\n\n", b"line " * 20])))
def test_libpcre2_counts_what_python_counts(pieces: list[bytes]):
    text = b"".join(pieces)
    assert line_ends._counted_by_libpcre2(text) == text.count(b"\n")


@pytest.mark.parametrize("line", [b"", b"x", b"x" * 63, b"x" * 64, b"x" * 150, b"x" * 100_000])
def test_large_texts_of_any_lines_are_counted(line: bytes):
    text = (line + b"\n") * (2 * line_ends.LARGE // (len(line) + 1)) + b"rest"
    assert line_ends.line_ends(text) == text.count(b"\n")


@needs_libpcre2
def test_libpcre2_is_asked_where_a_text_is_large_and_its_lines_are_not_short(
    monkeypatch: pytest.MonkeyPatch,
):
    asked: list[int] = []

    def counted(self: libpcre2.Program, block: bytes) -> int:
        asked.append(len(block))
        return 7

    monkeypatch.setattr(libpcre2.Program, "matched_bytes", counted)
    large, short, few = b"log line\n" * line_ends.LARGE, b"\n" * line_ends.LARGE, b"line" * 10_000
    long_lines = large.replace(b"log", b"log " * 30)
    assert line_ends.line_ends(long_lines) == 7
    assert line_ends.line_ends(short) == len(short)
    assert line_ends.line_ends(few) == 0
    assert asked == [len(long_lines)]


@needs_libpcre2
def test_where_libpcre2_fails_python_counts(monkeypatch: pytest.MonkeyPatch):
    def fail(self: libpcre2.Program, block: bytes) -> int:
        raise libpcre2.Pcre2Error(f"error {len(block)}")

    monkeypatch.setattr(libpcre2.Program, "matched_bytes", fail)
    assert line_ends.line_ends(b"x" * line_ends.LARGE + b"\n") == 1


@needs_libpcre2
def test_a_libpcre2_that_measures_wrong_is_not_asked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(libpcre2.Program, "matched_bytes", lambda _self, block: len(block))
    line_ends._line_end.cache_clear()
    try:
        assert line_ends.line_ends(b"x" * line_ends.LARGE + b"\n") == 1
    finally:
        line_ends._line_end.cache_clear()


@pytest.fixture
def no_libpcre2(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(libpcre2, "_NAMES", ("libnone.so.0",))
    for cache in (libpcre2._library, line_ends._line_end):
        cache.cache_clear()
    yield
    for cache in (libpcre2._library, line_ends._line_end):
        cache.cache_clear()


@pytest.mark.usefixtures("no_libpcre2")
def test_without_libpcre2_python_counts():
    assert line_ends.line_ends(b"x" * line_ends.LARGE + b"\n") == 1
