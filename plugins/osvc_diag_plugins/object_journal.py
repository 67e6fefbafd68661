"""What om3 logged about the selected objects: it writes to systemd's journal, and to no file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from osvc_diag import Artifact, Collector, Priority, hookimpl
from osvc_diag.journal.places import find_journal
from osvc_diag.journal.queries import of_object
from osvc_diag.objects.layout import LOG_SUFFIX
from osvc_diag.objects.naming import GO_AGENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag import Declared, Node, ObjectPath


def collect(node: Node, objects: Sequence[ObjectPath]) -> Iterator[Declared]:
    """Name each selected object's records, as the Python agent would name its log.

    What is wrong with the journal as a whole, `node-journal` tells.
    """
    if find_journal(node).files:
        for obj in objects:
            name = os.path.relpath(node.layout.log_path(obj), node.layout.log)[: -len(LOG_SUFFIX)]
            yield Artifact.from_journal(
                f"object-journal/{name}", *of_object(obj), priority=Priority.SELECTED_LOG
            )


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector."""
    yield Collector(
        "object-journal",
        "what systemd's journal has of om3 about the selected objects",
        collect,
        agents=(GO_AGENT,),
    )
