"""Small files that are taken many at a time come out as if each had been taken alone."""

from __future__ import annotations

import datetime as dt
import hashlib
import inspect
import os
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from osvc_diag import events
from osvc_diag.bundle.writer import BundleWriter
from osvc_diag.clock import SystemClock
from osvc_diag.errors import RedactionError
from osvc_diag.form import Form
from osvc_diag.gap import State
from osvc_diag.plugin.artifact import Artifact
from osvc_diag.plugin.sources import DocumentSource, FileSource, LogSource
from osvc_diag.reading.bounds import Bounds
from osvc_diag.reading.fetching import Fetcher
from osvc_diag.reading.patience import PatientReader
from osvc_diag.reading.sources import SourceReader
from osvc_diag.redaction import Redactor, Tokens, learn
from osvc_diag.redaction.masker import LineMasker
from osvc_diag.run.collecting import CollectionRun
from osvc_diag.run.digest import LogDigest
from osvc_diag.run.plan import Plan
from osvc_diag.window import Window

if TYPE_CHECKING:
    from pathlib import Path

# What runs commands and reads journals: of none is anything asked here.
RUNNERS = {"commands", "journal"} & inspect.signature(CollectionRun).parameters.keys()
SECRET = b"S3cret-of-the-node"
RECORD = b"2026-11-22 20:00:%02d,000 ERROR n:node1 | %s\n"


class Desk:
    """Files of a node, and what collecting them comes to."""

    def __init__(self, node: Any, out: Path) -> None:
        self.node, self.out = node, out
        self.heard: list[events.Event] = []
        self.artifacts: list[Artifact] = []

    def file(self, name: str, content: bytes, form: Form = Form.TEXT, *, called: str = "") -> str:
        path = os.path.join(self.node.layout.var, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        source = LogSource(path, path) if form is Form.LOG else FileSource(path)
        member = called or self.node.member(path)
        self.artifacts.append(Artifact(member, source, form, size_hint=len(content)))
        return path

    def collect(self, *, max_size: Any = None) -> Any:
        secrets = learn([("node.conf", b"[a]\npassword = " + SECRET + b"\n")], set())
        patient = PatientReader()
        self.heard.clear()
        try:
            with BundleWriter(str(self.out), "x.tar.gz") as writer:
                collection = CollectionRun(
                    Plan(tuple(self.artifacts), (), 1 << 20),
                    node=self.node,
                    sources=SourceReader(self.node.trees, Bounds.of(Window(), dt.timezone.utc), 1 << 20),
                    patient=patient,
                    **dict.fromkeys(RUNNERS),
                    redactor=Redactor(secrets, Tokens(lambda: b"k" * 32, stable=True)),
                    mask_words=str,
                    writer=writer,
                    max_size=max_size,
                    clock=SystemClock(),
                    on_event=self.heard.append,
                ).run()
                writer.seal([("manifest.json", b"{}")])
                self.bundle = writer.publish()
        finally:
            patient.close()
        return collection

    def contents(self) -> dict[str, bytes]:
        with tarfile.open(self.bundle) as archive:
            members = {info.name.partition("/")[2]: archive.extractfile(info).read() for info in archive}
        return {name: content for name, content in members.items() if name.startswith(("file/", "info/"))}


@pytest.fixture
def desk(live_node: Any, tmp_path: Path) -> Desk:
    out = tmp_path / "out"
    out.mkdir()
    return Desk(live_node(), out)


@pytest.fixture
def mixed(desk: Desk) -> Desk:
    """A plan of all kinds, in an order that is not the archive's."""
    for number in range(30):
        desk.file(f"svc/web{number}/status.json", b'{"n": %d}\n' % number, Form.JSON)
    desk.file("empty", b"")
    desk.file("secret", b"a " + SECRET + b" b\n")
    desk.file("a.conf", b"[DEFAULT]\npassword = x\nid = 1\n", Form.CONF)
    desk.file("zipped", b"\x1f\x8bzipped")
    desk.file("binary", bytes(range(32)) * 20)
    desk.file("web.log", RECORD % (1, b"down") * 3, Form.LOG)
    desk.artifacts.append(Artifact("info/doc.json", DocumentSource(dict), Form.JSON))
    os.unlink(desk.file("gone", b"x"))
    fifo = desk.file("fifo", b"x")
    os.unlink(fifo)
    os.mkfifo(fifo)
    desk.file("web.log.1", RECORD % (0, SECRET), Form.LOG)
    desk.file("large", b"large\n" * 100_000)
    return desk


def without_seconds(entries: Any) -> list[Any]:
    return [{**vars(entry), "seconds": 0} for entry in entries]


def test_entries_contents_and_gaps_are_those_of_each_alone(mixed: Desk, monkeypatch: Any) -> None:
    together = mixed.collect()
    contents = mixed.contents()
    monkeypatch.setattr(Fetcher, "together", lambda *_args, **_how: [])
    alone = mixed.collect()
    assert without_seconds(together.entries) == without_seconds(alone.entries)
    assert together.gaps == alone.gaps
    assert together.errors == alone.errors
    assert contents == mixed.contents()
    states = {entry.name.rpartition("/")[2]: entry.state for entry in together.entries}
    assert states["zipped"] is State.WITHHELD
    assert states["gone"] is State.MISSING
    assert states["fifo"] is State.SKIPPED
    assert states["secret"] is State.OK
    for entry in together.entries:
        assert entry.sha256 == (
            hashlib.sha256(contents[entry.name]).hexdigest() if entry.name in contents else None
        )


def test_a_file_is_stored_in_a_run_with_the_next_ones(mixed: Desk, monkeypatch: Any) -> None:
    runs = []
    real = BundleWriter.add_neighbours
    monkeypatch.setattr(
        BundleWriter,
        "add_neighbours",
        lambda writer, members: runs.append(len(members)) or real(writer, members),
    )
    mixed.artifacts.sort(key=lambda artifact: artifact.name)
    mixed.collect()
    assert len(runs) <= 4  # the document and the large file stand between some of them
    assert sum(runs) >= 34


def test_each_is_told_in_the_order_of_the_plan(mixed: Desk) -> None:
    mixed.collect()
    names = [artifact.name for artifact in mixed.artifacts]
    assert [event.name for event in mixed.heard if isinstance(event, events.ArtifactStarted)] == names
    assert [event.name for event in mixed.heard if isinstance(event, events.ArtifactFinished)] == names
    told: dict[str, int] = {}
    for event in mixed.heard:
        if isinstance(event, events.ArtifactStarted):
            current = event.name
        elif isinstance(event, events.Advanced):
            told[current] = told.get(current, 0) + event.byte_count
    for artifact in mixed.artifacts:
        if isinstance(artifact.source, (FileSource, LogSource)):
            assert told.get(artifact.name, 0) == len(read(artifact))


def read(artifact: Artifact) -> bytes:
    path = getattr(artifact.source, "path", "")
    if not os.path.isfile(path):
        return b""
    with open(path, "rb") as file:
        return file.read()


def test_one_that_cannot_be_redacted_costs_only_itself(desk: Desk, monkeypatch: Any) -> None:
    for name in ("a", "b", "c"):
        desk.file(name, b"password: " + name.encode() * 9 + b"\n")
    real = LineMasker.mask

    def failing(masker: LineMasker, line: bytes, counts: Any) -> bytes:
        if b"bbbb" in line:
            raise RedactionError("a rule failed")
        return real(masker, line, counts)

    monkeypatch.setattr(LineMasker, "mask", failing)
    states = [entry.state for entry in desk.collect().entries]
    assert states == [State.OK, State.WITHHELD, State.OK]
    assert len(desk.contents()) == 2


def test_a_name_that_another_one_has_costs_only_the_second(desk: Desk) -> None:
    desk.file("a", b"one\n", called="file/same")
    desk.file("b", b"two\n", called="file/same")
    desk.file("c", b"three\n", called="file/same/below")
    desk.file("d", b"four\n", called="file/z")
    collection = desk.collect()
    assert [entry.state for entry in collection.entries] == [State.OK, State.FAILED, State.FAILED, State.OK]
    assert desk.contents() == {"file/same": b"one\n", "file/z": b"four\n"}


@pytest.mark.parametrize("max_size", [90_000, 500_000, 1_500_000])
def test_max_size_holds_however_they_are_taken(desk: Desk, max_size: int) -> None:
    for number in range(400):
        desk.file(f"{number:03d}", os.urandom(1500).hex().encode() + b"\n", Form.TEXT)
    collection = desk.collect(max_size=max_size)
    assert os.path.getsize(desk.bundle) < max_size
    stored = sum(entry.is_stored for entry in collection.entries)
    assert stored > 0
    assert stored == len(desk.contents())
    assert (stored == 400) is (max_size > 1_000_000)


def test_what_grew_beyond_the_room_after_it_was_measured_is_left_out(desk: Desk) -> None:
    path = desk.file("a", b"x")
    desk.file("b", b"y\n")
    with open(path, "wb") as file:
        file.write(os.urandom(100_000).hex().encode())
    room = 2 * (256 * 1536 + 10) + 4096
    collection = desk.collect(max_size=room + 10_000)
    assert os.path.getsize(desk.bundle) < room + 10_000
    assert collection.entries[1].state is State.OK


def test_the_redactor_is_asked_once_for_many(desk: Desk, monkeypatch: Any) -> None:
    asked = []
    real = Redactor.redact_all
    monkeypatch.setattr(Redactor, "redact_all", lambda by, texts: asked.append(len(texts)) or real(by, texts))
    for number in range(200):
        desk.file(f"{number:03d}", b"up\n")
    desk.collect()
    assert asked == [200]


def test_a_digest_that_fails_costs_only_its_log(desk: Desk, monkeypatch: Any) -> None:
    for name in ("a.log", "b.log"):
        desk.file(name, RECORD % (1, name.encode()), Form.LOG)
    real = LogDigest.look_at

    def failing(digest: LogDigest, text: bytes) -> None:
        if b"a.log" in text:
            raise ValueError("unforeseen")
        real(digest, text)

    monkeypatch.setattr(LogDigest, "look_at", failing)
    assert [entry.state for entry in desk.collect().entries] == [State.WITHHELD, State.OK]
