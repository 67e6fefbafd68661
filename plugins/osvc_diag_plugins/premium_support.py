"""Whether the node is under a premium contract: the tags that the agent's collector knows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag import Artifacts, Collector, Priority, hookimpl
from osvc_diag.node.om import NoOmError, find_om
from osvc_diag.node.premium import has_server, tag_command
from osvc_diag.plugin.sources import OutputSource
from osvc_diag.run.support import TAGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag import Declared, Node, ObjectPath

TIMEOUT = 5.0  # seconds; the agent goes on trying an unreachable collector


def collect(node: Node, _objects: Sequence[ObjectPath]) -> Iterator[Declared]:
    """Name what the agent says of the node's tags; nothing where it has no collector to ask.

    Where the agent cannot be asked at all, agent-commands says so.
    """
    if not node.live or not has_server(node):
        return
    try:
        om = find_om(node)
    except NoOmError:
        return
    yield Artifacts(OutputSource(tag_command(om, "show", timeout=TIMEOUT)), TAGS, priority=Priority.STATE)


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector."""
    yield Collector("premium-support", "the collector's tags of this node: PREMIUM_SUPPORT or not", collect)
