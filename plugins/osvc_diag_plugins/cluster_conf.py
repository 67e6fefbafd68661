"""The cluster's configuration: its nodes, heartbeats, arbitrators and networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag import Artifact, Collector, Priority, Profile, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag import Node, ObjectPath


def collect(node: Node, _objects: Sequence[ObjectPath]) -> Iterator[Artifact]:
    """Name cluster.conf, also where it is not there: the daemon cannot join its peers without it."""
    yield Artifact.from_file(node.layout.cluster_conf, priority=Priority.CONF)


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector."""
    yield Collector("cluster-conf", "cluster.conf", collect, profile=Profile.QUICK)
