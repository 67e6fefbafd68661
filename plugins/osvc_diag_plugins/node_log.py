"""The logs of the node, and those that its daemon still writes although they were deleted."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from osvc_diag.node.daemon import daemon_pid, held_logs
from osvc_diag.objects.naming import GO_AGENT
from osvc_diag.plugin.artifact import Artifact, Priority
from osvc_diag.plugin.collector import Collector
from osvc_diag.plugin.declare import held_log_artifact, log_artifact, log_artifacts
from osvc_diag.plugin.hookspecs import hookimpl
from osvc_diag.reading.families import LogFamilies

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag.node.node import Node
    from osvc_diag.objects.naming import ObjectPath


def collect(node: Node, _objects: Sequence[ObjectPath]) -> Iterator[Artifact]:
    """Name the node's logs.

    node.log is named even where it is not there, but for om3, which logs to the journal: that somebody
    deleted it has explained a ticket before.
    """
    families = LogFamilies(node.trees)
    lives = node.layout.node_logs
    if lives[0] not in families.members(lives[0]) and node.agent.kind != GO_AGENT:
        yield log_artifact(node, lives[0], priority=Priority.NODE_LOG)
    for live in lives:
        yield from log_artifacts(node, live, families, priority=Priority.NODE_LOG)
    if node.live:
        yield from deleted_logs(node)


def deleted_logs(node: Node) -> Iterator[Artifact]:
    """Name deleted logs that the daemon holds open; none where it is down, or another user's."""
    with contextlib.suppress(OSError):
        pid = daemon_pid(node)
        for log in held_logs(node, pid) if pid else ():
            yield held_log_artifact(node, log, priority=Priority.NODE_LOG)


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector."""
    yield Collector("node-log", "the node's logs, and deleted ones that the daemon still writes", collect)
