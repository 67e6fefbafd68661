from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.bundle import compressor
from osvc_diag.bundle.compression import Compression
from osvc_diag.bundle.compressor import WINDOW, deflated

if TYPE_CHECKING:
    from collections.abc import Iterator

LAST_BLOCK = b"\x03\x00"
TEXT = b"2026-10-01 07:31:05,123 INFO svc:web resource#%d is up\n"
NOISE = os.urandom(2 * compressor._ROOM)  # which does not get smaller


def inflated(run: bytes, before: bytes = b"") -> bytes:
    return zlib.decompressobj(-15, zdict=before[-WINDOW:]).decompress(run + LAST_BLOCK)


@pytest.fixture
def without_memory() -> Iterator[None]:
    """Forget what was found out about isal, now and afterwards."""
    compressor._at_once.cache_clear()
    yield
    compressor._at_once.cache_clear()


@given(
    data=st.binary(max_size=300).map(lambda part: part * 400),
    before=st.binary(max_size=300).map(lambda part: (part * 400)[-WINDOW:]),
    compression=st.sampled_from(Compression),
)
def test_a_run_inflates_to_what_was_deflated(data, before, compression) -> None:
    assert inflated(deflated(data, compression, before), before) == data


@pytest.mark.parametrize("size", [compressor._LARGE, compressor._ROOM, len(NOISE)])
def test_what_does_not_get_smaller_is_a_run_too(size) -> None:
    assert inflated(deflated(NOISE[:size])) == NOISE[:size]
    text = b"".join(TEXT % number for number in range(5000))
    assert inflated(deflated(text)) == text


def test_a_large_text_becomes_the_same_run_whichever_way_it_is_made(monkeypatch) -> None:
    text = b"".join(TEXT % number for number in range(5000))
    before = text[-WINDOW:]
    at_once = deflated(text, Compression.FAST, before)
    monkeypatch.setattr(compressor, "_at_once", lambda: None)
    assert deflated(text, Compression.FAST, before) == at_once


class Odd:
    """What a later isal might have under a name that it does not document."""

    def __init__(self, _room: int, _level: int) -> None:
        pass

    def compress_and_crc(self, _data: bytes, _before: bytes) -> tuple[bytes, int]:
        return b"\x03\x00\0\0\xff\xff", 0


class Gone:
    def __init__(self) -> None:
        raise AssertionError


@pytest.mark.usefixtures("without_memory")
@pytest.mark.parametrize("odd", [Odd, Gone, None])
def test_a_package_that_answers_oddly_is_asked_in_the_usual_way(monkeypatch, odd) -> None:
    monkeypatch.setattr(compressor._ENGINE, "_ParallelCompress", odd, raising=False)
    assert compressor._at_once() is None
    text = TEXT * 5000
    assert inflated(deflated(text)) == text
