"""A plugin in any language: an executable whose output becomes an artifact."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from osvc_diag.gap import Gap, State
from osvc_diag.plugin.artifact import Artifacts
from osvc_diag.plugin.collector import Collector
from osvc_diag.plugin.sources import Command, OutputSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag.node.node import Node
    from osvc_diag.objects.naming import ObjectPath
    from osvc_diag.plugin.collector import Declared
    from osvc_diag.plugin.folders import PluginFile

TIMEOUT = 30.0  # seconds
MOST_ARGUMENTS = 512 * 1024  # bytes of object names: every system takes that many


def executable_collector(file: PluginFile) -> Collector:
    """Return the collector that runs an executable; its name is the file's, as a collector may be called.

    It is given the selected objects as arguments, none when only the node was asked for, and where it is as
    variables: `OSVC_DIAG_NODE`, `OSVC_DIAG_ETC`, `OSVC_DIAG_LOG`, `OSVC_DIAG_VAR`, `OSVC_DIAG_AGENT`,
    `OSVC_DIAG_CLUSTER`.
    """
    name = file.name.lower().replace("_", "-")
    return Collector(name, file.summary, partial(_collect, name, file.path))


def _collect(collector: str, path: str, node: Node, objects: Sequence[ObjectPath]) -> Iterator[Declared]:
    names = [str(obj) for obj in objects]
    if sum(len(text) + 1 for text in names) > MOST_ARGUMENTS:
        yield Gap(State.SKIPPED, f"{len(names)} objects are too many for a command line")
        return
    variables = {
        "NODE": node.name,
        "ETC": node.layout.etc,
        "LOG": node.layout.log,
        "VAR": node.layout.var,
        "AGENT": node.agent.kind,
        "CLUSTER": node.cluster.name or "",
    }
    environ = tuple((f"OSVC_DIAG_{name}", value) for name, value in variables.items())
    command = Command((path, *names), TIMEOUT, environ=environ)
    yield Artifacts(OutputSource(command), f"cmd/{collector}/{collector}")
