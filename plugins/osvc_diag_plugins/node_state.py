"""What the agent knows of the node: its daemon's pid, capabilities, peers, frozen or not, schedules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from osvc_diag.plugin.artifact import Artifact, Form, Priority
from osvc_diag.plugin.collector import Collector
from osvc_diag.plugin.declare import file_artifacts
from osvc_diag.plugin.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag.node.node import Node
    from osvc_diag.objects.naming import ObjectPath

# By name. certs also holds the listener's private key, which is never taken; in lock, the move_file_* are
# empty leavings, one for each conf that was ever written.
STATE_FILES = {
    Form.JSON: re.compile(r"capabilities(?:-v3)?\.json|nodes_info\.json"),
    Form.TEXT: re.compile(
        r"osvcd\.pid(?:\.args)?|list\.(?:nodes|services)|last_shutdown"
        r"|node/(?:last_boot_id|frozen|scheduler/last_[^/]+)"
        r"|lock/(?!move_file_)[^/]+"
        r"|certs/(?:certificate_chain|ca_certificates)"
    ),
}
STATE_FOLDERS = re.compile(r"node|node/scheduler|lock|certs")


def collect(node: Node, _objects: Sequence[ObjectPath]) -> Iterator[Artifact]:
    """Name the state files of the node. Lock files are read, never locked."""
    folder = node.layout.var
    yield from file_artifacts(node, folder, STATE_FILES, enter=STATE_FOLDERS, priority=Priority.STATE)


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector."""
    yield Collector("node-state", "the daemon's pid, capabilities, peers, schedules, locks", collect)
