"""The cluster's configuration: its nodes, heartbeats, arbitrators and networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag.plugin.artifact import Artifact, Form, Priority
from osvc_diag.plugin.collector import Collector
from osvc_diag.plugin.declare import file_artifact
from osvc_diag.plugin.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag.node.node import Node
    from osvc_diag.objects.naming import ObjectPath


def collect(node: Node, _objects: Sequence[ObjectPath]) -> Iterator[Artifact]:
    """Name cluster.conf, also where it is not there: the daemon cannot join its peers without it."""
    yield file_artifact(node, node.layout.cluster_conf, form=Form.CONF, priority=Priority.CONF)


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector."""
    yield Collector("cluster-conf", "cluster.conf", collect)
