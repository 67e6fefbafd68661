from __future__ import annotations

import errno
import json
import os
from datetime import timedelta

import pytest
from making_logs import START, Logs, record, restless_log, steady_log

from osvc_diag.form import Form
from osvc_diag.plugin.artifact import Artifact
from osvc_diag.plugin.sources import DocumentSource, FileSource, LogSource
from osvc_diag.reading import sources as sources_module
from osvc_diag.reading.blocks import BLOCK
from osvc_diag.reading.bounds import Bounds
from osvc_diag.reading.mounts import Mounts
from osvc_diag.reading.sources import Outcome, SourceReader
from osvc_diag.reading.trees import NotTakenError, Trees


@pytest.fixture
def logs(tmp_path):
    return Logs(tmp_path)


@pytest.fixture
def reader(tmp_path):
    return SourceReader(Trees([str(tmp_path)]), Bounds(), 1 << 40)


def read(reader, path):
    outcome = Outcome()
    content = b"".join(reader.read(Artifact("file/x", FileSource(str(path))), outcome))
    assert len(content) + outcome.left_out_bytes == outcome.source_bytes
    return content, outcome


class TestFiles:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\n",
            b"no line end",
            b"[DEFAULT]\r\nid = x\r\n",
            b"\x00" * 1000,
            bytes(range(256)) * 3000,
            b"x" * (3 * BLOCK + 1),
            b"a\n\n\n\nb\n",
        ],
    )
    def test_any_content_comes_through_byte_by_byte(self, reader, tmp_path, content):
        (tmp_path / "file").write_bytes(content)
        got, outcome = read(reader, tmp_path / "file")
        assert got == content
        assert (outcome.state, outcome.is_gap, outcome.source_bytes) == ("ok", False, len(content))

    def test_a_sparse_file_comes_with_its_holes(self, reader, tmp_path):
        with open(tmp_path / "file", "wb") as file:
            file.truncate(2 * BLOCK)
            file.seek(0, os.SEEK_END)
            file.write(b"end\n")
        assert read(reader, tmp_path / "file")[0] == bytes(2 * BLOCK) + b"end\n"

    @pytest.mark.parametrize("content", [b"line\n" * 1000, b"x" * 5000, b"line\nx" + b"y" * 5000])
    def test_of_one_that_is_too_large_whole_lines_are_kept_and_it_is_a_gap(
        self, reader, tmp_path, monkeypatch, content
    ):
        monkeypatch.setattr(sources_module, "FILE_LIMIT", 1003)
        (tmp_path / "file").write_bytes(content)
        got, outcome = read(reader, tmp_path / "file")
        assert got == content[: content[:1003].rfind(b"\n") + 1]
        assert (outcome.state, outcome.is_gap) == ("truncated", True)

    def test_what_cannot_be_opened_says_why(self, reader, tmp_path):
        os.mkfifo(tmp_path / "fifo")
        with pytest.raises(NotTakenError, match="FIFO"):
            read(reader, tmp_path / "fifo")
        with pytest.raises(FileNotFoundError) as caught:
            read(reader, tmp_path / "nothing")
        assert caught.value.errno == errno.ENOENT
        with pytest.raises(NotTakenError, match="outside"):
            read(reader, "/etc/passwd")

    def test_no_descriptor_is_left_when_reading_is_given_up(self, reader, tmp_path):
        (tmp_path / "file").write_bytes(b"x" * 4 * BLOCK)
        before = len(os.listdir("/proc/self/fd"))
        stream = reader.read(Artifact("file/x", FileSource(str(tmp_path / "file"))), Outcome())
        next(stream)
        stream.close()
        assert len(os.listdir("/proc/self/fd")) == before


class TestChangesMeanwhile:
    """A log is live: what is read has to be consistent, and the account of it honest."""

    def log(self, blocks=3):
        return steady_log(blocks * BLOCK // 100)

    @pytest.mark.parametrize("window", [{}, {"since": START - timedelta(hours=1)}])
    def test_a_log_that_grows_ends_with_a_whole_line(self, logs, window):
        log = self.log()
        path = logs.write("node.log", log + b"2026-11-22 20:00:00,000 ERROR password=abc")
        logs.begin(**window)
        outcome = Outcome()
        stream = logs.stream("node.log", outcome)
        first = next(stream)
        with open(path, "ab") as file:
            file.write(b"def\n2026-11-22 20:00:01,000 INFO not there when it was opened\n")
        text = first + b"".join(stream)
        assert text == log + b"2026-11-22 20:00:00,000 ERROR password=abcdef\n"
        assert outcome.source_bytes == len(text) + outcome.left_out_bytes
        assert outcome.left_out_bytes == 0

    def test_a_log_that_was_empty_when_it_was_opened_stays_empty(self, logs):
        path = logs.write("node.log", b"")
        for window in ({}, {"since": START}):
            logs.begin(**window)
            outcome = Outcome()
            stream = logs.stream("node.log", outcome)
            logs.reader.trees.open = growing(logs.reader.trees.open, path)
            assert b"".join(stream) == b""
            assert outcome.state == "ok"
            del logs.reader.trees.open
            os.truncate(path, 0)

    def test_what_grows_behind_the_window_is_no_part_of_it(self, logs):
        log = record(START) + record(START + timedelta(hours=5))[:-5]
        path = logs.write("node.log", log)
        logs.begin(until=START + timedelta(hours=1))
        outcome = Outcome()
        stream = logs.stream("node.log", outcome)
        with open(path, "ab") as file:
            file.write(b" sync\n")
        assert b"".join(stream) == record(START)

    @pytest.mark.parametrize("window", [{}, {"since": START - timedelta(hours=1)}])
    @pytest.mark.parametrize("size", [0, 100, BLOCK + 50])
    def test_a_log_that_shrinks_ends_with_a_whole_line_and_is_a_gap(self, logs, window, size):
        log = self.log()
        path = logs.write("node.log", log)
        logs.begin(**window)
        outcome = Outcome()
        stream = logs.stream("node.log", outcome)
        first = next(stream)
        os.truncate(path, size)
        text = first + b"".join(stream)
        assert log.startswith(text)
        assert text.endswith(b"\n")
        assert (outcome.state, outcome.is_gap) == ("truncated", True)
        assert outcome.reason == f"shrank to {size} bytes while it was read"
        assert len(text) + outcome.left_out_bytes == outcome.source_bytes == len(log)

    @pytest.mark.parametrize("window", [{}, {"since": START - timedelta(hours=1)}, {"until": START}])
    def test_a_log_that_is_emptied_before_its_first_byte_is_read_is_a_gap(self, logs, window):
        path = logs.write("node.log", self.log())
        logs.begin(**window)
        real = logs.reader.trees.open

        def emptying(*arguments):
            opened = real(*arguments)
            os.truncate(path, 0)
            return opened

        logs.reader.trees.open = emptying
        text, outcome = logs.read("node.log")
        assert text == b""
        assert (outcome.state, outcome.is_gap) == ("truncated", True)

    def test_a_file_that_shrinks_is_a_gap(self, reader, tmp_path):
        path = tmp_path / "file"
        path.write_bytes(b"line\n" * BLOCK)
        outcome = Outcome()
        stream = reader.read(Artifact("file/x", FileSource(str(path))), outcome)
        kept = len(next(stream))
        os.truncate(path, 0)
        kept += sum(map(len, stream))
        assert (outcome.state, outcome.is_gap) == ("truncated", True)
        assert kept + outcome.left_out_bytes == 5 * BLOCK

    @pytest.mark.parametrize("happening", [os.unlink, lambda path: os.rename(path, path + ".1")])
    def test_a_log_that_is_rotated_or_removed_while_it_is_read_is_read_to_its_end(self, logs, happening):
        log = self.log()
        path = logs.write("node.log", log)
        outcome = Outcome()
        stream = logs.stream("node.log", outcome)
        first = next(stream)
        happening(path)
        logs.write("node.log", b"another log\n")
        assert first + b"".join(stream) == log
        assert outcome.state == "ok"

    def test_a_log_that_is_gone_before_its_turn_is_missing(self, logs):
        stream = logs.stream("node.log", Outcome())
        with pytest.raises(FileNotFoundError):
            next(stream)


def growing(real, path):
    """Open a file that grows at that very moment."""

    def open_it(*arguments):
        opened = real(*arguments)
        with open(path, "ab") as file:
            file.write(record(START))
        return opened

    return open_it


class TestAccount:
    @pytest.mark.parametrize("budget", [1, 5_000, 100_000, 1 << 40])
    @pytest.mark.parametrize("since", [None, -1, 5, 30])
    @pytest.mark.parametrize("until", [None, 7, 50])
    def test_what_is_kept_and_what_is_left_out_are_all(self, logs, budget, since, until):
        """Of plain logs, on every way through; `Logs.read` adds it up."""
        log = restless_log(7, 1000, inversion=timedelta(minutes=30), span=timedelta(hours=24))
        logs.write("node.log", log)
        logs.budget = budget
        logs.begin(
            since=None if since is None else START + timedelta(hours=since),
            until=None if until is None else START + timedelta(hours=until),
        )
        text, outcome = logs.read("node.log")
        assert outcome.source_bytes == len(log)
        assert (outcome.state == "ok") is (text == log and since is until is None)

    def test_an_attempt_that_was_given_up_leaves_the_budget_alone(self, logs):
        logs.write("node.log", steady_log(BLOCK // 20))
        logs.write("node.log.1", steady_log(10))
        logs.budget = 1 << 20
        logs.budget += 500
        logs.begin()
        stream = logs.stream("node.log", Outcome())
        next(stream)
        stream.close()
        assert len(logs.read("node.log.1", age=1)[0]) == 1000

    def test_another_attempt_may_keep_less(self, logs):
        logs.write("node.log", steady_log(100))
        first = logs.reader
        logs.reader = first.limited(550)
        assert len(logs.read("node.log")[0]) == 500
        logs.reader = first
        assert len(logs.read("node.log")[0]) == 10_000


class TestDocuments:
    def read(self, reader, compute, form=Form.JSON):
        outcome = Outcome()
        artifact = Artifact("info/x.json", DocumentSource(compute), form=form)
        return b"".join(reader.read(artifact, outcome)), outcome

    def test_a_document_is_sorted_readable_json(self, reader):
        content, outcome = self.read(
            reader, lambda: {"b": [1, None], "a": "ü\udcff\n", "c": {1, 2} and START}
        )
        assert json.loads(content) == {"a": "ü\udcff\n", "b": [1, None], "c": str(START)}
        assert content.index(b'"a"') < content.index(b'"b"')
        assert "ü".encode() in content
        assert (outcome.state, outcome.source_bytes, outcome.status) == ("ok", len(content), None)

    def test_a_text_is_taken_as_it_is(self, reader):
        content, outcome = self.read(reader, lambda: "a\nü", form=Form.TEXT)
        assert content == "a\nü".encode()
        assert outcome.source_bytes == len(content)

    def test_a_text_that_is_none_is_refused(self, reader):
        with pytest.raises(TypeError, match="gave a dict, not a text"):
            self.read(reader, dict, form=Form.TEXT)

    def test_what_a_plugin_raises_comes_through(self, reader):
        with pytest.raises(ZeroDivisionError):
            self.read(reader, lambda: 1 / 0)


class TestPlaces:
    TABLE = (
        b"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        b"30 22 0:40 / /srv/logs\\040disk rw,relatime shared:1 - nfs4 server:/logs rw\n"
        b"31 22 0:41 / /srv rw - nfs4 server:/srv rw\n"
        b"broken line\n"
    )

    @pytest.fixture
    def mounts(self, tmp_path):
        (tmp_path / "mountinfo").write_bytes(self.TABLE)
        return Mounts(str(tmp_path / "mountinfo"))

    @pytest.mark.parametrize(
        ("path", "point"),
        [
            ("/srv/logs disk/node.log", "/srv/logs disk"),
            ("/srv/logs disk", "/srv/logs disk"),
            ("/srv/logs", "/srv"),
            ("/srv/logs disks/x", "/srv"),
            ("/srvx/a", None),
            ("/var/log/node.log", None),
            ("/", None),
        ],
    )
    def test_a_path_lies_on_the_nearest_mount(self, mounts, path, point):
        assert mounts.point_of(path) == point

    def test_where_the_system_does_not_tell_there_is_none(self):
        assert Mounts("/nonexistent").point_of("/srv/a") is None

    def test_an_artifacts_place_is_that_of_its_folders_real_name(self, tmp_path):
        (tmp_path / "disk").mkdir()
        (tmp_path / "log").symlink_to("disk")
        (tmp_path / "table").write_text(f"1 1 0:1 / {tmp_path}/disk rw - nfs4 s:/ rw\n")
        reader = SourceReader(
            Trees([str(tmp_path / "log")]), Bounds(), 1, _mounts=Mounts(str(tmp_path / "table"))
        )
        path = str(tmp_path / "log/node.log")
        assert reader.place(Artifact("file/x", LogSource(path, path))) == str(tmp_path / "disk")
        assert reader.place(Artifact("file/x", FileSource("/elsewhere"))) is None
        assert reader.place(Artifact("info/x", DocumentSource(dict))) is None
