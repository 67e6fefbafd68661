"""The node's configuration: what daemon, heartbeats and arrays are told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from osvc_diag.plugin.artifact import Artifact, Form, Priority
from osvc_diag.plugin.collector import Collector
from osvc_diag.plugin.declare import file_artifact, file_artifacts
from osvc_diag.plugin.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag.node.node import Node
    from osvc_diag.objects.naming import ObjectPath

SITE_FILE = {Form.CONF: re.compile(r"diag\.ini")}


def collect(node: Node, _objects: Sequence[ObjectPath]) -> Iterator[Artifact]:
    """Name node.conf, and the site file of osvc_diag itself where there is one.

    node.conf is named even where it is not there: an agent without one runs on built-in defaults, and whoever
    reads the bundle has to know.
    """
    yield file_artifact(node, node.layout.node_conf, form=Form.CONF, priority=Priority.CONF)
    yield from file_artifacts(node, node.layout.etc, SITE_FILE, priority=Priority.CONF)


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector."""
    yield Collector("node-conf", "node.conf, and the site file diag.ini", collect)
