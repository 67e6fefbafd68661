"""Waiting: longer each time, within bounds, and not for ever."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from osvc_diag.errors import ExchangeError
from osvc_diag.events import Warned
from osvc_diag.exchange.errors import GaveUpError, UploadTimeoutError
from osvc_diag.exchange.line import Line, RetryPolicy, TransientError, parse_retry_after


def policy(**values) -> RetryPolicy:
    return RetryPolicy(**{"base": 0.001, "cap": 0.002, "jitter": lambda: 0.0, **values})


def failing(times: int, error: Exception):
    """Return a call that fails so many times, then gives the number of calls."""
    calls = []

    def call() -> int:
        calls.append(1)
        if len(calls) <= times:
            raise error
        return len(calls)

    return call


def test_delays_double_up_to_a_cap_and_are_spread() -> None:
    steady = RetryPolicy(base=1.0, cap=30.0, jitter=lambda: 1.0)
    assert [steady.delay(failures) for failures in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]
    assert RetryPolicy(base=1.0, cap=30.0, jitter=lambda: 0.0).delay(3) == 2
    assert steady.delay(10_000) == 30


def test_a_passing_failure_is_borne() -> None:
    line = Line(policy(), time_limit=10, on_event=lambda event: None)
    assert line.persist(failing(3, TransientError("reset"))) == 4
    assert line.has_answered


def test_too_many_failures_in_a_row_end_it_with_the_last_reason() -> None:
    line = Line(policy(first_attempts=3), time_limit=10, on_event=lambda event: None)
    with pytest.raises(GaveUpError, match="gave up after 3 tries: it is down"):
        line.persist(failing(99, TransientError("it is down")))


def test_an_error_that_cannot_pass_is_not_tried_again() -> None:
    line = Line(policy(), time_limit=10, on_event=lambda event: None)
    call = failing(1, ExchangeError("no"))
    with pytest.raises(ExchangeError, match="no"):
        line.persist(call)
    assert call() == 2


def test_the_whole_has_a_limit() -> None:
    line = Line(policy(), time_limit=0.0, on_event=lambda event: None)
    with pytest.raises(UploadTimeoutError):
        line.remaining()


def test_a_wait_longer_than_the_time_left_ends_it_at_once() -> None:
    line = Line(policy(), time_limit=5, on_event=lambda event: None)
    for has_answered, hint in ((False, "nothing was sent"), (True, "what was sent so far")):
        line.has_answered = has_answered
        with pytest.raises(UploadTimeoutError, match="busy") as caught:
            line.wait(1, TransientError("busy", retry_after=60))
        assert hint in caught.value.hint
    line.has_answered = False
    with pytest.raises(UploadTimeoutError) as caught:
        line.wait(1, TransientError("busy", retry_after=60, hint="wake it up"))
    assert caught.value.hint == "wake it up"


def test_the_user_hears_of_waits_but_not_of_every_hiccup() -> None:
    events = []
    line = Line(policy(), time_limit=10, on_event=events.append)
    line.persist(failing(1, TransientError("reset")))
    assert events == []
    line.persist(failing(2, TransientError("reset")))
    assert [type(event) for event in events] == [Warned]


def test_a_stopped_line_waits_no_more() -> None:
    line = Line(policy(base=60, cap=60), time_limit=1000, on_event=lambda event: None)
    line.stop()
    line.wait(1, TransientError("reset"))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("٣", None),
    ],
)
def test_retry_after_is_read_as_seconds(value, seconds) -> None:
    assert parse_retry_after(value) == seconds


def test_retry_after_is_read_as_a_date() -> None:
    assert parse_retry_after(formatdate(0, usegmt=True)) == 0.0
    assert parse_retry_after("Fri, 31 Dec 2049 23:59:59 GMT") > 1e6
