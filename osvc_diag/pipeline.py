"""Keeps two cores busy: some of the work is done ahead of the caller's own, some behind it.

    a bundle is made:      read     ->  redact                ->  hash, count lines
                                                              ->  compress (two of them)
      of a rotated log:    inflate  ->  redact                ->  compress again, and so on
    a bundle is verified:  inflate  ->  take apart, search    ->  hash
                           Ahead        the caller                Behind

Each is a thread, and between two of them is a queue of a few blocks: memory stays flat, and whoever is faster
waits. Reading, hashing, inflating, compressing, writing and matching in machine code all go on without the
interpreter's lock, and that is where the second core comes in; a megabyte at a time, for after each such
call a thread waits for the lock. What a thread raises is raised again where the caller is, and a thread ends
with what began it. Where there is little to do, none begins: waking one up takes longer than packing a small
file. Where the system has no thread to give, the caller does it all.

A SimpleQueue carries everything: unlike a Condition it cannot be left locked by a Ctrl-C. Sources are read
ahead by `reading/patience.py`, whose thread can be left behind.
"""

from __future__ import annotations

import contextlib
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Callable, Generic, NamedTuple, Optional, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

DEPTH = 2  # parcels between two threads
PARCEL = 256 * 1024  # bytes of small items that are handed over together: to wake a thread up takes its time

T = TypeVar("T")


class _Job(NamedTuple):
    """What the thread of a Behind is to do."""

    do: Callable[[], object]
    is_wanted: bool
    """Whether it is done although one before it failed."""


class Behind:
    """Does jobs one after the other in a thread, while the caller goes on. For one caller's thread."""

    def __init__(self, name: str) -> None:
        """Prepare; the thread begins with the first job.

        Args:
            name: of the thread.
        """
        self._name = name
        self._jobs: SimpleQueue[Optional[_Job]] = SimpleQueue()
        self._room = _tickets()
        self._thread: Optional[threading.Thread] = None
        self._error: Optional[BaseException] = None
        """Why jobs are left undone; taken away when the thread is idle."""

    def __enter__(self) -> Behind:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def do(self, job: Callable[[], object]) -> None:
        """Have a job done; wait where too many are waiting already.

        Raises:
            BaseException: what an earlier job raised; those after it were left undone.
        """
        if self._thread is None:
            self._thread = _started(self._work, self._name)
        if self._thread is None:
            job()
            return
        if self._error is not None:
            self.settle()
        self._room.get()
        self._jobs.put(_Job(job, is_wanted=False))

    def settle(self) -> None:
        """Wait until all jobs are done.

        Raises:
            BaseException: what one of them raised; those after it were left undone.
        """
        self._wait()
        error, self._error = self._error, None
        if error is not None:
            raise error

    def abandon(self) -> None:
        """Leave undone what is not being done already."""
        self._error = _AbandonedError()
        self._wait()
        self._error = None

    def close(self) -> None:
        """End the thread, and leave undone what is not being done already."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._error = _AbandonedError()
            self._jobs.put(None)
            thread.join()

    def _wait(self) -> None:
        if self._thread is not None:
            idle: SimpleQueue[bool] = SimpleQueue()
            self._jobs.put(_Job(lambda: idle.put(True), is_wanted=True))
            idle.get()

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            try:
                if job.is_wanted or self._error is None:
                    job.do()
            except BaseException as error:  # noqa: BLE001 - raised where the caller is
                self._error = error
            if not job.is_wanted:
                self._room.put(True)
            del job  # a block that is done with is not kept until the next one comes


class _AbandonedError(Exception):
    """Nobody wants the jobs any more; never raised."""


class Ahead(Generic[T]):
    """Iterates in a thread, ahead of the caller. A context manager, of what the caller iterates over."""

    def __init__(self, name: str, items: Generator[T, None, None], weigh: Callable[[T], int]) -> None:
        """Prepare; the thread begins with the `with`.

        Args:
            name: of the thread.
            items: runs in the thread, and is closed there.
            weigh: how many bytes an item is.
        """
        self._items = items
        self._weigh = weigh
        self._is_off = False
        self._room = _tickets()
        self._parcels: SimpleQueue[tuple[list[T], Optional[BaseException]]] = SimpleQueue()
        """Items, and how they ended once they did."""
        self._name = name
        self._thread: Optional[threading.Thread] = None

    def __enter__(self) -> Iterator[T]:
        self._thread = _started(self._work, self._name)
        return self._items if self._thread is None else self._received()

    def __exit__(self, *_error: object) -> None:
        if self._thread is None:
            self._items.close()
            return
        self._is_off = True
        self._room.put(True)
        self._thread.join()

    def _received(self) -> Iterator[T]:
        while True:
            items, end = self._parcels.get()
            yield from items
            if isinstance(end, _EndError):
                return
            if end is not None:
                raise end
            self._room.put(True)

    def _work(self) -> None:
        parcel: list[T] = []
        size = 0
        end: BaseException = _EndError()
        try:
            with contextlib.closing(self._items):
                for item in self._items:
                    parcel.append(item)
                    size += self._weigh(item)
                    if size >= PARCEL:
                        self._room.get()
                        if self._is_off:
                            return
                        self._parcels.put((parcel, None))
                        parcel, size = [], 0
        except BaseException as error:  # noqa: BLE001 - raised where the caller is
            end = error
        self._parcels.put((parcel, end))


class _EndError(Exception):
    """The items are through: the one end that is no error; never raised."""


def _started(work: Callable[[], None], name: str) -> Optional[threading.Thread]:
    """Return a thread at work; None where the system has none to give."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return None
    return thread


def _tickets() -> SimpleQueue[bool]:
    """Return a queue of tickets, one for each block that may be on its way."""
    tickets: SimpleQueue[bool] = SimpleQueue()
    for _ in range(DEPTH):
        tickets.put(True)
    return tickets
