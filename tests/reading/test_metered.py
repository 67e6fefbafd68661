"""What is read of a log is counted, probes and all, and is little beside what is not wanted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from making_logs import START, Logs, steady_log

MOST_ASIDE = 2 * 1024 * 1024  # bytes: probes, and what is looked through around the window's ends


def test_all_of_a_log_is_read_once(tmp_path):
    logs = Logs(tmp_path)
    log = steady_log(5000)
    logs.write("node.log", log)
    assert logs.read("node.log")[1].read_bytes == len(log)


@pytest.mark.parametrize("count", [60_000, 240_000])
def test_a_minute_of_a_log_costs_the_same_however_long_the_log_is(tmp_path, count):
    logs = Logs(tmp_path)
    logs.write("node.log", steady_log(count))
    since = START + timedelta(seconds=count // 2)
    logs.begin(since=since, until=since + timedelta(minutes=1))
    text, outcome = logs.read("node.log")
    assert text
    assert len(text) < outcome.read_bytes < len(text) + MOST_ASIDE
