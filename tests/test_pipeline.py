"""Two threads agree: order is kept, memory is bounded, errors come home, and no thread stays."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osvc_diag.pipeline import DEPTH, PARCEL, Ahead, Behind

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def behind() -> Iterator[Behind]:
    made = Behind("a test's thread")
    yield made
    made.close()


def threads_of_a_test() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "a test's thread"]


def test_jobs_are_done_in_their_order_and_not_by_the_caller(behind) -> None:
    done: list[tuple[int, str]] = []
    for number in range(1000):
        behind.do(lambda number=number: done.append((number, threading.current_thread().name)))
    behind.settle()
    assert done == [(number, "a test's thread") for number in range(1000)]


def test_the_caller_waits_when_too_many_jobs_are_waiting(behind) -> None:
    gate: queue.SimpleQueue[bool] = queue.SimpleQueue()
    given: list[int] = []
    done: list[bool] = []
    most: list[int] = []

    def feed() -> None:
        for number in range(50):
            behind.do(lambda: done.append(gate.get()))
            given.append(number)
            most.append(len(given) - len(done))

    feeder = threading.Thread(target=feed)
    feeder.start()
    for _ in range(50):
        gate.put(True)
    feeder.join()
    behind.settle()
    assert len(done) == 50
    assert max(most) <= DEPTH + 1


def test_an_error_comes_home_and_what_followed_is_left_undone(behind) -> None:
    done: list[str] = []

    def fail() -> None:
        raise OSError("no room")

    def several() -> None:
        behind.do(fail)
        for _ in range(DEPTH + 1):
            behind.do(lambda: done.append("after"))
        behind.settle()

    with pytest.raises(OSError, match="no room"):
        several()
    behind.do(lambda: done.append("a new start"))
    behind.settle()
    assert done == ["a new start"]


def test_what_is_abandoned_is_left_undone(behind) -> None:
    has_begun, gate = threading.Event(), threading.Event()
    done: list[str] = []

    def slow() -> None:
        has_begun.set()
        gate.wait()
        done.append("slow")

    behind.do(slow)
    behind.do(lambda: done.append("abandoned"))
    has_begun.wait()
    threading.Timer(0.02, gate.set).start()
    behind.abandon()
    assert done == ["slow"]
    behind.do(lambda: done.append("new"))
    behind.settle()
    assert done == ["slow", "new"]


def test_closing_ends_the_thread_though_jobs_are_waiting() -> None:
    behind = Behind("a test's thread")
    for _ in range(DEPTH):
        behind.do(lambda: None)
    behind.close()
    behind.close()
    assert threads_of_a_test() == []


def test_without_a_job_there_is_no_thread(behind) -> None:
    behind.settle()
    behind.abandon()
    assert threads_of_a_test() == []


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(max_size=3 * PARCEL // 2) | st.binary(max_size=10), max_size=20))
def test_what_is_iterated_ahead_arrives_whole_and_in_order(items) -> None:
    with Ahead("a test's thread", (item for item in items), len) as received:
        assert list(received) == items
    assert threads_of_a_test() == []


def test_what_came_before_an_error_arrives_before_it() -> None:
    def broken() -> Iterator[int]:
        yield from range(10)
        raise OSError("it broke")

    received: list[int] = []
    with pytest.raises(OSError, match="it broke"), Ahead("a test's thread", broken(), lambda _: 1) as items:
        received.extend(items)
    assert received == list(range(10))


@pytest.fixture
def no_thread(monkeypatch) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)


@pytest.mark.usefixtures("no_thread")
def test_where_no_thread_is_to_be_had_the_caller_does_it_all(behind) -> None:
    done: list[int] = []
    for number in range(2 * DEPTH):
        behind.do(lambda number=number: done.append(number))
    assert done == list(range(2 * DEPTH))
    with pytest.raises(ZeroDivisionError):
        behind.do(lambda: 1 // 0)
    behind.abandon()
    behind.settle()
    closed: list[bool] = []

    def endless() -> Iterator[int]:
        try:
            while True:
                yield PARCEL
        finally:
            closed.append(True)

    with Ahead("a test's thread", endless(), int) as received:
        assert next(received) == PARCEL
    assert closed


@pytest.mark.parametrize("taken", [0, 1, 7])
def test_leaving_early_ends_the_thread_and_closes_what_it_iterates(taken: int) -> None:
    closed = threading.Event()
    made = 0

    def endless() -> Iterator[bytes]:
        nonlocal made
        try:
            while True:
                made += 1
                yield bytes(PARCEL)
        finally:
            closed.set()

    with Ahead("a test's thread", endless(), len) as items:
        for _ in range(taken):
            next(items)
    assert closed.is_set()
    assert made <= taken + DEPTH + 2
    assert threads_of_a_test() == []


def test_an_interrupt_of_the_caller_ends_the_thread_too() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield bytes(PARCEL)

    def interrupted() -> None:
        with Ahead("a test's thread", endless(), len) as items:
            next(items)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert threads_of_a_test() == []
