"""The logs of the node, and those that the agent still writes although they were deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag import Artifact, Collector, Form, Priority, Profile, hookimpl
from osvc_diag.node.holders import log_holders
from osvc_diag.objects.naming import GO_AGENT
from osvc_diag.plugin.sources import LogSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag import Declared, Node, ObjectPath


def collect(node: Node, _objects: Sequence[ObjectPath]) -> Iterator[Declared]:
    """Name the node's logs.

    node.log is named even where it is not there, but for om3, which logs to the journal: that somebody
    deleted it has explained a ticket before.
    """
    node_log, *others = node.layout.node_logs
    yield Artifact.from_log(node_log, priority=Priority.NODE_LOG, expected=node.agent.kind != GO_AGENT)
    for live in others:
        yield Artifact.from_log(live, priority=Priority.NODE_LOG)
    if node.live:
        yield from deleted_logs(node)


def deleted_logs(node: Node) -> Iterator[Artifact]:
    """Name deleted logs that the daemon holds open `file/PATH.deleted-fdN`; another's `.deleted-pidP-fdN`.

    There are none where nothing of the agent runs, or where it is another user's.
    """
    for held in log_holders(node):
        log = held.log
        suffix = f".deleted-fd{log.holder.fd}"
        if not held.is_daemon:
            suffix = f".deleted-pid{log.holder.pid}-fd{log.holder.fd}"
        yield Artifact(
            node.member(log.path) + suffix,
            LogSource(log.path, family=log.path + suffix, held_by=log.holder),
            form=Form.LOG,
            priority=Priority.NODE_LOG,
            size_hint=log.size,
        )


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector."""
    yield Collector(
        "node-log",
        "the node's logs, and deleted ones that the agent still writes",
        collect,
        profile=Profile.QUICK,
    )
