"""A node as plain values, and made of them again: for a plugin in a process of its own."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, Optional, Union

from osvc_diag.node.agent import Agent
from osvc_diag.node.identity import Cluster
from osvc_diag.node.inventory import KnownObject, UnlistedFolder
from osvc_diag.node.node import Node, open_trees
from osvc_diag.node.zones import find_zone
from osvc_diag.objects.layout import Layout
from osvc_diag.objects.naming import ObjectPath


def facts_of(node: Node) -> dict[str, Any]:
    """Return what json.dumps takes, and `node_of` makes the node of again."""
    return {
        "name": node.name,
        "folders": [node.layout.etc, node.layout.log, node.layout.var],
        "root": node.root,
        "agent": [node.agent.kind, node.agent.version],
        "cluster": [node.cluster.name, list(node.cluster.nodes)],
        "zone": _zone_facts(node.zone),
        "objects": [
            [*_path_facts(known.path), known.has_conf, known.has_log, known.has_var] for known in node.objects
        ],
        "unlisted": [[folder.path, folder.reason] for folder in node.unlisted],
    }


def node_of(facts: dict[str, Any]) -> Node:
    """Make a node of what `facts_of` returned; its folders are opened anew, by whoever runs this."""
    layout = Layout(*facts["folders"])
    root = facts["root"]
    return Node(
        name=facts["name"],
        layout=layout,
        root=root,
        trees=open_trees(layout, root),
        agent=Agent(*facts["agent"]),
        cluster=Cluster(facts["cluster"][0], tuple(facts["cluster"][1])),
        zone=_zone(facts["zone"], root),
        objects=tuple(
            KnownObject(ObjectPath(namespace, kind, name), *has)
            for namespace, kind, name, *has in facts["objects"]
        ),
        unlisted=tuple(UnlistedFolder(*folder) for folder in facts["unlisted"]),
    )


def objects_facts(objects: Any) -> list[list[str]]:
    """Return object paths as plain values."""
    return [_path_facts(path) for path in objects]


def objects_of(facts: list[list[str]]) -> tuple[ObjectPath, ...]:
    """Make object paths of what `objects_facts` returned."""
    return tuple(ObjectPath(*path) for path in facts)


def _path_facts(path: ObjectPath) -> list[str]:
    return [path.namespace, path.kind, path.name]


def _zone_facts(zone: tzinfo) -> Union[str, float, None]:
    """Return a zone's name or its offset in seconds; None where it is that of etc/localtime, read again."""
    key = getattr(zone, "key", None)
    if isinstance(key, str) and not key.startswith("etc/"):
        return key
    if key is None:
        offset = datetime.now(zone).utcoffset()
        return offset.total_seconds() if offset is not None else 0.0
    return None


def _zone(facts: Union[str, float, None], root: Optional[str]) -> tzinfo:
    if isinstance(facts, (int, float)):
        return timezone(timedelta(seconds=facts))
    return find_zone(facts, root)
