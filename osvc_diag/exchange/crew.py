"""A few threads that share one task and end together; a dead network cannot keep the program from ending."""

from __future__ import annotations

import queue
import threading
from typing import Callable, Optional

_LOOK = 0.2  # seconds between two looks, so that Ctrl-C is heard


def run_crew(task: Callable[[threading.Event], None], *, count: int) -> None:
    """Run a task in some threads until all have returned, or one has failed.

    The threads are daemons: one that is stuck in a system call is left behind, and has to bear that.

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

    for number in range(count):
        threading.Thread(target=work, name=f"upload-{number}", daemon=True).start()
    try:
        for _ in range(count):
            error = _next(results)
            if error is not None:
                raise error
    finally:
        stop.set()


def _next(results: queue.SimpleQueue[Optional[BaseException]]) -> Optional[BaseException]:
    while True:
        try:
            return results.get(timeout=_LOOK)
        except queue.Empty:  # noqa: PERF203 - a wait without a limit would not hear Ctrl-C
            continue
