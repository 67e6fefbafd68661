from __future__ import annotations

import os
import tempfile
from datetime import datetime, timedelta
from math import log2
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from making_logs import START, TRACEBACK, UTC, Logs, brute_force, record, restless_log, steady_log

from osvc_diag.reading.bounds import MARGIN, Bounds
from osvc_diag.reading.logs import USED_UP
from osvc_diag.reading.slicing import find_stamp, has_stamps, window_ranges
from osvc_diag.reading.stamps import stamp_at
from osvc_diag.window import Window

HOUR = timedelta(hours=1)


@pytest.fixture
def logs(tmp_path):
    return Logs(tmp_path)


def minutes(number: float) -> datetime:
    return START + timedelta(minutes=number)


class TestWindow:
    @settings(deadline=None, max_examples=60)
    @given(
        seed=st.integers(0, 1 << 32),
        count=st.integers(0, 1200),
        inversion=st.integers(0, 90),
        since=st.one_of(st.none(), st.integers(-120, 1600)),
        length=st.one_of(st.none(), st.integers(1, 900)),
    )
    @example(seed=0, count=0, inversion=0, since=0, length=1)
    @example(seed=1, count=1, inversion=0, since=None, length=None)
    @example(seed=2, count=900, inversion=90, since=700, length=20)
    def test_bisection_keeps_what_reading_every_line_keeps(self, seed, count, inversion, since, length):
        log = restless_log(seed, count, inversion=timedelta(minutes=inversion), span=24 * HOUR)
        begin = None if since is None else minutes(since)
        end = None if length is None else minutes((since or 0) + length)
        with tempfile.TemporaryDirectory() as folder:
            logs = Logs(folder)
            logs.write("node.log", log)
            logs.begin(since=begin, until=end)
            text, outcome = logs.read("node.log")
        expected = brute_force(log, begin, end)
        if outcome.reason.startswith("has no timestamps"):
            expected = log
        assert text == expected
        assert outcome.state in ({"ok", "sliced"} if text or not log else {"skipped"})
        assert outcome.is_gap is False

    def test_since_is_inclusive_and_until_exclusive_to_the_millisecond(self, logs):
        times = [START + timedelta(milliseconds=number) for number in range(5)]
        logs.write("node.log", b"".join(map(record, times)))
        logs.begin(since=times[1], until=times[3])
        assert logs.read("node.log")[0] == record(times[1]) + record(times[2])

    def test_a_traceback_stays_with_its_record(self, logs):
        log = (
            record(minutes(0))
            + TRACEBACK
            + record(minutes(10), b"| | boom")
            + TRACEBACK
            + record(minutes(20))
        )
        logs.write("node.log", log)
        logs.begin(since=minutes(5), until=minutes(15))
        assert logs.read("node.log")[0] == record(minutes(10), b"| | boom") + TRACEBACK

    def test_the_end_of_a_record_that_was_not_seen_is_left_out_where_the_window_begins(self, logs):
        logs.write("node.log", TRACEBACK + record(minutes(10)))
        logs.begin(since=minutes(5))
        assert logs.read("node.log")[0] == record(minutes(10))
        logs.begin(until=minutes(15))
        assert logs.read("node.log")[0] == TRACEBACK + record(minutes(10))

    def test_empty_lines_and_line_ends_stay_as_they_are(self, logs):
        log = record(minutes(0), end=b"\r\n") + b"\r\n\n\x00\n" + record(minutes(1))[:-1]
        logs.write("node.log", log)
        assert logs.read("node.log")[0] == log
        logs.begin(since=minutes(-1))
        assert logs.read("node.log")[0] == log

    def test_the_format_of_xmlrpc_log_is_known(self, logs):
        lines = [
            f"2026-11-22 08:{minute:02d}:00,000 - crypt - INFO - get secret\n".encode()
            for minute in range(60)
        ]
        logs.write("xmlrpc.log", b"".join(lines))
        logs.begin(since=minutes(58))
        assert logs.read("xmlrpc.log")[0] == b"".join(lines[58:])

    @pytest.mark.parametrize(
        "line",
        [
            b"no time at all\n",
            b"22/Nov/2026 08:00:00 GET\n",
            b"2026-11-22T08:00:00Z elsewhere\n",
            b"2026-99-99 08:00:00\n",
        ],
    )
    def test_a_log_without_timestamps_is_kept_by_its_tail(self, logs, line):
        logs.write("node.log", line * 1000)
        logs.budget = 10 * len(line) + 3
        logs.begin(since=minutes(5))
        text, outcome = logs.read("node.log")
        assert text == line * 10
        assert outcome.state == "sliced"

    def test_a_log_without_timestamps_says_that_the_window_does_not_apply(self, logs):
        logs.write("node.log", b"no time\n")
        logs.begin(since=minutes(5))
        assert logs.read("node.log")[1].reason == "has no timestamps: --since and --until do not apply"

    def test_timestamps_may_begin_far_down(self, logs):
        log = b"banner\n" * 20_000 + steady_log(300, step=60)
        logs.write("node.log", log)
        logs.begin(since=minutes(299))
        assert logs.read("node.log")[0] == steady_log(300, step=60).splitlines(keepends=True)[-1]

    def test_a_log_with_nothing_in_the_window_is_skipped_and_is_no_gap(self, logs):
        logs.write("node.log", steady_log(100))
        for window in (
            {"since": minutes(300)},
            {"until": minutes(-300)},
            {"since": minutes(2), "until": minutes(3)},
        ):
            logs.begin(**window)
            text, outcome = logs.read("node.log")
            assert (text, outcome.state, outcome.is_gap) == (b"", "skipped", False)

    def test_an_empty_log_is_ok(self, logs):
        logs.write("node.log", b"")
        logs.begin(since=minutes(5))
        assert logs.read("node.log")[1].state == "ok"


class TestFallBack:
    """Local time goes through one hour twice, and the log does not tell which pass a record is of."""

    ZONE = ZoneInfo("Europe/Paris")  # 2026-10-25, 03:00 summer time becomes 02:00
    CHANGE = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)

    def log(self):
        moments = [self.CHANGE + timedelta(minutes=number) for number in range(-180, 181)]
        return [(moment, record(moment.astimezone(self.ZONE))) for moment in moments]

    @pytest.mark.parametrize("since", range(-100, 100, 10))
    @pytest.mark.parametrize("length", [None, 5, 45, 90])
    def test_nothing_of_the_window_is_lost_and_little_else_is_kept(self, logs, since, length):
        log = self.log()
        logs.write("node.log", b"".join(line for _, line in log))
        begin = self.CHANGE + timedelta(minutes=since)
        end = None if length is None else begin + timedelta(minutes=length)
        logs.begin(since=begin, until=end, zone=self.ZONE)
        kept = logs.read("node.log")[0].splitlines(keepends=True)
        wanted = [line for moment, line in log if moment >= begin and (end is None or moment < end)]
        assert set(wanted) <= set(kept)
        near = [
            line for moment, line in log if begin - HOUR <= moment and (end is None or moment < end + HOUR)
        ]
        assert set(kept) <= set(near) | {
            line for moment, line in log if moment.astimezone(self.ZONE).hour == 2
        }

    def test_far_from_the_change_it_is_exact(self):
        window = Window(datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
        bounds = Bounds.of(window, self.ZONE)
        assert (bounds.since.stamp, bounds.until.stamp) == (
            b"2026-07-01 02:00:00,000",
            b"2026-12-01 01:00:00,000",
        )


class TestHowMuchIsRead:
    @pytest.fixture
    def bytes_read(self, monkeypatch):
        counts = []
        real = os.pread

        def counting(fd, length, offset):
            text = real(fd, length, offset)
            counts.append(len(text))
            return text

        monkeypatch.setattr(os, "pread", counting)
        return counts

    def test_it_grows_with_the_logarithm_of_the_size(self, tmp_path, bytes_read):
        hour_of_records = steady_log(3600)
        figures = []
        for days in (1, 8, 64):
            path = tmp_path / f"{days}.log"
            with open(path, "wb") as file:
                # An hour is an hour: only the date is not the same.
                for hour in range(24 * days):
                    shown = (START + HOUR * hour).strftime("%Y-%m-%d %H").encode()
                    file.write(hour_of_records[: 60 * 100].replace(b"2026-11-22 08", shown))
            size = path.stat().st_size
            bounds = Bounds.of(Window(START + HOUR * 12, START + HOUR * 13), UTC)
            with open(path, "rb") as file:
                bytes_read.clear()
                ranges = window_ranges(file.fileno(), size, bounds)
            assert sum(part.size for part in ranges) <= 4 * 60 * 100 + 200
            figures.append(sum(bytes_read) / log2(size))
        assert max(figures) < 1.5 * min(figures)
        assert sum(bytes_read) < size / 10

    def test_a_log_of_one_endless_line_is_read_a_few_times_at_most(self, tmp_path, bytes_read):
        path = tmp_path / "node.log"
        path.write_bytes(record(START) + b"x" * (8 << 20) + b"\n" + record(START + HOUR))
        with open(path, "rb") as file:
            size = path.stat().st_size
            position = find_stamp(file.fileno(), size, stamp_at(START + HOUR))
        assert position == size - len(record(START))
        assert sum(bytes_read) < 4 * size

    def test_a_log_of_a_gigabyte_in_one_line_is_cut_without_reading_it(self, tmp_path, bytes_read):
        logs = Logs(tmp_path, budget=1 << 20)
        path = logs.write("node.log", record(START))
        os.truncate(path, 1 << 30)  # a hole: NUL bytes, no line end
        with open(path, "ab") as file:
            file.write(b"\n" + record(START + HOUR))
        text, outcome = logs.read("node.log")
        assert text == record(START + HOUR)
        assert outcome.state == "sliced"
        assert sum(bytes_read) < 4 << 20


class TestBudget:
    LINE = record(START)

    def test_the_newest_is_kept_from_a_records_start_on(self, logs):
        log = steady_log(1000)
        logs.write("node.log", log)
        for budget in (1, 99, 100, 101, 5000, len(log) - 1):
            logs.budget = budget
            logs.begin()
            text, outcome = logs.read("node.log")
            assert log.endswith(text)
            assert budget - 100 < len(text) <= budget
            assert text.startswith(b"2026") or not text
            assert outcome.left_out_bytes == len(log) - len(text)

    def test_a_traceback_is_never_kept_without_its_record(self, logs):
        log = (record(START) + TRACEBACK * 3) * 50 + record(START)
        logs.write("node.log", log)
        for budget in range(100, 1500, 7):
            logs.budget = budget
            logs.begin()
            text, _ = logs.read("node.log")
            assert text.startswith(b"2026-")
            assert len(text) <= budget

    def test_what_fits_is_whole_and_ok(self, logs):
        log = steady_log(10)
        logs.write("node.log", log)
        logs.budget = len(log)
        logs.begin()
        text, outcome = logs.read("node.log")
        assert (text, outcome.state, outcome.left_out_bytes) == (log, "ok", 0)

    def test_a_line_larger_than_the_budget_is_left_out_whole_and_said_so(self, logs):
        logs.write("node.log", self.LINE + b"password=" + b"x" * 5000)
        logs.budget = 1000
        logs.begin()
        text, outcome = logs.read("node.log")
        assert text == b""
        assert (outcome.state, outcome.is_gap) == ("skipped", True)
        assert "larger than --log-size" in outcome.reason

    def test_only_what_the_window_holds_counts(self, logs):
        """A busy hour after the window must not eat the budget of the window."""
        log = steady_log(60, step=60) + steady_log(3600, start=START + HOUR)
        logs.write("node.log", log)
        logs.budget = 10_000
        logs.begin(until=START + HOUR)
        text, outcome = logs.read("node.log")
        assert text == steady_log(60, step=60)
        assert outcome.reason == "by --since and --until"

    def test_a_window_larger_than_the_budget_is_cut_at_its_beginning(self, logs):
        log = steady_log(60, step=60) + steady_log(3600, start=START + HOUR)
        logs.write("node.log", log)
        logs.budget = 2_050
        logs.begin(since=START, until=START + HOUR)
        text, outcome = logs.read("node.log")
        assert text == steady_log(60, step=60)[-2000:]
        assert outcome.reason == "its newest part, by --log-size"

    def test_a_margin_that_does_not_fit_is_no_cut(self, logs):
        log = steady_log(200, step=60)
        logs.write("node.log", log)
        logs.budget = 3_000
        logs.begin(since=minutes(180))
        text, outcome = logs.read("node.log")
        assert text == log[-2000:]
        assert outcome.reason == "by --since and --until"

    @settings(deadline=None, max_examples=40)
    @given(
        seed=st.integers(0, 1 << 32),
        budget=st.integers(10_000, 300_000),  # bytes: any record fits
        since=st.one_of(st.none(), st.integers(0, 1400)),
        length=st.one_of(st.none(), st.integers(1, 900)),
    )
    def test_what_is_kept_is_an_end_of_what_the_window_holds(self, seed, budget, since, length):
        log = restless_log(seed, 800, inversion=timedelta(0), span=24 * HOUR)
        begin = None if since is None else minutes(since)
        end = None if length is None else minutes((since or 0) + length)
        with tempfile.TemporaryDirectory() as folder:
            logs = Logs(folder, budget=budget)
            logs.write("node.log", log)
            logs.begin(since=begin, until=end)
            text, outcome = logs.read("node.log")
        window = brute_force(log, begin, end)
        assert window.endswith(text)
        assert len(text) <= budget
        if len(window) <= budget:
            assert text == window
        else:
            assert outcome.reason == "its newest part, by --log-size"
            assert text.startswith(b"2026-")

    def test_a_family_shares_one_budget_newest_first(self, logs):
        for age, name in enumerate(("node.log", "node.log.1", "node.log.2", "node.log.3")):
            logs.write(name, steady_log(10, start=START - HOUR * age))
        logs.budget = 2_500
        logs.begin()
        kept = [
            logs.read(name, age=age)
            for age, name in enumerate(["node.log", "node.log.1", "node.log.2", "node.log.3"])
        ]
        assert [len(text) for text, _ in kept] == [1000, 1000, 500, 0]
        assert [outcome.state for _, outcome in kept] == ["ok", "ok", "sliced", "skipped"]
        assert kept[3][1].reason == USED_UP

    def test_a_rest_of_the_budget_that_no_record_fits_into_is_no_gap(self, logs):
        logs.write("node.log", steady_log(10))
        logs.write("node.log.1", steady_log(10))
        logs.budget = 1_050
        logs.begin()
        logs.read("node.log")
        text, outcome = logs.read("node.log.1", age=1)
        assert (text, outcome.state, outcome.is_gap) == (b"", "skipped", False)
        assert outcome.reason == USED_UP

    def test_another_family_has_its_own(self, logs):
        """One budget for all logs of a folder, and the newest eats it: node.log would be absent."""
        for name in ("node.log", "web.log", "xmlrpc.log"):
            logs.write(name, steady_log(100))
        logs.budget = 10_000
        logs.begin()
        for name in ("web.log", "xmlrpc.log", "node.log"):
            text, outcome = logs.read(name, family=name)
            assert (len(text), outcome.state) == (10_000, "ok")


class TestRotatedLogs:
    def test_one_that_was_last_written_before_the_window_is_not_read(self, logs):
        old = START - timedelta(days=2)
        logs.write("node.log.1", steady_log(10, start=old), mtime=old)
        logs.begin(since=START)
        text, outcome = logs.read("node.log.1", age=1)
        assert (text, outcome.state, outcome.is_gap) == (b"", "skipped", False)
        assert outcome.reason == "outside of --since and --until"

    def test_one_that_a_process_went_on_writing_to_is_read(self, logs):
        """Rotation is not safe between processes: the older file may hold the newer records."""
        logs.write("node.log", steady_log(10, start=START - 10 * HOUR))
        logs.write("node.log.1", steady_log(10, start=START))
        logs.begin(since=START - HOUR)
        logs.read("node.log")
        assert len(logs.read("node.log.1", age=1)[0]) == 1000


def test_has_stamps_looks_at_both_ends(tmp_path):
    path = tmp_path / "log"
    for content, expected in (
        (b"", False),
        (b"x", False),
        (b"x\n" * 3_000_000, False),
        (b"x\n" * 1_000_000 + record(START), True),
        (record(START) + b"x\n" * 3_000_000, True),
        (b" " + record(START), False),
    ):
        path.write_bytes(content)
        with open(path, "rb") as file:
            assert has_stamps(file.fileno(), len(content)) is expected


@given(st.lists(st.integers(0, 400), max_size=300), st.integers(-10, 410))
def test_find_stamp_finds_the_first_of_a_sorted_log(offsets, wanted):
    times = [START + timedelta(minutes=offset) for offset in sorted(offsets)]
    lines = [record(time, b"x" * (offset % 90)) for time, offset in zip(times, offsets)]
    target = minutes(wanted)
    expected = sum(len(line) for line, time in zip(lines, times) if time < target)
    with tempfile.TemporaryFile() as file:
        file.write(b"".join(lines))
        file.flush()
        size = file.tell()
        assert find_stamp(file.fileno(), size, stamp_at(target)) == (
            expected if times and times[-1] >= target else size
        )


def test_the_margin_covers_the_hour_of_fall_back():
    assert timedelta(hours=1) < MARGIN
