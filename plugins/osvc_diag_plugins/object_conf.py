"""The configuration of the selected objects; what they refer to is not dragged along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag import Artifact, Collector, Priority, Profile, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag import Node, ObjectPath


def collect(node: Node, objects: Sequence[ObjectPath]) -> Iterator[Artifact]:
    """Name the conf of each selected object, also of a deleted one: the gap tells that it is gone."""
    for obj in objects:
        yield Artifact.from_file(node.layout.conf_path(obj), priority=Priority.CONF)


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector."""
    yield Collector(
        "object-conf", "the configuration of the selected objects", collect, profile=Profile.QUICK
    )
