from __future__ import annotations

import contextlib
import json
import os
from datetime import datetime, timezone

import pytest
from making_journals import START, exported, journal_path, write_journal

from osvc_diag.journal import reading
from osvc_diag.journal.queries import Times, of_agent, of_object
from osvc_diag.journal.reading import JournalReader
from osvc_diag.objects.naming import ObjectPath
from osvc_diag.plugin.sources import JournalSource
from osvc_diag.reading.bounds import OUTSIDE
from osvc_diag.reading.outcome import Outcome
from osvc_diag.window import Window

WEB = JournalSource(of_object(ObjectPath.parse("prod/svc/web")))
AGENT = JournalSource(of_agent())
ENOUGH = 32 << 20  # bytes


@pytest.fixture(params=["at once", "in two ways"])
def way(request, monkeypatch):
    """Have records kept in memory, or asked for again from their beginning."""
    if request.param == "in two ways":
        monkeypatch.setattr(reading, "SMALL", 1000)


def read(node, source=WEB, times=None, budget=ENOUGH, **options):
    """Return the records of a query, and what became of it."""
    outcome = Outcome()
    with contextlib.closing(JournalReader(node, times or Times(), budget, **options)) as reader:
        text = b"".join(reader.blocks(source, outcome))
        again = Outcome()
        assert b"".join(reader.blocks(source, again)) == text
        assert (again.state, again.reason) == (outcome.state, outcome.reason)
    return [json.loads(line) for line in text.splitlines()], outcome


def window(since, until):
    day = datetime(2026, 11, 21, tzinfo=timezone.utc)
    return Times.of(Window(since and day.replace(hour=since - 1), until and day.replace(hour=until - 1)))


@pytest.mark.usefixtures("way")
class TestTheSample:
    @pytest.mark.parametrize(("path", "count"), [("prod/svc/web", 734), ("svc1", 496), ("prod/vol/data", 79)])
    def test_an_objects_records_are_all_there_in_their_order(self, om3, give_journal, path, count):
        give_journal()
        found, outcome = read(om3, JournalSource(of_object(ObjectPath.parse(path))))
        assert len(found) == count
        assert {record["OBJ_PATH"] for record in found} == {path}
        times = [int(record["__REALTIME_TIMESTAMP"]) for record in found]
        assert times == sorted(times)
        assert (outcome.state, outcome.reason, outcome.is_gap) == ("ok", "", False)
        assert outcome.ending.rc == 0

    def test_the_agents_records_have_what_names_no_object(self, om3, give_journal):
        give_journal()
        found, _ = read(om3, AGENT)
        assert len(found) == 1846
        told = "\n".join(record["MESSAGE"] for record in found)
        assert "hbctrl: event hb_stale for node2 from hb#1.rx" in told
        assert "goroutine" in told
        assert "opensvc-server.service: Main process exited" in told
        assert not {record.get("SYSLOG_IDENTIFIER") for record in found} & {"cron", "sshd", "CRON"}

    def test_a_window_is_exact(self, om3, give_journal):
        give_journal()
        found, outcome = read(om3, times=window(1, 7))
        assert len(found) == 84
        assert (outcome.state, outcome.reason) == ("sliced", "by --since and --until")

    def test_a_window_without_records_is_no_gap(self, om3, give_journal):
        give_journal()
        found, outcome = read(om3, times=Times(until=START - 10**9))
        assert found == []
        assert (outcome.state, outcome.reason, outcome.is_gap) == ("skipped", OUTSIDE, False)

    def test_of_a_small_budget_the_newest_are_kept(self, om3, give_journal):
        give_journal()
        everything, _ = read(om3)
        found, outcome = read(om3, budget=20_000)
        assert 50 < len(found) < 200
        assert found == everything[-len(found) :]
        assert (outcome.state, outcome.reason, outcome.is_gap) == ("sliced", reading.BY_LOG_SIZE, False)

    def test_a_budget_for_nothing_is_a_gap(self, om3, give_journal):
        give_journal()
        found, outcome = read(om3, budget=10)
        assert found == []
        assert (outcome.state, outcome.is_gap) == ("skipped", True)

    def test_fields_that_journalctl_cuts_or_spells_as_numbers_are_there(self, om3, give_journal):
        give_journal()
        found, _ = read(om3, AGENT)
        told = [record["MESSAGE"] for record in found]
        assert any("refus\udce9" in message for message in told)
        assert any("\x1b[32mOK\x1b[0m" in message for message in told)
        assert all(isinstance(message, str) for message in told)


def test_an_object_without_records_is_no_gap(om3, give_journal):
    give_journal()
    found, outcome = read(om3, JournalSource(of_object(ObjectPath.parse("prod/svc/none"))))
    assert found == []
    assert (outcome.state, outcome.reason, outcome.is_gap) == ("skipped", reading.NO_RECORDS, False)


class TestDamage:
    @pytest.mark.usefixtures("way")
    def test_what_one_way_does_not_reach_the_other_does_and_the_loss_is_told(self, om3, give_journal):
        path = give_journal()
        with open(path, "r+b") as file:
            used = len(file.read().rstrip(b"\0"))
            file.seek(int(used * 0.8))
            file.write(bytes(4096))
        found, outcome = read(om3)
        assert (outcome.state, outcome.is_gap) == ("truncated", True)
        assert outcome.reason == reading.DAMAGED.format(462, 269)
        assert outcome.hint.startswith("journalctl --verify")
        assert len(found) == 462 + 269
        times = [int(record["__REALTIME_TIMESTAMP"]) for record in found]
        assert times == sorted(times)

    def test_a_damaged_file_beside_a_sound_one_costs_only_itself(self, om3, give_journal):
        give_journal()
        other = give_journal(name="system@1.journal")
        os.truncate(other, 4096)
        found, outcome = read(om3)
        assert (len(found), outcome.state) == (734, "ok")

    def test_the_same_records_in_two_files_are_told_once(self, om3, give_journal):
        give_journal()
        give_journal(name="system@1.journal")
        found, _ = read(om3)
        assert len(found) == 734

    def test_what_journalctl_says_is_told(self, om3, give_journal):
        path = give_journal()
        with open(path, "r+b") as file:
            file.seek(12)
            file.write(b"\xff\xff\xff\xff")  # flags of a format that nobody knows yet
        found, outcome = read(om3)
        assert found == []
        assert (outcome.state, outcome.is_gap) == ("failed", True)
        assert outcome.reason.startswith("journalctl: ")

    def test_without_journalctl_it_is_a_gap(self, om3, give_journal, tmp_path):
        give_journal()
        found, outcome = read(om3, folders=[str(tmp_path)])
        assert found == []
        assert (outcome.state, outcome.is_gap) == ("missing", True)

    def test_a_run_that_is_late_says_so(self, om3, give_journal):
        give_journal()
        _, outcome = read(om3, deadline=0.0)
        assert (outcome.state, outcome.is_gap) == ("timeout", True)


class TestHostileJournals:
    def give(self, node, *records):
        write_journal(journal_path(node.root), exported(records))

    def test_what_another_user_sent_in_the_objects_name_is_not_the_objects(self, om3):
        self.give(
            om3,
            {"OBJ_PATH": "prod/svc/web", "MESSAGE": "true"},
            {"OBJ_PATH": "prod/svc/web", "MESSAGE": "forged", "_UID": "1000", "_COMM": "logger"},
            {"UNIT": "opensvc-server.service", "MESSAGE": "forged", "_UID": "1000", "_COMM": "logger"},
            {"MESSAGE": "forged", "_UID": "1000", "_COMM": "om"},
        )
        assert [record["MESSAGE"] for record in read(om3)[0]] == ["true"]
        assert [record["MESSAGE"] for record in read(om3, AGENT)[0]] == ["true"]

    @pytest.mark.usefixtures("way")
    def test_huge_values_are_cut_and_huge_records_told(self, om3):
        name = {"OBJ_PATH": "prod/svc/web"}
        self.give(
            om3,
            {**name, "MESSAGE": "a\n" + "x" * 100_000},
            {**name, "MESSAGE": "\x01" * 2_000_000},
            {**name, "MESSAGE": "last"},
        )
        found, outcome = read(om3)
        assert [record["MESSAGE"][:30] for record in found] == [
            "a\n[100000 more characters were",
            "[a record of " + found[1]["MESSAGE"][13:30],
            "last",
        ]
        assert found[1]["__REALTIME_TIMESTAMP"] == str(START + 1_000_000)
        assert outcome.state == "ok"

    def test_fields_that_stand_twice_and_lines_in_a_value_survive(self, om3):
        self.give(om3, {"OBJ_PATH": "prod/svc/web", "MESSAGE": "a\nb", "OUT": ["one", b"tw\xff"]})
        ((record),) = read(om3)[0]
        assert record["MESSAGE"] == "a\nb"
        assert sorted(record["OUT"]) == ["one", "tw\udcff"]

    def test_records_from_the_future_are_taken(self, om3):
        later = str(int(datetime(2099, 1, 1, tzinfo=timezone.utc).timestamp()) * 10**6)
        self.give(om3, {"OBJ_PATH": "prod/svc/web", "MESSAGE": "later", "__REALTIME_TIMESTAMP": later})
        found, outcome = read(om3)
        assert (len(found), outcome.state) == (1, "ok")


def test_below_a_root_without_a_journal_this_machines_own_is_not_read(om3):
    found, outcome = read(om3, AGENT)
    assert found == []
    assert (outcome.state, outcome.is_gap) == ("missing", True)
    assert outcome.reason == f"there is no journal below {om3.root}"
    assert "Storage=persistent" in outcome.hint


def test_both_ways_of_writing_tell_a_problem_once(om3):
    _, outcome = read(om3, JournalSource(of_agent(), as_text=False))
    assert (outcome.state, outcome.is_gap) == ("missing", False)


def test_a_node_of_om3_whose_journal_says_nothing_of_it_has_a_gap(om3):
    write_journal(journal_path(om3.root), exported([{"_COMM": "sshd", "MESSAGE": "x"}]))
    _, outcome = read(om3, JournalSource(of_agent(), expected=True))
    assert (outcome.state, outcome.reason, outcome.is_gap) == ("missing", reading.NO_RECORDS, True)
    assert read(om3)[1].state == "skipped"


def test_on_this_machine_journalctl_finds_the_journal_itself(live_node):
    """Whatever there is here, nothing is raised."""
    _, outcome = read(live_node(), AGENT)
    assert outcome.state in {"ok", "skipped", "missing", "denied", "truncated", "sliced", "failed"}
