from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osvc_diag.run.digest import ERROR_LENGTH, ERRORS_KEPT, LogDigest


def line(second: int, level: str = "INFO", message: str = "| do sync_all") -> bytes:
    return (
        f"2026-11-22 19:{second // 60:02d}:{second % 60:02d},841 {level} n:node1 o:web {message}\n".encode()
    )


TRACEBACK = b"Traceback (most recent call last):\n  File x\nOSError: ERROR in here\n"


def digest(*blocks: bytes) -> LogDigest:
    watcher = LogDigest()
    assert b"".join(watcher.watch(blocks)) == b"".join(blocks)
    return watcher


def cut(text: bytes, size: int) -> list[bytes]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def facts(watcher: LogDigest) -> tuple[object, ...]:
    return watcher.lines, watcher.first, watcher.last, watcher.errors


def test_a_log_tells_its_lines_its_ends_and_its_errors():
    watcher = digest(b"banner\n" + line(1) + line(2, "ERROR", "| | boom") + TRACEBACK + line(3) + b"tail\n")
    assert watcher.lines == 8
    assert watcher.first == b"2026-11-22 19:00:01,841"
    assert watcher.last == b"2026-11-22 19:00:03,841"
    assert watcher.errors == [line(2, "ERROR", "| | boom").decode().rstrip("\n")]


def test_an_empty_log_has_nothing_to_tell():
    assert facts(digest()) == facts(digest(b"")) == (0, None, None, [])


def test_a_log_without_timestamps_has_lines_only():
    assert facts(digest(b"a\nb\n", b"no end")) == (3, None, None, [])


def test_a_last_line_without_an_end_is_a_line():
    assert facts(digest(line(1), line(2, "ERROR")[:-1])) == (
        2,
        b"2026-11-22 19:00:01,841",
        b"2026-11-22 19:00:02,841",
        [line(2, "ERROR").decode().rstrip("\n")],
    )


def test_the_newest_errors_stay_the_oldest_first():
    watcher = digest(*[line(second, "ERROR" if second % 3 else "CRITICAL") for second in range(60)])
    assert [error[14:19] for error in watcher.errors] == ["00:55", "00:56", "00:57", "00:58", "00:59"]
    assert len(watcher.errors) == ERRORS_KEPT


@pytest.mark.parametrize(
    "text",
    [
        line(1, message="| an ERROR in the message"),
        line(1, "WARNING", "| CRITICAL path"),
        b" ERROR at a line's start\n",
        TRACEBACK,
        b"2026-11-22 19:51:30,841 - crypt - INFO - ERROR \n",
    ],
)
def test_the_word_alone_is_no_error(text):
    assert digest(text * 10).errors == []


def test_words_in_messages_do_not_hide_the_errors():
    assert len(digest(line(1, "ERROR") + line(2, message="ERROR ERROR") * 10).errors) == 1


def test_an_error_of_xmlrpc_log_is_one():
    text = b"2026-11-22 19:51:30,841 - crypt - ERROR - no secret\r\n"
    assert digest(text).errors == [text.decode().rstrip("\r\n")]


def test_a_long_error_is_cut_and_any_bytes_can_be_told():
    (error,) = digest(line(1, "ERROR", "\x00" + "x" * 5000)).errors
    assert len(error) == ERROR_LENGTH
    (error,) = digest(b"2026-11-22 19:51:30,841 ERROR \xff\xfe\n").errors
    assert error.endswith("\ufffd\ufffd")


pieces = st.sampled_from(
    [
        line(1),
        line(2, "ERROR"),
        line(3, "CRITICAL", "x" * 400),
        TRACEBACK,
        b"\n",
        b"no stamp\n",
        b"x" * 900 + b"\n",
        b"\x00\r\n",
    ]
)


@settings(deadline=None)
@given(st.lists(pieces, max_size=30).map(b"".join), st.integers(1, 500), st.booleans())
def test_the_blocks_do_not_matter(text, size, end):
    text = text if end else text[:-1]
    assert facts(digest(*cut(text, size))) == facts(digest(text))


def test_an_endless_line_costs_no_memory():
    watcher = LogDigest()
    block = b"x" * 100_000
    tracemalloc.start()
    try:
        for _ in watcher.watch(block for _ in range(500)):
            pass
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert watcher.lines == 1
