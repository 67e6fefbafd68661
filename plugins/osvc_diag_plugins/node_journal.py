"""What om3 logged at all, the objects included: heartbeats, the API and a panic name no object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag import Artifact, Collector, Priority, Profile, hookimpl
from osvc_diag.journal.places import find_journal
from osvc_diag.journal.queries import of_agent
from osvc_diag.objects.naming import GO_AGENT
from osvc_diag.plugin.artifact import Artifacts
from osvc_diag.plugin.sources import Command, OutputSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag import Declared, Node, ObjectPath
    from osvc_diag.journal.places import JournalPlace

VERIFY_TIMEOUT = 120.0  # seconds; a gigabyte takes about 50


def collect(node: Node, _objects: Sequence[ObjectPath]) -> Iterator[Declared]:
    """Name the agent's records; and where it is om3, say what is wrong with the journal."""
    journal = find_journal(node)
    if node.agent.kind == GO_AGENT:
        yield from journal.gaps
    if journal.files:
        yield Artifact.from_journal(
            "node-journal/om", *of_agent(), priority=Priority.NODE_LOG, expected=node.agent.kind == GO_AGENT
        )
        yield Artifacts(OutputSource(verification(journal)), "cmd/node-journal/verify", profile=Profile.FULL)


def verification(journal: JournalPlace) -> Command:
    """Return what finds every damage: all else passes over most of it without a word."""
    place = ["--system"] if journal.live else [f"--file={file}" for file in journal.files]
    return Command(("journalctl", "--verify", *place), VERIFY_TIMEOUT, below_root=True)


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector."""
    yield Collector(
        "node-journal",
        "what systemd's journal has of om3's daemon and commands",
        collect,
        agents=(GO_AGENT,),
    )
