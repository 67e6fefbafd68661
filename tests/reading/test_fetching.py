from __future__ import annotations

import os
import threading

import pytest
from making_logs import steady_log

from osvc_diag.plugin.artifact import Artifact, DocumentSource, FileSource, Form, LogSource
from osvc_diag.reading import fetching as fetching_module
from osvc_diag.reading.bounds import Bounds
from osvc_diag.reading.fetching import GROWN, MOST_IN_BATCH, SMALL, Fetcher
from osvc_diag.reading.mounts import Mounts
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


def test_small_files_are_read_many_at_a_time(node, hand_overs):
    for number in range(1000):
        node.file(f"{number}/status.json", b"%d\n" % number)
    fetcher = node.fetcher()
    for number, artifact in enumerate(node.artifacts):
        content, outcome = fetch(fetcher, artifact)
        assert content == b"%d\n" % number
        assert (outcome.state, outcome.source_bytes, outcome.status.st_size) == (
            "ok",
            len(content),
            len(content),
        )
    assert len(hand_overs) == -(-1000 // MOST_IN_BATCH)


def test_large_files_unmeasured_ones_and_documents_are_read_alone(node, hand_overs):
    node.file("small")
    node.file("large", b"x" * (SMALL + 1))
    node.file("unmeasured", size=None)
    node.named(DocumentSource(lambda: {"a": 1}), "document", 5)
    node.log("node.log.1.gz", b"no gzip")
    fetcher = node.fetcher()
    contents = [fetch(fetcher, artifact)[0] for artifact in node.artifacts]
    assert contents == [b"content\n", b"x" * (SMALL + 1), b"content\n", b'{\n  "a": 1\n}\n', b""]
    assert len(hand_overs) == 5


def test_any_order_and_any_omission_gives_the_same(node):
    for number in range(100):
        node.file(f"{number}", b"%d" % number)
    fetcher = node.fetcher()
    for number in (5, 99, 0, 1, 50, 49, 51, 5, 5):
        assert fetch(fetcher, node.artifacts[number])[0] == b"%d" % number
    stranger = Artifact("file/x", FileSource(node.artifacts[3].source.path), size_hint=1)
    assert fetch(fetcher, stranger)[0] == b"3"


def test_what_goes_wrong_with_one_costs_only_that_one(node):
    node.file("a")
    node.file("gone")
    node.file("fifo")
    node.file("z")
    os.unlink(node.artifacts[1].source.path)
    os.unlink(node.artifacts[2].source.path)
    os.mkfifo(node.artifacts[2].source.path)
    fetcher = node.fetcher()
    assert fetch(fetcher, node.artifacts[0])[0] == b"content\n"
    with pytest.raises(FileNotFoundError):
        fetch(fetcher, node.artifacts[1])
    with pytest.raises(NotTakenError):
        fetch(fetcher, node.artifacts[2])
    assert fetch(fetcher, node.artifacts[3])[0] == b"content\n"


def test_a_file_that_grew_large_meanwhile_is_read_alone_and_whole(node, hand_overs):
    node.file("a")
    node.file("grown")
    node.file("z")
    content = b"line\n" * GROWN
    node.file("grown", content)
    node.artifacts.pop()
    fetcher = node.fetcher()
    assert [fetch(fetcher, artifact)[0] for artifact in node.artifacts] == [
        b"content\n",
        content,
        b"content\n",
    ]
    assert len(hand_overs) == 2 + 1  # the batch, the grown one, and what follows it again


def test_logs_share_their_budget_in_their_order(node):
    node.log_budget = 1500
    for age in range(3):
        node.log(f"node.log.{age}", steady_log(10), age=age)
    fetcher = node.fetcher()
    assert [len(fetch(fetcher, artifact)[0]) for artifact in node.artifacts] == [1000, 500, 0]


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
        real = Trees.open

        def opening(trees, path):
            if path.endswith("/stuck"):
                over.wait(60)
            return real(trees, path)

        monkeypatch.setattr(Trees, "open", opening)
        node.patient = PatientReader(stall=0.1)
        yield
        over.set()

    def test_one_that_hangs_costs_itself(self, node, stuck):
        for name in ("a", "b", "stuck", "y", "z"):
            node.file(name)
        fetcher = node.fetcher()
        for artifact in node.artifacts:
            if artifact.name == "file/stuck":
                with pytest.raises(StalledError, match=r"no answer for 0\.1 s"):
                    fetch(fetcher, artifact)
            else:
                assert fetch(fetcher, artifact)[0] == b"content\n"

    def test_a_file_system_that_hangs_is_waited_for_once(self, node, stuck, tmp_path, hand_overs):
        node.file("dead/stuck")
        for number in range(200):
            node.file(f"dead/{number}")
        node.file("alive")
        (tmp_path / "table").write_text(f"1 1 0:1 / {tmp_path}/dead rw - nfs4 s:/ rw\n")
        fetcher = node.fetcher(_mounts=Mounts(str(tmp_path / "table")))
        for artifact in node.artifacts[:-1]:
            with pytest.raises(StalledError):
                fetch(fetcher, artifact)
        assert fetch(fetcher, node.artifacts[-1])[0] == b"content\n"
        assert len(hand_overs) == 2


def test_a_batch_is_bounded_in_bytes(node, hand_overs, monkeypatch):
    monkeypatch.setattr(fetching_module, "BATCH", 1000)
    for number in range(20):
        node.file(f"{number}", b"x" * 400)
    fetcher = node.fetcher()
    for artifact in node.artifacts:
        fetch(fetcher, artifact)
    assert len(hand_overs) == 7
