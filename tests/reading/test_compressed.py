from __future__ import annotations

import bz2
import gzip
import lzma
import os
import tracemalloc
import zlib
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making_logs import START, Logs, brute_force, record, restless_log, steady_log

from osvc_diag.reading import compressed as compressed_module
from osvc_diag.reading import logs as logs_module
from osvc_diag.reading.compressed import compressed_again, compression_of
from osvc_diag.reading.outcome import Outcome

PACK = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
UNPACK = {".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress}
SUFFIXES = sorted(PACK)


@pytest.fixture
def logs(tmp_path):
    return Logs(tmp_path)


def hours(number: float):
    return START + timedelta(hours=number)


@pytest.mark.parametrize("suffix", SUFFIXES)
class TestInside:
    def test_a_rotated_log_is_read_inside(self, logs, suffix):
        log = restless_log(1, 3000, inversion=timedelta(minutes=5), span=timedelta(hours=24))
        logs.write("node.log.1" + suffix, PACK[suffix](log))
        text, outcome = logs.read("node.log.1" + suffix, age=1)
        assert text == log
        assert (outcome.state, outcome.left_out_bytes) == ("ok", 0)
        assert outcome.source_bytes == outcome.status.st_size

    def test_a_window_cuts_inside(self, logs, suffix):
        log = restless_log(2, 3000, inversion=timedelta(minutes=80), span=timedelta(hours=24))
        logs.write("node.log.1" + suffix, PACK[suffix](log))
        logs.begin(since=hours(5), until=hours(7))
        text, outcome = logs.read("node.log.1" + suffix, age=1)
        assert text == brute_force(log, hours(5), hours(7))
        assert outcome.state == "sliced"
        assert outcome.left_out_bytes == len(log) - len(text)

    def test_a_budget_keeps_the_newest_of_it(self, logs, suffix):
        log = steady_log(1000)
        logs.write("node.log.1" + suffix, PACK[suffix](log))
        logs.budget = 12_345
        logs.begin()
        text, outcome = logs.read("node.log.1" + suffix, age=1)
        assert text == log[-12_300:]
        assert (outcome.state, outcome.reason) == ("sliced", "its newest part, by --log-size")
        assert outcome.left_out_bytes == len(log) - 12_300

    def test_half_of_it_gives_whole_lines_and_a_gap(self, logs, suffix):
        log = restless_log(3, 20_000, inversion=timedelta(0), span=timedelta(hours=24))
        packed = PACK[suffix](log)
        for share in (0.3, 0.6, 0.9):
            logs.write("node.log.1" + suffix, packed[: int(len(packed) * share)])
            logs.begin()
            text, outcome = logs.read("node.log.1" + suffix, age=1)
            assert log.startswith(text)
            assert text.endswith(b"\n") or not text
            assert (outcome.state, outcome.is_gap) == ("truncated", True)
            assert outcome.reason == "the compressed log ends in the middle"
            if suffix == ".gz":
                assert text

    def test_what_is_damaged_gives_what_comes_before(self, logs, suffix):
        log = steady_log(30_000)
        packed = bytearray(PACK[suffix](log))
        packed[-12] ^= 0xFF
        logs.write("node.log.1" + suffix, bytes(packed))
        text, outcome = logs.read("node.log.1" + suffix, age=1)
        assert log[:1_000_000].startswith(text[:1_000_000])
        assert text.endswith(b"\n") or not text
        assert (outcome.state, outcome.is_gap) == ("truncated", True)

    @pytest.mark.parametrize("content", [b"", b"\x1f", b"plain text\n", b"\x00" * 100])
    def test_what_is_not_compressed_at_all_is_a_gap(self, logs, suffix, content):
        logs.write("node.log.1" + suffix, content)
        text, outcome = logs.read("node.log.1" + suffix, age=1)
        assert (text, outcome.state, outcome.is_gap) == (b"", "truncated", True)

    def test_several_streams_in_a_row_are_one_text(self, logs, suffix):
        logs.write("node.log.1" + suffix, PACK[suffix](b"one\n") + PACK[suffix](b"two\n"))
        assert logs.read("node.log.1" + suffix, age=1)[0] == b"one\ntwo\n"

    def test_an_empty_log_is_ok(self, logs, suffix):
        logs.write("node.log.1" + suffix, PACK[suffix](b""))
        logs.begin(since=START)
        text, outcome = logs.read("node.log.1" + suffix, age=1)
        assert (text, outcome.state) == (b"", "ok")

    def test_one_without_timestamps_keeps_its_tail(self, logs, suffix):
        logs.write("node.log.1" + suffix, PACK[suffix](b"no time\n" * 1000))
        logs.budget = 85
        logs.begin(since=START)
        assert logs.read("node.log.1" + suffix, age=1)[0] == b"no time\n" * 10

    def test_one_with_nothing_in_the_window_is_skipped(self, logs, suffix):
        logs.write("node.log.1" + suffix, PACK[suffix](steady_log(100)))
        logs.begin(since=hours(5))
        text, outcome = logs.read("node.log.1" + suffix, age=1)
        assert (text, outcome.state, outcome.is_gap) == (b"", "skipped", False)

    def test_one_line_larger_than_the_budget_is_left_out_whole(self, logs, suffix):
        logs.write("node.log.1" + suffix, PACK[suffix](record(START) + b"password=" + b"x" * 5000))
        logs.budget = 1000
        logs.begin()
        text, outcome = logs.read("node.log.1" + suffix, age=1)
        assert (text, outcome.state, outcome.is_gap) == (b"", "skipped", True)

    def test_a_large_text_is_inflated_twice_and_stays_the_same(self, logs, suffix, monkeypatch):
        monkeypatch.setattr(logs_module, "KEPT_TEXT", 10_000)
        log = steady_log(2000)
        logs.write("node.log.1" + suffix, PACK[suffix](log))
        assert logs.read("node.log.1" + suffix, age=1)[0] == log
        logs.budget = 50_050
        logs.begin(since=START + timedelta(seconds=100))
        assert logs.read("node.log.1" + suffix, age=1)[0] == log[-50_000:]

    @settings(deadline=None, max_examples=25)
    @given(parts=st.lists(st.binary(max_size=2000), max_size=10), large=st.sets(st.integers(0, 9)))
    def test_a_text_is_packed_again_the_same_way_and_always_alike(self, suffix, parts, large):
        blocks = [part * 40 if at in large else part for at, part in enumerate(parts)]
        packed = b"".join(compressed_again(blocks, suffix))
        assert UNPACK[suffix](packed) == b"".join(blocks)
        assert packed == b"".join(compressed_again(iter([b"".join(blocks)]), suffix)) or suffix == ".gz"


class TestFamily:
    def test_rotated_logs_share_the_budget_of_the_live_one(self, logs):
        logs.write("node.log", steady_log(10))
        logs.write("node.log.1.gz", gzip.compress(steady_log(10, start=hours(-1))))
        logs.write("node.log.2.gz", gzip.compress(steady_log(10, start=hours(-2))))
        logs.budget = 1_550
        logs.begin()
        assert len(logs.read("node.log")[0]) == 1000
        assert len(logs.read("node.log.1.gz", age=1)[0]) == 500
        text, outcome = logs.read("node.log.2.gz", age=2)
        assert (text, outcome.state, outcome.is_gap) == (b"", "skipped", False)

    def test_one_last_written_before_the_window_is_not_even_inflated(self, logs):
        logs.write("node.log.1.gz", b"no gzip at all, " + steady_log(3), mtime=hours(-10))
        logs.begin(since=START)
        assert logs.read("node.log.1.gz", age=1)[1].state == "truncated"  # no timestamps were seen in it
        logs.write("node.log.1.gz", gzip.compress(steady_log(3, start=hours(-11)))[:-1], mtime=hours(-10))
        assert logs.read("node.log.1.gz", age=1)[1].state == "skipped"

    @pytest.mark.parametrize("suffix", [".zst", ".lz4", ".Z", ".zip", ".7z", ".lzo"])
    def test_what_cannot_be_read_inside_is_withheld(self, logs, suffix):
        logs.write("node.log.1" + suffix, b"\x28\xb5\x2f\xfd" + os.urandom(100))
        text, outcome = logs.read("node.log.1" + suffix, age=1)
        assert (text, outcome.state, outcome.is_gap) == (b"", "withheld", True)


BOMB_SIZE = 300 * 1024 * 1024  # bytes of text in 300 KB


@pytest.fixture(scope="module")
def bomb():
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1 << 20)
    parts = [engine.compress(block) for _ in range(BOMB_SIZE >> 20)]
    return b"".join([*parts, engine.flush()])


class TestBombs:
    @pytest.mark.parametrize("budget", [1 << 40, 1 << 20])
    def test_the_memory_stays_flat(self, logs, bomb, budget):
        logs.write("node.log.1.gz", bomb)
        logs.budget = budget
        logs.begin()
        tracemalloc.start()
        try:
            size = sum(map(len, logs.stream("node.log.1.gz", Outcome())))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert size == (BOMB_SIZE if budget > BOMB_SIZE else 0)
        assert peak < 24 << 20

    def test_it_ends_at_the_limit(self, logs, bomb, monkeypatch):
        monkeypatch.setattr(compressed_module, "INFLATED_LIMIT", 1 << 20)
        logs.write("node.log.1.gz", bomb)
        outcome = Outcome()
        assert sum(map(len, logs.stream("node.log.1.gz", outcome))) <= 1 << 20
        assert (outcome.state, outcome.is_gap) == ("truncated", True)
        assert "inflates to more than" in outcome.reason

    def test_signs_of_life_come_while_it_is_measured(self, logs, bomb):
        """Whoever waits for a block must not take measuring for a stalled source."""
        logs.write("node.log.1.gz", bomb)
        logs.budget = 1 << 20
        logs.begin()
        assert next(logs.stream("node.log.1.gz", Outcome())) == b""


def test_a_log_that_is_rotated_again_while_it_is_read_is_told(logs, monkeypatch):
    monkeypatch.setattr(logs_module, "KEPT_TEXT", 1000)
    packed = gzip.compress(restless_log(5, 3000, inversion=timedelta(0), span=timedelta(hours=24)))
    path = logs.write("node.log.1.gz", packed)
    outcome = Outcome()
    stream = logs.stream("node.log.1.gz", outcome)
    assert next(stream) == b""
    for block in stream:
        if block:
            break
        with open(path, "r+b") as file:  # written in place, as the agent does
            file.truncate(len(packed) // 2)
    text = block + b"".join(stream)
    assert text.endswith(b"\n")
    assert (outcome.state, outcome.is_gap) == ("truncated", True)


def test_the_suffix_tells_the_compression():
    assert compression_of("/var/log/node.log.1.gz") == ".gz"
    assert compression_of("/var/log/node.log-20260101.xz") == ".xz"
    assert [compression_of(path) for path in ("node.log", "node.log.1", "gz", ".gz", "node.log.zst")] == [
        None
    ] * 5
