"""The machine and the agent's daemon, as they are at this moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag import Artifact, Collector, Priority, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag import Node, ObjectPath


def collect(node: Node, _objects: Sequence[ObjectPath]) -> Iterator[Artifact]:
    """Name one document, on a live node only; nothing is looked at before its turn comes."""

    def compute() -> object:
        from . import machine  # noqa: PLC0415, TID251 - psutil is slow to import, and a dry run does without

        return machine.describe(node)

    if node.live:
        yield Artifact.from_json("system", compute, priority=Priority.STATE)


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector."""
    yield Collector("system", "load, memory, disks, mounts, network, clock, the daemon's process", collect)
