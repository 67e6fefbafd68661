from __future__ import annotations

import json
from datetime import timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from osvc_diag.journal.log_text import as_log, log_entry, log_size, shown_time
from osvc_diag.journal.records import decoded, encoded
from osvc_diag.node.zones import find_zone
from osvc_diag.reading.stamps import records as stamps_of

PATIENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
UTC = timezone.utc
AT = {"__REALTIME_TIMESTAMP": "1795204820000501"}


def entry(**fields):
    return log_entry({**AT, **fields}, UTC)


class TestEntries:
    def test_an_entry_reads_as_one_of_the_python_agent(self):
        assert entry(
            PRIORITY="3",
            MESSAGE="instance: prod/svc/web: app#1: boom",
            SID="969e0927",
            NODE="node1",
            PKG="daemon/imon",
            OBJ_PATH="prod/svc/web",
            SUBSET="app:g1",
            RID="app#1",
            ORIGIN="daemon/scheduler",
        ) == (
            "2026-11-20 20:00:20,000 ERROR sid:969e0927 n:node1 c:daemon/imon o:prod/svc/web rs:app:g1 "
            "r:app#1 sc:y | instance: prod/svc/web: app#1: boom\n"
        )

    @pytest.mark.parametrize(
        ("priority", "level"),
        [
            *((str(number), "CRITICAL") for number in range(3)),
            ("3", "ERROR"),
            ("4", "WARNING"),
            ("5", "INFO"),
            ("6", "INFO"),
            ("7", "DEBUG"),
            ("x", "INFO"),
        ],
    )
    def test_a_priority_is_a_level(self, priority, level):
        assert entry(PRIORITY=priority, MESSAGE="x") == f"2026-11-20 20:00:20,000 {level} | x\n"

    def test_the_last_words_of_the_go_runtime_are_critical_from_the_daemon_alone(self):
        panic = {
            "PRIORITY": "6",
            "MESSAGE": "panic: runtime error: index out of range",
            "SYSLOG_IDENTIFIER": "om",
        }
        assert " CRITICAL c:om | panic: " in entry(_TRANSPORT="stdout", **panic)
        assert " INFO | panic: " in entry(_TRANSPORT="journal", **panic)

    def test_who_wrote_what_is_not_the_agents_own_is_the_component(self):
        assert " c:systemd | " in entry(SYSLOG_IDENTIFIER="systemd", _COMM="systemd")
        assert " c:" not in entry(_COMM="om")

    def test_a_record_without_a_time_is_not_lost(self):
        assert log_entry({"MESSAGE": "x"}, UTC) == "0000-00-00 00:00:00,000 INFO | x\n"

    def test_a_field_that_stands_twice_is_told_twice(self):
        assert entry(MESSAGE=["one", "two"]).endswith(" | one\n  two\n")


class TestHostileRecords:
    def test_a_message_cannot_look_like_a_record_of_its_own(self):
        forged = "2026-11-20 20:00:21,000 ERROR n:node1 o:svc1 | forged"
        text = entry(MESSAGE=f"x\n{forged}\r\n{forged}\r{forged}\x85{forged}\u2028{forged}\x0b{forged}")
        assert len(list(stamps_of(text.encode(), at_line_start=True))) == 1
        assert len(text.splitlines()) == 3
        assert all(line.startswith("  ") for line in text.splitlines()[1:])

    def test_a_context_cannot_hold_another_one(self):
        text = entry(RID="app#1 | forged o:svc2\n2026-11-20 20:00:21,000 ERROR", MESSAGE="x")
        assert text == (
            "2026-11-20 20:00:20,000 INFO r:app#1___forged_o:svc2\\n2026-11-20_20:00:21,000_ERROR | x\n"
        )

    def test_control_characters_and_strange_bytes_are_spelled_out(self):
        assert entry(MESSAGE="\x1b[31mcaf\udce9 \u202e\tx").endswith(" | \\x1b[31mcaf\\xe9 \\u202e\tx\n")

    @PATIENTLY
    @given(
        st.dictionaries(
            st.sampled_from(["MESSAGE", "RID", "PKG", "SID", "NODE", "OBJ_PATH", "SUBSET"]), st.text()
        )
    )
    def test_a_record_is_one_entry_whatever_it_holds(self, fields):
        text = entry(**fields)
        first, *more = text.splitlines()
        assert len(list(stamps_of(text.encode(), at_line_start=True))) == 1
        assert first.startswith("2026-11-20 20:00:20,000 INFO ")
        assert all(line.startswith("  ") for line in more)

    @PATIENTLY
    @given(st.dictionaries(st.sampled_from(["MESSAGE", "RID", "OBJ_PATH"]), st.text()))
    def test_its_size_is_about_what_it_takes(self, fields):
        printable = {name: value for name, value in fields.items() if value.isprintable() and value.isascii()}
        assert len(entry(**printable)) <= log_size(printable) <= len(entry(**printable)) + 60


class TestTimes:
    def test_times_are_the_nodes(self):
        assert shown_time("1795204820000501", timezone(timedelta(hours=1))) == "2026-11-20 21:00:20,000"

    def test_summer_time_is_known(self):
        paris = find_zone("Europe/Paris", None)
        assert shown_time("1792888200000000", paris) == "2026-10-25 02:30:00,000"
        assert shown_time("1792891800000000", paris) == "2026-10-25 02:30:00,000"

    @pytest.mark.parametrize("text", ["", "x", "9" * 20, "-1" + "0" * 20])
    def test_what_is_no_time_is_none(self, text):
        assert shown_time(text, UTC) is None


class TestAsLog:
    def test_a_line_that_is_no_record_is_taken_as_a_message(self):
        assert b"".join(as_log([b"caf\xe9\n"], UTC)) == b"0000-00-00 00:00:00,000 INFO | caf\\xe9\n"

    @PATIENTLY
    @given(st.lists(st.text(), max_size=5))
    def test_every_record_comes_through(self, messages):
        blocks = [encoded(decoded(json.dumps({**AT, "MESSAGE": message}).encode())) for message in messages]
        text = b"".join(as_log(blocks, UTC))
        assert len(list(stamps_of(text, at_line_start=True))) == len(messages)
