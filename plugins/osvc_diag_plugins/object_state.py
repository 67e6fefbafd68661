"""What the agent knows of the selected objects: status, frozen or not, schedules, who holds which lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag import Artifact, Collector, Priority, Profile, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag import Declared, Node, ObjectPath

RESOURCE = "[A-Za-z]*#*"  # fs#1, sync#i0
# By name: below an object's var folder there may also be its users' own data.
STATE_FILES = (
    "status.json",
    "frozen",
    "lock.*",
    "scheduler/last_*",
    f"{RESOURCE}/status.last",
    f"{RESOURCE}/status.history",
    f"{RESOURCE}/last_stats",
    f"{RESOURCE}/lock.*",
    f"{RESOURCE}/provisioned",
    f"{RESOURCE}/last_run_retcode",
    f"{RESOURCE}/run.lock",
)


def collect(node: Node, objects: Sequence[ObjectPath]) -> Iterator[Declared]:
    """Name the state files of each selected object. Lock files are read, never locked."""
    for obj in objects:
        yield Artifact.from_glob(node.layout.var_path(obj), *STATE_FILES, priority=Priority.STATE)


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector."""
    yield Collector(
        "object-state", "status, schedules and locks of the selected objects", collect, profile=Profile.QUICK
    )
