"""The logs of the node, and those that its daemon still writes although they were deleted."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from osvc_diag import Artifact, Collector, Form, Priority, Profile, hookimpl
from osvc_diag.node.daemon import daemon_pid, held_logs
from osvc_diag.objects.naming import GO_AGENT
from osvc_diag.plugin.artifact import LogSource

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
    """Name deleted logs that the daemon holds open, as `file/PATH.deleted-fdN`.

    There are none where it is down, or another user's.
    """
    with contextlib.suppress(OSError):
        pid = daemon_pid(node)
        for log in held_logs(node, pid) if pid else ():
            suffix = f".deleted-fd{log.holder.fd}"
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
        "the node's logs, and deleted ones that the daemon still writes",
        collect,
        profile=Profile.QUICK,
    )
