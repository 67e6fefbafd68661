"""How large chunks are: on a slow line something is told every few seconds, a fast one is used."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fault_server import PASS, Fault, running_faults
from loopback_exchange import running_exchange
from sending_tools import IMPATIENT, SMALL_BODY, Events, is_whole, send

from osvc_diag.events import Advanced
from osvc_diag.exchange.line import Line, RetryPolicy
from osvc_diag.exchange.session import (
    FEW_PROOFS,
    FIRST_CHUNK,
    MANY_PROOFS,
    MAX_CHUNK,
    MIN_CHUNK,
    QUICK,
    SLOW,
    Session,
)


@pytest.fixture
def session() -> Session:
    line = Line(RetryPolicy(), time_limit=60, on_event=lambda event: None)
    return Session("http://h", None, None, line, lifetime=60, chunk=MAX_CHUNK)


def test_they_grow_while_answers_come_soon_up_to_what_the_server_takes(session) -> None:
    session.chunk = 4 * FIRST_CHUNK
    bodies = []
    for _ in range(5):
        bodies.append(session.body)
        session.keep_pace(session.body, QUICK / 2)
    assert bodies == [FIRST_CHUNK, 2 * FIRST_CHUNK, 4 * FIRST_CHUNK, 4 * FIRST_CHUNK, 4 * FIRST_CHUNK]


def test_four_connections_that_are_quick_at_a_time_double_them_once(session) -> None:
    for _ in range(4):
        session.keep_pace(FIRST_CHUNK, QUICK / 2)
    assert session.body == 2 * FIRST_CHUNK


def test_they_shrink_on_a_slow_line_and_stay_where_it_is_neither(session) -> None:
    session.pace = 4 * FIRST_CHUNK
    session.keep_pace(4 * FIRST_CHUNK, (QUICK + SLOW) / 2)
    assert session.body == 4 * FIRST_CHUNK
    for _ in range(9):
        session.keep_pace(session.body, SLOW * 2)
    assert session.body == MIN_CHUNK


def test_what_is_refused_as_too_large_is_halved_whatever_the_server_said_it_takes(session) -> None:
    session.pace = MAX_CHUNK
    assert session.shrink(256 * 1024)
    assert session.body == 128 * 1024
    assert session.shrink(256 * 1024)  # of another connection, at the same time
    assert session.body == 128 * 1024
    assert not session.shrink(MIN_CHUNK)


@pytest.mark.parametrize("blocked", [(), ("/+upload/new",)])
def test_the_first_is_small_and_the_progress_begins_with_nothing(blocked, exchange, make_file) -> None:
    events, path = Events(), make_file(1_500_000)

    def script(method: str, where: str) -> Fault:
        return Fault("answer", status=404) if where in blocked else PASS

    with running_faults(exchange.url, script) as server:
        receipt = send(path, server.url, on_event=events)
    told = [event.byte_count for event in events.of(Advanced)]
    assert told[0] == 0
    assert 0 < told[1] <= FIRST_CHUNK
    assert FIRST_CHUNK < max(told) <= SMALL_BODY
    assert sum(told) == 1_500_000
    assert is_whole(exchange, receipt.item, path)


def test_what_breaks_again_and_again_is_halved_and_tried_again_after_enough_that_came_through(
    session,
) -> None:
    session.pace = 4 * FIRST_CHUNK
    for _ in range(4):  # four connections, at the same time
        session.ease(4 * FIRST_CHUNK)
    for needed in (FEW_PROOFS, 2 * FEW_PROOFS):  # each break has larger ones wait longer
        for _ in range(needed - 1):
            assert session.body == 2 * FIRST_CHUNK
            session.keep_pace(session.body, QUICK / 2)
        session.keep_pace(session.body, QUICK / 2)
        assert session.body == 4 * FIRST_CHUNK
        session.ease(session.body)


def test_however_often_it_broke_bodies_grow_back_to_what_the_server_takes(session) -> None:
    for _ in range(50):
        session.pace = MAX_CHUNK
        session.ease(MAX_CHUNK)
    session.pace = session.safe = MIN_CHUNK
    for _ in range(5 * MANY_PROOFS):
        session.keep_pace(session.body, QUICK / 2)
    assert session.body == MAX_CHUNK


@pytest.mark.parametrize("blocked", [(), ("/+upload/new",)])
def test_a_server_that_is_busy_for_a_moment_gets_large_bodies_soon_again(blocked, make_file) -> None:
    path, posts = make_file(24_000_000), []

    def script(method: str, where: str) -> Fault:
        if where in blocked:
            return Fault("answer", status=404)
        posts.extend([where] * (method == "POST"))
        return Fault("answer", status=503) if method == "POST" and 7 <= len(posts) <= 14 else PASS

    with running_exchange("--max-body", str(MAX_CHUNK)) as own, running_faults(own.url, script) as server:
        receipt = send(path, server.url, policy=replace(IMPATIENT, attempts=12))
        assert is_whole(own, receipt.item, path)
    assert len(posts) < 120  # about 60; in the smallest bodies it would be 370
