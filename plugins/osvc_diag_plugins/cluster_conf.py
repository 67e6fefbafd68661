"""The cluster's configuration: its nodes, heartbeats, arbitrators and networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag.artifact import Artifact, Form, Priority
from osvc_diag.collector import Collector
from osvc_diag.declare import file_artifact
from osvc_diag.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag.naming import ObjectPath
    from osvc_diag.node import Node


def collect(node: Node, _objects: Sequence[ObjectPath]) -> Iterator[Artifact]:
    """Name cluster.conf, also where it is not there: the daemon cannot join its peers without it."""
    yield file_artifact(node, node.layout.cluster_conf, form=Form.CONF, priority=Priority.CONF)


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector."""
    yield Collector("cluster-conf", "cluster.conf", collect)
