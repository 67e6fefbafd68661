"""Two CRCs combined are the CRC of the whole."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.bundle.crc import crc32_combine


@given(st.binary(max_size=2000), st.binary(max_size=2000))
def test_two_crcs_combine_into_that_of_the_whole(first, second) -> None:
    assert crc32_combine(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)


@pytest.mark.parametrize("size", [0, 1, 2**32 - 1, 2**32, 2**40 + 511, 2**60 - 1])
def test_a_crc_of_sizes_that_no_test_can_write_agrees_with_an_independent_one(size) -> None:
    isal_zlib = pytest.importorskip("isal.isal_zlib", reason="isal is not installed")
    assert crc32_combine(0x12345678, 0x9ABCDEF0, size) == isal_zlib.crc32_combine(
        0x12345678, 0x9ABCDEF0, size
    )
