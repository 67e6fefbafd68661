"""The logs of the selected objects: live, rotated, and as older agents and lxc called them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag import Artifact, Collector, Priority, Profile, hookimpl
from osvc_diag.objects.layout import LOG_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag import Declared, Node, ObjectPath

# lxc's console, and what agents before 2018 left.
OTHER_SPELLINGS = ("{}.console.log", "{}.debug.log", ".{}.log")


def collect(node: Node, objects: Sequence[ObjectPath]) -> Iterator[Declared]:
    """Name the logs of each selected object; each spelling has its own budget.

    An object that never acted has no log, which is no gap.
    """
    own_logs = {node.layout.log_path(known.path) for known in node.objects if known.has_conf or known.has_var}
    for obj in objects:
        live = node.layout.log_path(obj)
        others = [log for log in other_spellings(live) if log not in own_logs]
        yield Artifact.from_log(live, also=others, priority=Priority.SELECTED_LOG)


def other_spellings(live: str) -> list[str]:
    """Return where else an object's log may be; that of a svc `web.debug` has web's spelling, too."""
    folder, _, name = live[: -len(LOG_SUFFIX)].rpartition("/")
    return [f"{folder}/{spelling.format(name)}" for spelling in OTHER_SPELLINGS]


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector."""
    yield Collector(
        "object-log",
        "the logs of the selected objects, rotated ones included",
        collect,
        profile=Profile.QUICK,
    )
