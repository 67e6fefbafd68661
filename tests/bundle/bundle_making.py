"""Bundles to read: whole ones by the writer, and hostile ones byte by byte."""

from __future__ import annotations

import dataclasses
import gzip
import io
import tarfile
from typing import NamedTuple

from osvc_diag.bundle.facts import ArtifactEntry, ClusterFacts, NodeFacts, RedactionFacts, SelectionFacts
from osvc_diag.bundle.manifest import Manifest
from osvc_diag.bundle.writer import BundleWriter
from osvc_diag.gap import State

STARTED = "2026-11-22T20:00:00.000000Z"


class Hit(NamedTuple):
    rule: str
    offset: int


class LiteralSearch:
    """Finds literals, across blocks too."""

    def __init__(self, *literals: bytes) -> None:
        self.literals = literals

    def search(self, blocks):
        text = b"".join(blocks)
        for literal in self.literals:
            at = text.find(literal)
            while at >= 0:
                yield Hit("literal", at)
                at = text.find(literal, at + 1)


def make_manifest(**changes) -> Manifest:
    manifest = Manifest(
        tool_version="0.1",
        started=STARTED,
        node=NodeFacts("node1", agent="b2.1"),
        cluster=ClusterFacts("c1", ("node1", "node2")),
        selection=SelectionFacts(("web",), ("web",)),
        redaction=RedactionFacts("1"),
    )
    return dataclasses.replace(manifest, **changes)


def entry(stored, **changes) -> ArtifactEntry:
    made = ArtifactEntry(
        name=stored.name,
        collectors=("object-log",),
        source="/" + stored.name.partition("/")[2],
        state=State.OK,
        stored_bytes=stored.size,
        sha256=stored.sha256,
    )
    return dataclasses.replace(made, **changes)


def write_bundle(folder, members, *, change=lambda manifest: manifest, name="b.tar.gz") -> str:
    """Write a bundle whose manifest is right, but for the change."""
    with BundleWriter(str(folder), name) as writer:
        for member, content in dict(members).items():
            with writer.member(member, 1_700_000_000) as sink:
                sink.write(content)
        manifest = change(make_manifest(artifacts=tuple(map(entry, writer.members))))
        writer.seal(
            [("manifest.json", manifest.to_json()), ("README.txt", b"read me\n"), ("issue.json", b"{}\n")]
        )
        return writer.publish()


def hostile(folder, members, *, tail: bytes = b"") -> str:
    """Write a tar.gz of (TarInfo or name, content), with nothing checked."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for what, content in members:
            info = what if isinstance(what, tarfile.TarInfo) else tarfile.TarInfo(what)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    path = folder / "hostile.tar.gz"
    path.write_bytes(gzip.compress(raw.getvalue() + tail, mtime=0))
    return str(path)
