"""What the agent knows of the selected objects: status, frozen or not, schedules, who holds which lock."""

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

RESOURCE = r"[A-Za-z][\w.-]*#[^/]+"  # fs#1, sync#i0
# By name: below an object's var folder there may also be its users' own data.
STATE_FILES = {
    Form.JSON: re.compile(rf"status\.json|{RESOURCE}/(?:status\.(?:last|history)|last_stats)"),
    Form.TEXT: re.compile(
        rf"frozen|(?:{RESOURCE}/)?lock\.[a-z._]+"
        rf"|{RESOURCE}/(?:provisioned|last_run_retcode|run\.lock)"
        r"|scheduler/last_[^/]+"
    ),
}
STATE_FOLDERS = re.compile(rf"scheduler|{RESOURCE}")


def collect(node: Node, objects: Sequence[ObjectPath]) -> Iterator[Artifact]:
    """Name the state files of each selected object. Lock files are read, never locked."""
    for obj in objects:
        folder = node.layout.var_path(obj)
        yield from file_artifacts(node, folder, STATE_FILES, enter=STATE_FOLDERS, priority=Priority.STATE)


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector."""
    yield Collector("object-state", "status, schedules and locks of the selected objects", collect)
