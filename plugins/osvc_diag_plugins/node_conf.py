"""The node's configuration: what daemon, heartbeats and arrays are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag import Artifact, Collector, Priority, Profile, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag import Node, ObjectPath

SITE_FILE = "diag.ini"


def collect(node: Node, _objects: Sequence[ObjectPath]) -> Iterator[Artifact]:
    """Name node.conf, and the site file of osvc_diag itself where there is one.

    node.conf is named even where it is not there: an agent without one runs on built-in defaults, and whoever
    reads the bundle has to know.
    """
    yield Artifact.from_file(node.layout.node_conf, priority=Priority.CONF)
    yield Artifact.from_file(f"{node.layout.etc}/{SITE_FILE}", priority=Priority.CONF, expected=False)


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector."""
    yield Collector("node-conf", "node.conf, and the site file diag.ini", collect, profile=Profile.QUICK)
