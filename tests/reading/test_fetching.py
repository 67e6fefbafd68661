from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading

import pytest
from making_logs import steady_log

from osvc_diag.form import Form
from osvc_diag.plugin.artifact import Artifact
from osvc_diag.plugin.sources import DocumentSource, FileSource, LogSource
from osvc_diag.reading import fetching as fetching_module
from osvc_diag.reading.bounds import Bounds
from osvc_diag.reading.fetching import GROWN, MOST_IN_BATCH, SMALL, Fetched, Fetcher
from osvc_diag.reading.mounts import Mounts
from osvc_diag.reading.neighbours import Neighbours
from osvc_diag.reading.patience import PatientReader, StalledError
from osvc_diag.reading.sources import Outcome, SourceReader
from osvc_diag.reading.trees import NotTakenError, Trees


class Node:
    """Files below a folder, and the artifacts that name them."""

    def __init__(self, folder) -> None:
        self.folder = str(folder)
        self.artifacts: list[Artifact] = []
        self.patient = PatientReader(stall=30)
        self.log_budget = 1 << 30

    def file(self, name: str, content: bytes = b"content\n", *, size: int | None = -1) -> Artifact:
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return self.named(FileSource(path), name, len(content) if size == -1 else size)

    def log(self, name: str, content: bytes, *, age: int = 0) -> Artifact:
        self.file(name, content)
        self.artifacts.pop()
        source = LogSource(os.path.join(self.folder, name), "node.log", age)
        return self.named(source, name, len(content))

    def named(self, source, name: str, size: int | None) -> Artifact:
        self.artifacts.append(Artifact(f"file/{name}", source, form=Form.TEXT, size_hint=size))
        return self.artifacts[-1]

    def fetcher(self, **fields) -> Fetcher:
        self.sources = SourceReader(Trees([self.folder]), Bounds(), self.log_budget, **fields)
        return Fetcher(self.sources, self.patient, self.artifacts)


@pytest.fixture
def node(tmp_path):
    made = Node(tmp_path)
    yield made
    made.patient.close()


@pytest.fixture
def hand_overs(monkeypatch):
    counts = []
    real = PatientReader._send
    monkeypatch.setattr(PatientReader, "_send", lambda self, errand: counts.append(1) or real(self, errand))
    return counts


def fetch(fetcher: Fetcher, artifact: Artifact, **how) -> tuple[bytes, Outcome]:
    outcome = Outcome()
    return b"".join(fetcher.blocks(artifact, outcome, **how)), outcome


def fetch_all(node: Node, **fields) -> list[Fetched]:
    """Fetch a whole plan: together what can be, the rest alone."""
    fetcher = node.fetcher(**fields)
    all_fetched: list[Fetched] = []
    while len(all_fetched) < len(node.artifacts):
        fetched = fetcher.together(len(all_fetched))
        if not fetched:
            artifact, outcome = node.artifacts[len(all_fetched)], Outcome()
            try:
                fetched = [Fetched(artifact, outcome, b"".join(fetcher.blocks(artifact, outcome)))]
            except Exception as error:  # noqa: BLE001 - as together() does
                fetched = [Fetched(artifact, outcome, b"", error)]
        all_fetched += fetched
    assert [one.artifact for one in all_fetched] == node.artifacts
    return all_fetched


def test_small_files_are_read_many_at_a_time(node, hand_overs):
    for number in range(1000):
        node.file(f"{number}/status.json", b"%d\n" % number)
    for number, one in enumerate(fetch_all(node)):
        assert one.content == b"%d\n" % number
        size = len(one.content)
        assert (one.outcome.state, one.outcome.source_bytes, one.outcome.status.st_size) == ("ok", size, size)
    assert len(hand_overs) == -(-1000 // MOST_IN_BATCH)


COUNTED = """
import os
import sys
from osvc_diag.plugin.artifact import Artifact
from osvc_diag.plugin.sources import FileSource
from osvc_diag.reading.bounds import Bounds
from osvc_diag.reading.fetching import Fetcher
from osvc_diag.reading.patience import PatientReader
from osvc_diag.reading.sources import SourceReader
from osvc_diag.reading.trees import Trees

folder, count = sys.argv[1], int(sys.argv[2])
paths = [f"{folder}/{count}/svc/web{number}/status.json" for number in range(count)]
for path in paths:
    os.makedirs(os.path.dirname(path))
    with open(path, "w") as file:
        file.write("up\\n")
artifacts = [Artifact("file" + path, FileSource(path), size_hint=3) for path in paths]
fetcher = Fetcher(SourceReader(Trees([folder]), Bounds(), 1), PatientReader(), artifacts)
os.access("/begin", os.F_OK)
at = 0
while at < count:
    at += len(fetcher.together(at))
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace counts system calls")
def test_an_object_more_costs_eight_system_calls_however_many_there_are(tmp_path):
    def calls(count: int) -> int:
        trace = tmp_path / "trace"
        command = ["strace", "-f", "-o", trace, sys.executable, "-c", COUNTED, tmp_path, str(count)]
        subprocess.run(command, check=True)
        lines = trace.read_text().splitlines()
        begin = next(number for number, line in enumerate(lines) if '"/begin"' in line)
        return sum("futex" not in line for line in lines[begin:])

    assert calls(300) - calls(100) <= 200 * 8 + 100  # of memory and of threads that come and go


def test_large_files_unmeasured_ones_and_documents_are_read_alone(node, hand_overs):
    node.file("small")
    node.file("large", b"x" * (SMALL + 1))
    node.file("unmeasured", size=None)
    node.named(DocumentSource(lambda: "text"), "document", 5)
    node.log("node.log.1.gz", b"no gzip")
    contents = [one.content for one in fetch_all(node)]
    assert contents == [b"content\n", b"x" * (SMALL + 1), b"content\n", b"text", b""]
    assert len(hand_overs) == 5


def test_what_goes_wrong_with_one_costs_only_that_one(node, hand_overs):
    for name in ("a", "gone", "fifo", "z"):
        node.file(name)
    os.unlink(node.artifacts[1].source.path)
    os.unlink(node.artifacts[2].source.path)
    os.mkfifo(node.artifacts[2].source.path)
    first, gone, fifo, last = fetch_all(node)
    assert first.content == last.content == b"content\n"
    assert isinstance(gone.error, FileNotFoundError)
    assert isinstance(fifo.error, NotTakenError)
    assert len(hand_overs) == 1


def test_a_file_that_grew_large_meanwhile_is_read_alone_and_whole(node, hand_overs):
    node.file("a")
    node.file("grown")
    node.file("z")
    content = b"line\n" * GROWN
    node.file("grown", content)
    node.artifacts.pop()
    assert [one.content for one in fetch_all(node)] == [b"content\n", content, b"content\n"]
    assert len(hand_overs) == 4  # the first, the grown one tried and read alone, and the last


def test_logs_share_their_budget_in_their_order(node):
    node.log_budget = 1500
    for age in range(3):
        node.log(f"node.log.{age}", steady_log(10), age=age)
    assert [len(one.content) for one in fetch_all(node)] == [1000, 500, 0]


def test_another_attempt_with_less_of_a_log_is_read_anew(node):
    artifact = node.log("node.log", steady_log(10))
    fetcher = node.fetcher()
    assert len(fetch(fetcher, artifact)[0]) == 1000
    text, outcome = fetch(fetcher, artifact, limit=250)
    assert (len(text), outcome.state) == (200, "sliced")


class TestStalls:
    @pytest.fixture
    def stuck(self, node, monkeypatch):
        """Make opening one name hang until the test is over."""
        over = threading.Event()
        real = Neighbours.open

        def opening(near, path):
            if path.endswith("/stuck"):
                over.wait(60)
            return real(near, path)

        monkeypatch.setattr(Neighbours, "open", opening)
        node.patient = PatientReader(stall=0.1)
        yield
        over.set()

    def test_one_that_hangs_costs_itself(self, node, stuck):
        for name in ("a", "b", "stuck", "y", "z"):
            node.file(name)
        fetched = fetch_all(node)
        for one in fetched:
            if one.artifact.name == "file/stuck":
                assert isinstance(one.error, StalledError)
                assert "no answer for 0.1 s" in str(one.error)
            else:
                assert one.content == b"content\n"

    def test_a_file_system_that_hangs_is_waited_for_once(self, node, stuck, tmp_path, hand_overs):
        node.file("dead/stuck")
        for number in range(200):
            node.file(f"dead/{number}")
        node.file("alive")
        (tmp_path / "table").write_text(f"1 1 0:1 / {tmp_path}/dead rw - nfs4 s:/ rw\n")
        *dead, alive = fetch_all(node, _mounts=Mounts(str(tmp_path / "table")))
        assert all(isinstance(one.error, StalledError) for one in dead)
        assert alive.content == b"content\n"
        assert len(hand_overs) == 2


def test_files_are_read_together_only_as_far_as_they_fit(node, hand_overs, monkeypatch):
    monkeypatch.setattr(fetching_module, "BATCH", 1000)
    for number in range(20):
        node.file(f"{number}", b"x" * 400)
    fetch_all(node)
    assert len(hand_overs) == 10
    fetcher = node.fetcher()
    assert len(fetcher.together(0, room=500)) == 1
    assert fetcher.together(0, room=399) == []
    assert fetcher.together(0, room=-1) == []


@pytest.mark.parametrize("content", [b"", b"a line\n", b"a line\nand no end", b"x" * SMALL])
@pytest.mark.parametrize("is_log", [False, True])
def test_a_file_in_one_step_is_what_it_is_in_blocks(node: Node, content: bytes, is_log) -> None:
    artifact = (node.log if is_log else node.file)("one", content)
    in_blocks, outcome = fetch(node.fetcher(), artifact)
    node.fetcher()
    at_once = Outcome()
    with node.sources.trees.neighbours() as near:
        assert node.sources.small(artifact, at_once, near) == in_blocks == content
    assert at_once == outcome


def test_what_has_to_be_looked_at_closer_is_not_read_in_one_step(node: Node) -> None:
    log = node.log("a.log", b"a line\n" * 10)
    packed = node.log("a.log.1.gz", b"packed")
    unknown = node.log("a.log.2.zst", b"packed")
    large = node.file("large", b"x" * (SMALL + 1))
    node.log_budget = 50
    node.fetcher()
    with node.sources.trees.neighbours() as near:
        for artifact in (log, packed, unknown, large):
            assert node.sources.small(artifact, Outcome(), near) is None, artifact.name


def test_a_file_that_grows_is_not_read_in_one_step(node: Node, monkeypatch) -> None:
    artifact = node.file("grows", b"a line\nhalf a l")
    real = os.pread

    def growing(fd: int, length: int, position: int) -> bytes:
        with open(artifact.source.path, "ab") as file:
            file.write(b"ine\n")
        return real(fd, length, position)

    node.fetcher()
    monkeypatch.setattr(os, "pread", growing)
    with node.sources.trees.neighbours() as near:
        assert node.sources.small(artifact, Outcome(), near) is None
