from __future__ import annotations

import os
import tempfile
import tracemalloc
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making_logs import START, TRACEBACK, UTC, brute_force, record, restless_log

from osvc_diag.reading import blocks
from osvc_diag.reading.blocks import (
    BLOCK,
    LINE_LIMIT,
    BrokenOffError,
    keep_window,
    read_range,
    rest_of_line,
    skip_to_record,
    whole_lines,
)
from osvc_diag.reading.bounds import Bounds
from osvc_diag.reading.stamps import first_record, records, seconds_shown, stamp_of
from osvc_diag.window import Window

texts = st.lists(st.sampled_from([b"\n", b"a", b"bc\n", b"\r\n", b"\x00", b"long " * 20]), max_size=30).map(
    b"".join
)
logs = st.builds(
    restless_log,
    st.integers(0, 1 << 32),
    st.integers(0, 40),
    inversion=st.just(timedelta(hours=1)),
    span=st.just(timedelta(hours=10)),
)


def cut(text: bytes, sizes: list[int]) -> list[bytes]:
    """Cut a text into blocks, the sizes taken in turn."""
    pieces, position, turn = [], 0, 0
    while position < len(text):
        size = sizes[turn % len(sizes)]
        pieces.append(text[position : position + size])
        position, turn = position + size, turn + 1
    return pieces


sizes = st.lists(st.integers(1, 400), min_size=1, max_size=8)


class TestWholeLines:
    @given(texts, sizes)
    def test_nothing_is_lost_and_all_but_the_last_block_end_a_line(self, text, sizes):
        blocks = list(whole_lines(cut(text, sizes)))
        assert b"".join(blocks) == text
        assert all(block.endswith(b"\n") for block in blocks[:-1])

    @given(texts, sizes)
    def test_a_half_line_at_the_end_can_be_left_out(self, text, sizes):
        assert b"".join(whole_lines(cut(text, sizes), drop_rest=True)) == text[: text.rfind(b"\n") + 1]

    @given(texts, sizes)
    def test_a_text_that_breaks_off_leaves_no_half_line(self, text, sizes):
        def breaking():
            yield from cut(text, sizes)
            raise BrokenOffError("here")

        kept = []
        with pytest.raises(BrokenOffError):
            kept.extend(whole_lines(breaking()))
        assert b"".join(kept) == text[: text.rfind(b"\n") + 1]

    def test_an_endless_line_is_not_held_back(self):
        blocks = whole_lines(b"x" * BLOCK for _ in range(100))
        assert max(map(len, blocks)) <= LINE_LIMIT + BLOCK


class TestKeepWindow:
    @settings(deadline=None)
    @given(logs, sizes, st.integers(-60, 660), st.integers(1, 600))
    def test_the_blocks_do_not_matter(self, log, sizes, since, length):
        begin = START + timedelta(minutes=since)
        end = begin + timedelta(minutes=length)
        for window in (Window(begin, end), Window(begin, None), Window(None, end)):
            bounds = Bounds.of(window, UTC)
            expected = brute_force(log, window.since, window.until)
            assert b"".join(keep_window(cut(log, sizes), bounds)) == expected
            assert b"".join(keep_window([log], bounds)) == expected

    @given(logs, sizes)
    def test_an_open_window_keeps_all(self, log, sizes):
        assert b"".join(keep_window(cut(log, sizes), Bounds())) == log

    @pytest.mark.parametrize(
        "line",
        [
            b"2026-11-22 08:00:00,000",
            b"2026-11-22 08:00:00,00",
            b"2026-11-22 08:00:00",
            b"2026-11-22 08:00:00.000 x",
        ],
    )
    def test_an_edge_is_met_however_exact_the_timestamp_is(self, line):
        """Whole blocks are judged by the second: that must not blur the edge."""
        bounds = Bounds.of(Window(START, START + timedelta(milliseconds=1)), UTC)
        assert b"".join(keep_window([line], bounds)) == line
        assert (
            b"".join(keep_window([line + b"\n" + record(START - timedelta(milliseconds=1))], bounds))
            == line + b"\n"
        )
        before = Bounds.of(Window(START + timedelta(milliseconds=1), None), UTC)
        assert b"".join(keep_window([line], before)) == b""


class TestSkipToRecord:
    @settings(deadline=None)
    @given(logs, sizes, st.integers(0, 12_000))
    def test_it_begins_at_the_first_record_behind_the_cut(self, log, sizes, count):
        kept = b"".join(skip_to_record(cut(log, sizes), count))
        starts = [offset for offset, _ in records(log, at_line_start=True) if offset >= count]
        if count == 0:
            assert kept == log
        elif starts:
            assert kept == log[starts[0] :]
        else:
            newline = log.find(b"\n", max(0, count - 1)) + 1
            assert kept == (log[newline:] if newline else b"")

    def test_where_no_record_is_near_it_begins_at_a_line(self):
        text = b"line\n" * 1_000_000
        kept = b"".join(skip_to_record(cut(text, [BLOCK]), 1_234_567))
        assert kept == text[1_234_570:]

    def test_an_endless_line_is_left_out_in_flat_memory(self):
        tracemalloc.start()
        try:
            blocks = (b"x" * BLOCK for _ in range(400))
            assert list(skip_to_record(blocks, 10)) == []
            assert tracemalloc.get_traced_memory()[1] < 8 * BLOCK
        finally:
            tracemalloc.stop()


class TestReadRange:
    def test_a_range_is_read_in_blocks(self):
        with tempfile.TemporaryFile() as file:
            file.write(os.urandom(3 * BLOCK).replace(b"\n", b"\0"))
            file.seek(0)
            content = file.read()
            blocks = list(read_range(file.fileno(), 5, 2 * BLOCK + 7))
        assert b"".join(blocks) == content[5 : 2 * BLOCK + 7]
        assert max(map(len, blocks)) == BLOCK

    def test_blocks_end_with_a_line_where_lines_are_short(self):
        text = b"".join(b"%d %s\n" % (number, b"x" * (number % 150)) for number in range(40_000))
        with tempfile.TemporaryFile() as file:
            file.write(text)
            file.flush()
            blocks = list(read_range(file.fileno(), 3, len(text) - 1))
        assert b"".join(blocks) == text[3:-1]
        assert all(block.endswith(b"\n") and BLOCK - 200 < len(block) <= BLOCK for block in blocks[:-1])

    def test_where_no_line_end_can_be_looked_for_what_comes_before_is_read(
        self, monkeypatch: pytest.MonkeyPatch
    ):
        def damaged(fd: int, length: int, position: int) -> bytes:
            if position >= 500_000:
                raise OSError(5, "Input/output error")
            return os.pread(fd, min(length, 500_000 - position), position)

        monkeypatch.setattr(blocks, "pread", damaged)
        read: list[bytes] = []
        with tempfile.TemporaryFile() as file:
            file.write(b"line\n" * 500_000)
            file.flush()
            with pytest.raises(OSError, match="Input/output error"):
                read.extend(read_range(file.fileno(), 0, 2_500_000))
        assert sum(map(len, read)) == 500_000

    def test_a_file_that_shrinks_is_noticed(self):
        with tempfile.TemporaryFile() as file:
            file.write(b"x" * 3 * BLOCK)
            file.flush()
            blocks = read_range(file.fileno(), 0, 3 * BLOCK)
            assert len(next(blocks)) == BLOCK
            file.truncate(BLOCK + 10)
            assert len(next(blocks)) == 10
            with pytest.raises(BrokenOffError, match=f"shrank to {BLOCK + 10} bytes"):
                next(blocks)

    def test_the_rest_of_a_line_ends_with_its_line_end(self):
        with tempfile.TemporaryFile() as file:
            file.write(b"begun, finished\nnext\nhalf")
            file.flush()
            assert rest_of_line(file.fileno(), 5) == b", finished\n"
            assert rest_of_line(file.fileno(), 21) == b""
            assert rest_of_line(file.fileno(), 25) == b""


class TestStamps:
    @pytest.mark.parametrize(
        ("line", "expected"),
        [
            (b"2026-11-22 19:51:30,841 INFO n:node1 c:main | started", b"2026-11-22 19:51:30,841"),
            (b"2026-11-22 19:51:30.841", b"2026-11-22 19:51:30,841"),
            (b"2026-11-22 19:51:30", b"2026-11-22 19:51:30,000"),
            (b"2026-11-22 19:51:30,84", b"2026-11-22 19:51:30,000"),
            (b"2026-11-22 19:51:30,841 - crypt - INFO - x", b"2026-11-22 19:51:30,841"),
            (b"2026-11-22T19:51:30,841", None),
            (b" 2026-11-22 19:51:30,841", None),
            (b"2026-22-11 19:51:30,841", None),
            (b"2026-11-22 39:51:30,841", None),
            (b"2026-11-22 19:51", None),
            (b"\xd9\xa2026-11-22 19:51:30", None),
            (b"", None),
            (b"Traceback (most recent call last):", None),
        ],
    )
    def test_a_record_begins_with_a_timestamp(self, line, expected):
        assert stamp_of(line) == expected

    def test_only_what_follows_a_line_end_is_a_record(self):
        line = record(START)
        assert first_record(b"x" + line, at_line_start=True) is None
        assert first_record(line, at_line_start=False) is None
        assert first_record(line + line, at_line_start=False) == (len(line), b"2026-11-22 08:00:00,000")
        assert [offset for offset, _ in records(line + TRACEBACK + line, at_line_start=True)] == [
            0,
            len(line + TRACEBACK),
        ]
        assert seconds_shown(line + line) == [b"2026-11-22 08:00:00"]


def test_a_quarter_megabyte_of_one_line_costs_no_more_than_as_many_lines():
    """Where others backtrack: the work is counted in calls of the matcher, not in seconds."""
    bounds = Bounds.of(Window(START, None), UTC)
    for hostile in (
        b"2026-11-22 08:00:00," * 13_000,
        b"2026-" * 52_000,
        b"\n2026-11-22 08:00:0" * 13_000,
        b"\r" * BLOCK,
    ):
        text = record(START) + hostile
        kept = b"".join(keep_window(cut(text, [4096]), bounds))
        assert kept == brute_force(text, START, None)
        assert b"".join(whole_lines(cut(text, [4096]))) == text
