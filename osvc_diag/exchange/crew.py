"""Threads that can be left behind: a dead network, or a dead share, cannot keep the program from ending."""

from __future__ import annotations

import queue
import threading
from typing import Callable, Optional, TypeVar

T = TypeVar("T")


class NotInTimeError(Exception):
    """The work did not end in time; its thread is left behind. It never reaches a user."""


def run_crew(task: Callable[[threading.Event], None], *, count: int) -> None:
    """Run a task in some threads until all have returned, or one has failed.

    The threads are daemons: one that is stuck in a system call is left behind, and has to bear that.
    Where the system gives fewer of them, those do it; where it gives none, the caller does.

    Args:
        task: returns when there is nothing left to do, or its event is set: somebody failed.
        count: of threads.

    Raises:
        Exception: the first that a thread raised.
    """
    results: queue.SimpleQueue[Optional[BaseException]] = queue.SimpleQueue()
    stop = threading.Event()

    def work() -> None:
        try:
            task(stop)
        except BaseException as error:  # noqa: BLE001 - it is raised again by who waits
            results.put(error)
        else:
            results.put(None)

    started = sum(_start(work, f"osvc_diag sender {number}") for number in range(count))
    if not started:
        task(stop)
        return
    try:
        for _ in range(started):
            error = results.get()
            if error is not None:
                raise error
    finally:
        stop.set()


def run_within(work: Callable[[], T], *, seconds: float) -> T:
    """Run something in a thread, and wait for it no longer than this.

    Where no thread is to be had the caller does it itself, and may wait longer.

    Raises:
        NotInTimeError: it goes on, and nobody waits for it.
        BaseException: what it raised.
    """
    results: queue.SimpleQueue[tuple[Optional[BaseException], list[T]]] = queue.SimpleQueue()

    def run() -> None:
        try:
            results.put((None, [work()]))
        except BaseException as error:  # noqa: BLE001 - it is raised again by who waits
            results.put((error, []))

    if not _start(run, "osvc_diag delivery"):
        return work()
    try:
        error, value = results.get(timeout=seconds)
    except queue.Empty:
        raise NotInTimeError from None
    if error is not None:
        raise error
    return value[0]


def _start(work: Callable[[], None], name: str) -> bool:
    """Have a thread do it; False where the system has none to give."""
    try:
        threading.Thread(target=work, name=name, daemon=True).start()
    except RuntimeError:
        return False
    return True
