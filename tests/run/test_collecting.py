"""From a plan into a bundle, one artifact after the other: each costs only itself."""

from __future__ import annotations

import datetime as dt
import gzip
import os
from typing import TYPE_CHECKING, Any, Callable

import pytest

from osvc_diag import events
from osvc_diag.bundle.writer import BundleWriter
from osvc_diag.clock import SystemClock
from osvc_diag.commands.pool import CommandPool
from osvc_diag.form import Form
from osvc_diag.gap import State
from osvc_diag.journal.queries import Times
from osvc_diag.journal.reading import JournalReader
from osvc_diag.plugin.artifact import Artifact
from osvc_diag.plugin.sources import DocumentSource, FileSource, LogSource
from osvc_diag.reading.bounds import Bounds
from osvc_diag.reading.patience import PatientReader
from osvc_diag.reading.sources import SourceReader
from osvc_diag.redaction import Redactor, Tokens, learn
from osvc_diag.run.collecting import Collection, CollectionRun
from osvc_diag.run.plan import Plan
from osvc_diag.window import Window

if TYPE_CHECKING:
    from pathlib import Path

    from osvc_diag.node.node import Node

SECRET = "S3cret-of-the-node"
RECORD = b"2026-11-22 20:00:%02d,000 %s n:node1 | %s\n"


class Desk:
    """A node, and what collecting from it comes to."""

    def __init__(self, node: Node, folder: str) -> None:
        self.node = node
        self.heard: list[events.Event] = []
        self._folder = folder

    def log(self, name: str, text: bytes, *, age: int = 0, family: str = "") -> Artifact:
        path = os.path.join(self.node.layout.log, name)
        with open(path, "wb") as file:
            file.write(text)
        live = os.path.join(self.node.layout.log, family or name)
        return Artifact(self.node.member(path), LogSource(path, live, age), Form.LOG, size_hint=len(text))

    def file(self, name: str, text: bytes, form: Form = Form.TEXT) -> Artifact:
        path = os.path.join(self.node.layout.var, name)
        with open(path, "wb") as file:
            file.write(text)
        return Artifact(self.node.member(path), FileSource(path), form)

    def collect(self, *artifacts: Artifact, max_size: Any = None, deadline: Any = None) -> Collection:
        secrets = learn([("node.conf", f"[a]\npassword = {SECRET}\n".encode())], set())
        redactor = Redactor(secrets, Tokens.for_cluster(secrets))
        patient = PatientReader(deadline=deadline)
        try:
            with BundleWriter(self._folder, "x.tar.gz") as writer:
                return CollectionRun(
                    Plan(artifacts, (), 1 << 20),
                    node=self.node,
                    sources=SourceReader(self.node.trees, Bounds.of(Window(), dt.timezone.utc), 1 << 20),
                    patient=patient,
                    commands=CommandPool(),
                    journal=JournalReader(self.node, Times(), 1 << 20),
                    redactor=redactor,
                    mask_words=redactor.mask_text,
                    writer=writer,
                    max_size=max_size,
                    clock=SystemClock(),
                    on_event=self.heard.append,
                ).run()
        finally:
            patient.close()


@pytest.fixture
def desk(live_node: Callable[[], Node], tmp_path: Path) -> Desk:
    out = tmp_path / "out"
    out.mkdir()
    return Desk(live_node(), str(out))


def test_an_entry_tells_all_of_an_artifact(desk: Desk) -> None:
    text = RECORD % (1, b"INFO", b"up") + RECORD % (9, b"ERROR", b"down with " + SECRET.encode())
    artifact = desk.log("a.log", text)
    path = os.path.join(desk.node.layout.log, "a.log")
    os.chmod(path, 0o640)
    os.utime(path, (1_700_000_000, 1_700_000_000.5))
    (entry,) = desk.collect(artifact).entries
    assert entry.name == f"file{path}"
    assert (entry.source, entry.state, entry.reason) == (path, State.OK, None)
    assert (entry.mode, entry.mtime) == ("0640", "2023-11-14T22:13:20.500000Z")
    assert entry.owner is not None
    assert (entry.owner.uid, entry.owner.gid) == (os.getuid(), os.stat(path).st_gid)
    assert entry.source_bytes == 1024, "rounded: beside the stored size, it would tell how long the secret is"
    assert sum(entry.masked.values()) == 1
    assert entry.log is not None
    assert (entry.log.lines_kept, entry.log.left_out_bytes) == (2, 0)
    assert (entry.log.first, entry.log.last) == ("2026-11-22 20:00:01,000", "2026-11-22 20:00:09,000")


def test_errors_of_logs_are_kept_redacted(desk: Desk) -> None:
    collection = desk.collect(desk.log("a.log", RECORD % (9, b"ERROR", SECRET.encode())))
    ((line,),) = collection.errors.values()
    assert SECRET not in line
    assert "<masked:" in line


def test_the_source_of_an_artifact_is_its_path_whatever_it_is_called(desk: Desk) -> None:
    named = desk.file("x", b"text")
    other = Artifact("info/elsewhere.txt", named.source)
    document = Artifact("info/doc.json", DocumentSource(dict), Form.JSON)
    sources = [entry.source for entry in desk.collect(named, other, document).entries]
    assert sources == [f"{desk.node.layout.var}/x", f"{desk.node.layout.var}/x", "computed"]


def test_a_rotated_log_is_redacted_inside_its_compression(desk: Desk) -> None:
    text = RECORD % (1, b"INFO", SECRET.encode()) * 10
    (entry,) = desk.collect(desk.log("a.log.1.gz", gzip.compress(text), age=1, family="a.log")).entries
    assert entry.state is State.OK
    assert sum(entry.masked.values()) == 10
    assert entry.log is not None
    assert entry.log.lines_kept == 10


def test_what_is_missing_or_forbidden_is_a_gap_and_the_rest_is_taken(desk: Desk) -> None:
    gone = Artifact("file/gone", FileSource(f"{desk.node.layout.var}/gone"))
    outside = Artifact("file/shadow", FileSource("/etc/shadow"))
    collection = desk.collect(gone, outside, desk.file("x", b"text"))
    assert [entry.state for entry in collection.entries] == [State.MISSING, State.SKIPPED, State.OK]
    assert [gap.artifact for gap in collection.gaps] == ["file/gone", "file/shadow"]


def test_two_names_that_are_one_once_masked_are_not_mixed(desk: Desk) -> None:
    first = Artifact(f"info/{SECRET}.json", DocumentSource(dict), Form.JSON)
    collection = desk.collect(first, first)
    assert [entry.state for entry in collection.entries] == [State.OK, State.FAILED]
    assert collection.entries[0].name.startswith("info/<masked:")


def test_after_the_deadline_nothing_is_read(desk: Desk) -> None:
    called = []
    document = Artifact("info/doc.json", DocumentSource(lambda: called.append(1)), Form.JSON)
    (entry,) = desk.collect(document, deadline=0.0).entries
    assert (entry.state, called) == (State.TIMEOUT, [])


def test_what_cannot_fit_is_not_even_read(desk: Desk) -> None:
    called = []
    document = Artifact(
        "info/doc.json", DocumentSource(lambda: called.append(1)), Form.JSON, size_hint=1 << 30
    )
    small = Artifact("info/small.json", DocumentSource(dict), Form.JSON)
    collection = desk.collect(document, small, max_size=1 << 20)
    assert [entry.state for entry in collection.entries] == [State.SKIPPED, State.OK]
    assert called == []


def test_older_logs_of_a_family_that_was_cut_are_left_out(desk: Desk) -> None:
    newest = desk.log("a.log", os.urandom(150_000).hex().encode().replace(b"00", b"0\n"))
    older = desk.log("a.log.1", b"small\n", age=1, family="a.log")
    other = desk.log("b.log", b"small\n")
    states = [entry.state for entry in desk.collect(newest, older, other, max_size=80_000).entries]
    assert states == [State.TRUNCATED, State.SKIPPED, State.OK]


def test_events_tell_the_total_each_artifact_and_every_byte(desk: Desk) -> None:
    desk.collect(desk.file("x", b"x" * 1000), desk.file("y", b"y" * 500))
    assert desk.heard[0] == events.PhaseStarted("collect", 0)
    names = [event.name for event in desk.heard if isinstance(event, events.ArtifactStarted)]
    assert [os.path.basename(name) for name in names] == ["x", "y"]
    assert sum(event.byte_count for event in desk.heard if isinstance(event, events.Advanced)) == 1500
    finished = [event for event in desk.heard if isinstance(event, events.ArtifactFinished)]
    assert [event.state for event in finished] == ["ok", "ok"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root is denied nothing")
def test_what_is_denied_has_the_hint_to_run_as_root(desk: Desk) -> None:
    artifact = desk.file("x", b"")
    os.chmod(f"{desk.node.layout.var}/x", 0)
    (gap,) = desk.collect(artifact).gaps
    assert gap.state is State.DENIED
    assert "sudo" in (gap.hint or "")
