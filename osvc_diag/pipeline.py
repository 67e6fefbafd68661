"""Keeps two cores busy: the slow parts of the line happen ahead of the caller, beside it and behind it.

    a bundle is made:      read  ->  find  ->  mask    ->  hash, compress, write
    a bundle is verified:  inflate, hash  ->  find  ->  judge
                           Ahead      beside   the caller  Behind

Each is a thread, and between two of them is a queue of a few blocks: memory stays flat, and whoever is
faster waits. Reading, hashing, inflating, compressing, writing and matching in machine code all go on without
the interpreter's lock, and that is where the second core comes in. The order of blocks never changes. What a
thread raises is raised again where the caller is, and a thread ends with what began it. Where there is little
to do, none begins: to wake one up takes longer than to pack a small file.

A SimpleQueue carries everything: unlike a Condition it cannot be left locked by a Ctrl-C. Sources are read
ahead by `reading/patience.py`, whose thread can be left behind.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from queue import SimpleQueue
from typing import TYPE_CHECKING, Callable, Generic, NamedTuple, Optional, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from types import TracebackType

DEPTH = 4  # blocks, or parcels of small ones, between two threads
PARCEL = 256 * 1024  # bytes of small items that are handed over together: to wake a thread up takes its time

T = TypeVar("T")
R = TypeVar("R")


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

    def do(self, job: Callable[[], object]) -> None:
        """Have a job done; wait where too many are waiting already.

        Raises:
            BaseException: what an earlier job raised; those after it were left undone.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
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
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def __enter__(self) -> Iterator[T]:
        self._thread.start()
        return self._received()

    def __exit__(
        self,
        _type: Optional[type[BaseException]],
        _error: Optional[BaseException],
        _traceback: Optional[TracebackType],
    ) -> None:
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


def beside(
    name: str, compute: Callable[[T], R], items: Iterable[T], *, when: Callable[[], bool]
) -> Iterator[tuple[T, R]]:
    """Yield each item with what a thread computed of it, in their order.

    The items are taken by the caller, a few ahead of the one that is yielded; the first one is computed
    there, too, so that a short stream needs no thread.

    Args:
        name: of the thread.
        compute: runs in the thread; what it raises is raised when the item's turn comes.
        items: any.
        when: says whether a thread pays from now on.
    """
    stream = iter(items)
    for item in stream:
        yield item, compute(item)
        if when():
            break
    worker: Optional[_Worker[T, R]] = None
    waiting: deque[T] = deque()
    try:
        for item in stream:
            worker = worker or _Worker(name, compute)
            worker.ask(item)
            waiting.append(item)
            if len(waiting) > DEPTH:
                yield waiting.popleft(), worker.answer()
        while waiting and worker:
            yield waiting.popleft(), worker.answer()
    finally:
        if worker:
            worker.close()


class _Worker(Generic[T, R]):
    """A thread that answers in the order in which it is asked."""

    def __init__(self, name: str, compute: Callable[[T], R]) -> None:
        self._compute = compute
        self._is_off = False
        self._asked: SimpleQueue[Optional[tuple[T]]] = SimpleQueue()
        self._answers: SimpleQueue[tuple[Optional[R], Optional[BaseException]]] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def ask(self, item: T) -> None:
        self._asked.put((item,))

    def answer(self) -> R:
        answer, error = self._answers.get()
        if error is not None:
            raise error
        return cast("R", answer)

    def close(self) -> None:
        self._is_off = True
        self._asked.put(None)
        self._thread.join()

    def _work(self) -> None:
        while True:
            asked = self._asked.get()
            if asked is None or self._is_off:
                return
            try:
                self._answers.put((self._compute(*asked), None))
            except BaseException as error:  # noqa: BLE001 - raised where the caller is
                self._answers.put((None, error))
            del asked


def _tickets() -> SimpleQueue[bool]:
    """Return a queue of tickets, one for each block that may be on its way."""
    tickets: SimpleQueue[bool] = SimpleQueue()
    for _ in range(DEPTH):
        tickets.put(True)
    return tickets
