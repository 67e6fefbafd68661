"""What the agent knows of the node: its daemon's pid, capabilities, peers, frozen or not, schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag import Artifact, Collector, Priority, Profile, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag import Declared, Node, ObjectPath

# By name: certs also holds the listener's private key, which is never taken.
STATE_FILES = (
    "capabilities.json",
    "capabilities-v3.json",
    "nodes_info.json",
    "osvcd.pid",
    "osvcd.pid.args",
    "list.nodes",
    "list.services",
    "last_shutdown",
    "node/last_boot_id",
    "node/frozen",
    "node/scheduler/last_*",
    "lock/*",
    "certs/certificate_chain",
    "certs/ca_certificates",
)
LEAVINGS = "lock/move_file_*"
"""Empty files, one for each conf that was ever written."""


def collect(node: Node, _objects: Sequence[ObjectPath]) -> Iterator[Declared]:
    """Name the state files of the node. Lock files are read, never locked."""
    yield Artifact.from_glob(node.layout.var, *STATE_FILES, without=[LEAVINGS], priority=Priority.STATE)


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector."""
    yield Collector(
        "node-state",
        "the daemon's pid, capabilities, peers, schedules, locks",
        collect,
        profile=Profile.QUICK,
    )
