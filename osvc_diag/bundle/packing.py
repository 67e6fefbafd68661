"""Compresses the content of one member, parcel by parcel in two threads, into one run of deflate."""

from __future__ import annotations

import itertools
from collections import deque
from queue import SimpleQueue
from typing import TYPE_CHECKING, Union

from osvc_diag.bundle.compressor import WINDOW, deflated
from osvc_diag.pipeline import Behind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osvc_diag.bundle.runs import Spool

MOST_AHEAD = 3  # parcels that are not spooled yet


class Packers:
    """The threads that compress; they serve one member after the other."""

    def __init__(self) -> None:
        """Prepare; a thread begins with its first parcel."""
        self.threads: Sequence[Behind] = [Behind(f"osvc_diag packer {number}") for number in (1, 2)]

    def abandon(self) -> None:
        """Leave undone what is not being done already."""
        for thread in self.threads:
            thread.abandon()

    def close(self) -> None:
        """End the threads."""
        for thread in self.threads:
            thread.close()


class Packing:
    """Takes the content of one member, and spools what it compresses to in its order.

    Each parcel may refer to the end of the one before it, as if all were compressed by one. The caller's
    thread spools, so an error of the disk is raised where it is expected, and nothing comes after it.
    """

    def __init__(self, packers: Packers, spool: Spool) -> None:
        """Begin a member."""
        self._threads = itertools.cycle(packers.threads)
        self._spool = spool
        self._before = b""
        self._waiting: deque[_Parcel] = deque()

    def add(self, content: bytes) -> None:
        """Take a parcel.

        Raises:
            BundleError: the disk is full.
        """
        parcel = self._parcel(content)
        next(self._threads).do(parcel.compress)
        self._waiting.append(parcel)
        self._spool_all_but(MOST_AHEAD)

    def add_here(self, content: bytes) -> None:
        """Take what is no parcel, in the caller's thread; all that was taken is spooled then.

        Raises:
            BundleError: the disk is full.
        """
        self._spool_all_but(0)
        parcel = self._parcel(content)
        parcel.compress()
        self._spool.append(parcel.packed())

    def _parcel(self, content: bytes) -> _Parcel:
        parcel = _Parcel(content, self._before, self._spool)
        self._before = content[-WINDOW:]
        return parcel

    def _spool_all_but(self, count: int) -> None:
        while len(self._waiting) > count:
            self._spool.append(self._waiting.popleft().packed())


class _Parcel:
    """Some content, and what it is compressed to."""

    def __init__(self, content: bytes, before: bytes, spool: Spool) -> None:
        self._content = content
        self._before = before
        self._compression = spool.compression
        self._result: SimpleQueue[Union[bytes, BaseException]] = SimpleQueue()

    def compress(self) -> None:
        try:
            self._result.put(deflated(self._content, self._compression, self._before))
        except BaseException as error:  # noqa: BLE001 - raised where somebody waits for it
            self._result.put(error)
        self._content = self._before = b""

    def packed(self) -> bytes:
        """Return what it is compressed to, as soon as it is."""
        result = self._result.get()
        if isinstance(result, BaseException):
            raise result
        return result
