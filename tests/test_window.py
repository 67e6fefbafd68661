from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.errors import UsageError
from osvc_diag.window import Window, parse_time

UTC = timezone.utc
PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 22, 19, 51, 30, 841_000, tzinfo=UTC)  # 20:51:30 in Paris


def at(*parts: int, zone=PARIS, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=zone, fold=fold)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW),
        (" NOW ", NOW),
        ("2h", NOW - timedelta(hours=2)),
        ("2 h", NOW - timedelta(hours=2)),
        ("2h ago", NOW - timedelta(hours=2)),
        ("90s", NOW - timedelta(seconds=90)),
        ("1.5D", NOW - timedelta(hours=36)),
        ("1w", NOW - timedelta(days=7)),
        ("10:00", at(2026, 11, 22, 10)),
        ("9:30", at(2026, 11, 22, 9, 30)),
        ("20:51:30", at(2026, 11, 22, 20, 51, 30)),
        ("20:51:31", at(2026, 11, 21, 20, 51, 31)),
        ("23:59", at(2026, 11, 21, 23, 59)),
        ("2026-11-22", at(2026, 11, 22)),
        ("2026-11-22 10:00", at(2026, 11, 22, 10)),
        ("2026-11-22T10:00", at(2026, 11, 22, 10)),
        ("2026-11-22 10:00:05", at(2026, 11, 22, 10, 0, 5)),
        ("2026-11-22 10:00:05,841", at(2026, 11, 22, 10, 0, 5, 841_000)),
        ("2026-11-22 10:00:05.8", at(2026, 11, 22, 10, 0, 5, 800_000)),
        ("2026-11-22 10:00:05.123456789", at(2026, 11, 22, 10, 0, 5, 123_456)),
        ("2026-11-22T10:00Z", at(2026, 11, 22, 10, zone=UTC)),
        ("2026-11-22t10:00:00z", at(2026, 11, 22, 10, zone=UTC)),
        ("2026-11-22 10:00 Z", at(2026, 11, 22, 10, zone=UTC)),
        ("2026-11-22T10:00:00+02:00", at(2026, 11, 22, 8, zone=UTC)),
        ("2026-11-22T10:00:00-0530", at(2026, 11, 22, 15, 30, zone=UTC)),
        ("2026-11-22T10:00+05", at(2026, 11, 22, 5, zone=UTC)),
        ("2024-02-29", at(2024, 2, 29)),
        ("1970-01-01", at(1970, 1, 1)),
        ("2026-07-01 12:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_people_write_it(text, expected):
    time = parse_time(text, now=NOW, zone=PARIS)
    assert time.tzinfo is not None
    assert time.timestamp() == expected.timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026",
        "2026-11",
        "20261122",
        "2026-W47-1",
        "2026-13-01",
        "2026-02-30",
        "2026-11-22 24:00",
        "2026-11-22 10",
        "2026-11-22 10:60",
        "2026-11-22 10:00 Europe/Paris",
        "2026-11-22T10:00+25:00",
        "2026-11-22T10:00+02:99",
        "2026-11-22  10:00",
        "25:00",
        "10:60",
        "-2h",
        "2y",
        "1..5h",
        "1h30m",
        "9999999999d",
        "999999w",
        "0001-01-01",
        "9999-12-31 23:59:59-12:00",
        "\u0662\u0660\u0662\u0666-11-22",
        "2026-11-22\n10:00",
        "1" * 1_000_000 + "h",
    ],
)
def test_what_is_no_time_is_refused_the_same_way_on_every_python(text):
    with pytest.raises(UsageError) as caught:
        parse_time(text, now=NOW, zone=PARIS)
    assert caught.value.hint is not None
    assert len(str(caught.value)) < 200


class TestClockChanges:
    """2026-10-25, 03:00 summer time becomes 02:00; 2026-03-29, 02:00 becomes 03:00."""

    def test_ago_counts_hours_that_pass_and_not_hours_that_are_shown(self):
        now = at(2026, 10, 25, 4)
        assert parse_time("2h", now=now, zone=PARIS).astimezone(UTC) == datetime(2026, 10, 25, 1, tzinfo=UTC)

    def test_a_clock_time_of_the_hour_that_comes_twice_is_its_first_pass(self):
        now = at(2026, 10, 25, 2, 10, fold=1)
        assert parse_time("02:30", now=now, zone=PARIS).astimezone(UTC) == datetime(
            2026, 10, 25, 0, 30, tzinfo=UTC
        )

    def test_a_time_that_was_never_shown_is_still_a_time(self):
        time = parse_time("2026-03-29 02:30", now=NOW, zone=PARIS)
        assert time.timestamp() == datetime(2026, 3, 29, 1, 30, tzinfo=UTC).timestamp()

    def test_the_last_clock_time_may_be_of_the_day_before_the_change(self):
        now = at(2026, 10, 25, 0, 5)
        assert parse_time("23:00", now=now, zone=PARIS) == at(2026, 10, 24, 23)


class TestWindow:
    def test_an_open_window_is_open(self):
        window = Window.parse(None, None, now=NOW, zone=UTC)
        assert window == Window()
        assert window.is_open
        assert not Window.parse("1h", None, now=NOW, zone=UTC).is_open
        assert not Window.parse(None, "1h", now=NOW, zone=UTC).is_open

    @pytest.mark.parametrize(
        ("since", "until"),
        [
            ("1h", "2h"),
            ("1h", "1h"),
            ("now", "now"),
            ("2026-11-22", "2026-11-21"),
            ("2026-11-22T10:00Z", "2026-11-22T11:30+02:00"),
        ],
    )
    def test_since_has_to_come_before_until(self, since, until):
        with pytest.raises(UsageError, match="is not before --until"):
            Window.parse(since, until, now=NOW, zone=PARIS)

    def test_the_two_passes_of_an_hour_are_told_apart_by_their_offset(self):
        window = Window.parse("2026-10-25T02:50+02:00", "2026-10-25T02:10+01:00", now=NOW, zone=PARIS)
        assert window.until - window.since == timedelta(minutes=20)

    @given(st.integers(0, 10**6), st.integers(1, 10**6))
    def test_a_window_is_as_long_as_it_says(self, until, length):
        window = Window.parse(f"{until + length}s", f"{until}s", now=NOW, zone=PARIS)
        assert (window.until - window.since).total_seconds() == length
