"""The tar headers are those that Python's tarfile would write, at a fraction of its time."""

from __future__ import annotations

import tarfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from osvc_diag.bundle.headers import member_header

raw_name = st.one_of(st.binary(min_size=1, max_size=120), st.just(b"a/" * 50), st.just(b"x" * 5000))
names = raw_name.map(lambda raw: raw.replace(b"\0", b"_").strip(b"/ ") or b"_").map(
    lambda raw: raw.decode("utf-8", "surrogateescape")
)


@given(names, st.integers(0, 2**64), st.floats(0, 2**40))
@example("x" * 100, 8**11 - 1, 8**11 - 1)
@example("x" * 101, 8**11, 8**11)
def test_a_header_is_the_one_that_tarfile_writes(name, size, mtime) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, int(mtime), 0o600
    info.uname = info.gname = "root"
    header = member_header(name, size, mtime)
    expected = info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
    if len(name.encode("utf-8", "surrogateescape")) <= 100:
        assert header == expected
    else:  # tarfile's own LongLink blocks differ in what nobody reads
        assert header[-1024:] == expected[-1024:]


@pytest.mark.parametrize("mtime", [-1, -0.5, -1e12])
def test_a_time_before_the_epoch_is_the_epoch(mtime) -> None:
    assert tarfile.TarInfo.frombuf(member_header("a", 0, mtime), "utf-8", "strict").mtime == 0
