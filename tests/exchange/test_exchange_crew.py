"""Threads that can be left behind, and what is done where the system has none to give."""

from __future__ import annotations

import threading

import pytest
from sending_tools import is_whole, send

from osvc_diag.exchange.crew import NotInTimeError, run_crew, run_within


@pytest.fixture(params=[0, 1, 4], ids=["no thread", "one thread", "all threads"])
def threads(request, monkeypatch) -> int:
    """Let so many threads start, and no more."""
    left = [request.param]
    start = threading.Thread.start

    def start_or_not(thread: threading.Thread) -> None:
        if not left[0]:
            raise RuntimeError("can't start new thread")
        left[0] -= 1
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_or_not)
    return request.param


def test_as_many_work_as_there_are_threads_and_one_at_least(threads) -> None:
    jobs, workers = list(range(50)), set()
    # None of them does all of it before the others have begun.
    meeting = threading.Barrier(max(threads, 1), timeout=30)

    def task(_stop: threading.Event) -> None:
        meeting.wait()
        workers.add(threading.current_thread())
        while jobs:
            jobs.pop()

    run_crew(task, count=4)
    assert jobs == []
    assert len(workers) == max(threads, 1)
    assert (threading.current_thread() in workers) == (threads == 0)


@pytest.mark.usefixtures("threads")
def test_what_fails_is_raised_where_the_caller_is() -> None:
    def fail(_stop: threading.Event) -> None:
        raise OSError("it broke")

    with pytest.raises(OSError, match="it broke"):
        run_crew(fail, count=4)
    with pytest.raises(OSError, match="it broke"):
        run_within(lambda: fail(threading.Event()), seconds=30)
    assert run_within(lambda: 7, seconds=30) == 7


def test_work_that_hangs_is_left_behind() -> None:
    over = threading.Event()
    with pytest.raises(NotInTimeError):
        run_within(over.wait, seconds=0.01)
    over.set()


@pytest.mark.usefixtures("threads")
def test_a_bundle_arrives_whole_however_few_threads_there_are(exchange, make_file) -> None:
    path = make_file(600_000)
    receipt = run_within(lambda: send(path, exchange.url), seconds=120)
    assert receipt.method == "web"
    assert is_whole(exchange, receipt.item, path)
