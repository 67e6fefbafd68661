from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.bundle import packing
from osvc_diag.bundle.compression import Compression
from osvc_diag.bundle.packing import Packers, Packing
from osvc_diag.bundle.runs import Spool
from osvc_diag.bundle.unnamed import OutputFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

LAST_BLOCK = b"\x03\x00"


@pytest.fixture(scope="module")
def packers() -> Iterator[Packers]:
    packers = Packers()
    yield packers
    packers.close()


@pytest.fixture(scope="module", params=Compression)
def spool(request, tmp_path_factory) -> Iterator[Spool]:
    folder = OutputFolder(str(tmp_path_factory.mktemp("spool")))
    with folder.writing():
        spool = Spool(folder.scratch(), folder, request.param)
    yield spool
    spool.close()
    folder.close()


def run_of(spool: Spool, start: int) -> bytes:
    """Return what was spooled from a place on."""
    spool.flush()
    return b"".join(spool.pieces(start, spool.size - start))


@given(parcels=st.lists(st.binary(max_size=300).map(lambda part: part * 40), max_size=9), rest=st.binary())
def test_parcels_become_one_run_of_all_of_them_in_their_order(packers, spool, parcels, rest) -> None:
    start, packed = spool.size, Packing(packers, spool)
    for parcel in parcels:
        packed.add(parcel)
    packed.add_here(rest)
    assert zlib.decompress(run_of(spool, start) + LAST_BLOCK, -15) == b"".join(parcels) + rest


def test_a_parcel_refers_to_the_one_before_it(packers, spool) -> None:
    start, packed = spool.size, Packing(packers, spool)
    noise = os.urandom(30_000)
    packed.add(noise)
    packed.add(noise)
    packed.add_here(b"")
    assert spool.size - start < 1.2 * len(noise)


def test_what_fails_in_a_thread_is_raised_where_it_is_waited_for(packers, spool, monkeypatch) -> None:
    packed = Packing(packers, spool)
    packed.add(b"fine")
    monkeypatch.setattr(packing, "deflated", lambda *_: 1 / 0)
    packed.add(b"odd")
    with pytest.raises(ZeroDivisionError):
        packed.add_here(b"")
    monkeypatch.undo()
    start, again = spool.size, Packing(packers, spool)
    again.add(b"as if nothing had been")
    again.add_here(b"")
    assert zlib.decompress(run_of(spool, start) + LAST_BLOCK, -15) == b"as if nothing had been"


def test_few_parcels_wait_to_be_spooled(packers, spool) -> None:
    packed = Packing(packers, spool)
    for _ in range(20):
        packed.add(b"x" * 1000)
        assert len(packed._waiting) <= packing.MOST_AHEAD
    packed.add_here(b"")
