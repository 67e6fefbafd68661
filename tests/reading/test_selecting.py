"""Of a system's log the telling lines are kept, and those of the window, whatever its times look like."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.plugin.artifact import Artifact
from osvc_diag.plugin.sources import LineChoice, LogSource
from osvc_diag.reading.bounds import Bounds
from osvc_diag.reading.outcome import Outcome
from osvc_diag.reading.selecting import chosen_lines
from osvc_diag.reading.sources import SourceReader
from osvc_diag.reading.trees import Trees
from osvc_diag.window import Window

OOM = LineChoice("memory", ("Out of memory", "oom-kill"))
NOW = datetime(2026, 11, 23, 1, tzinfo=timezone.utc)


@dataclasses.dataclass
class Status:
    st_mtime: float = NOW.timestamp()


def chosen(*blocks: bytes, since: str = "", until: str = "", written: datetime = NOW) -> bytes:
    window = Window.parse(since or None, until or None, now=NOW, zone=timezone.utc)
    outcome = Outcome(status=Status(written.timestamp()))  # type: ignore[arg-type]
    return b"".join(chosen_lines(blocks, OOM, Bounds.of(window, timezone.utc), timezone.utc, outcome))


def test_lines_with_one_of_the_words_are_kept_whatever_their_case():
    text = b"a\nx out of MEMORY y\nb\noom-kill: out of memory\nc oom-kill"
    assert chosen(text) == b"x out of MEMORY y\noom-kill: out of memory\n"


def test_nothing_is_kept_where_no_line_is_telling():
    outcome = Outcome(source_bytes=4)
    assert b"".join(chosen_lines([b"a\nb\n"], OOM, Bounds(), timezone.utc, outcome)) == b""
    assert (outcome.state, outcome.reason, outcome.is_gap) == ("skipped", "no line is about memory", False)
    assert outcome.left_out_bytes == 4


def test_half_a_line_is_never_kept():
    assert chosen(b"oom-kill 1", b" password\noom-kill 2\noom", b"-kill 3\noom-kill 4\n") == (
        b"oom-kill 2\noom-kill 4\n"
    )


@pytest.mark.parametrize(
    ("line", "since", "is_kept"),
    [
        (b"Nov 23 00:30:00 n kernel: oom-kill", "1h", True),
        (b"Nov 22 20:30:00 n kernel: oom-kill", "1h", False),
        (b"Dec 24 20:30:00 n kernel: oom-kill", "1h", False),  # last year's
        (b"Feb 29 20:30:00 n kernel: oom-kill", "1h", True),  # of neither year: no time
        (b"2026-11-23T00:30:00.123456+00:00 n kernel: oom-kill", "1h", True),
        (b"2026-11-22T20:30:00.123456+00:00 n kernel: oom-kill", "1h", False),
        (b"oom-kill without a time", "1h", True),
        (b"Xyz 22 20:30:00 oom-kill", "1h", True),
        (b"Nov 99 99:99:99 oom-kill", "1h", True),
    ],
)
def test_the_window_holds_for_either_kind_of_time(line, since, is_kept):
    assert chosen(line + b"\n", since=since) == (line + b"\n" if is_kept else b"")


def test_a_log_that_was_last_written_before_the_window_is_not_read():
    before = datetime(2026, 11, 20, tzinfo=timezone.utc)
    assert chosen(b"oom-kill\n", since="1h", written=before) == b""


@given(st.lists(st.binary(max_size=60), max_size=6), st.sampled_from(["", "1h"]))
def test_what_is_kept_are_whole_lines_with_a_word(blocks, since):
    text = b"".join(blocks)
    for line in chosen(*blocks, since=since).splitlines(keepends=True):
        assert line in text
        assert any(word.lower().encode() in line.lower() for word in OOM.words)


def test_a_log_on_disk_is_read_so_and_tells_what_was_left_out(tmp_path):
    path = tmp_path / "messages"
    path.write_bytes(b"Nov 22 10:00:00 n kernel: oom-kill\n" + b"Nov 22 10:00:00 n cron: x\n" * 1000)
    reader = SourceReader(Trees([str(tmp_path)]), Bounds(), 10_000_000)
    outcome = Outcome()
    source = LogSource(str(path), str(path), lines=OOM)
    assert b"".join(reader.read(Artifact("file/messages", source), outcome)).count(b"\n") == 1
    assert (outcome.state, outcome.reason) == ("sliced", "the lines about memory")
    assert outcome.left_out_bytes == 26_000
