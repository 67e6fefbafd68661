"""What a node and its cluster are called, as far as its files tell."""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from osvc_diag.errors import RedactionError
from osvc_diag.objects.conf import CONF_LIMIT, parse_conf
from osvc_diag.reading.trees import NotTakenError, Trees

if TYPE_CHECKING:
    from osvc_diag.objects.layout import Layout

UNKNOWN = "unknown"

_HOST_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
_HOSTNAME_LIMIT = 4096  # bytes
_TAIL = 64 * 1024  # bytes of node.log that are searched for the node's name
_CONTEXT = 512  # bytes: the context of a record is shorter


@dataclass(frozen=True)
class Cluster:
    """What cluster.conf and node.conf say; node.conf has the last word."""

    name: Optional[str] = None
    nodes: tuple[str, ...] = ()


def find_name(trees: Trees, layout: Layout, root: Optional[str]) -> str:
    """Return the host name as the agent uses it, in lower case.

    Args:
        trees: of the agent's folders.
        layout: where they are.
        root: the folder of a copy, of which etc/hostname tells, else node.log, else it is `unknown`; None is
            this machine.
    """
    if root is None:
        return socket.gethostname().lower()
    return _name_in_etc(root) or _name_in_log(trees, layout) or UNKNOWN


def read_cluster(trees: Trees, layout: Layout, node_name: str) -> Cluster:
    """Read cluster.conf and node.conf as one; what cannot be read is not there."""
    values: dict[str, str] = {}
    for path in (layout.cluster_conf, layout.node_conf):
        try:
            parsed = parse_conf(trees.read(path, CONF_LIMIT))
        except (OSError, NotTakenError, RedactionError):
            continue
        entries = [entry for entry in parsed if entry.section == "cluster"]
        for scope in ("", node_name):
            values.update((entry.key, entry.value) for entry in entries if entry.scope == scope)
    nodes = [name for name in values.get("nodes", "").split() if _HOST_NAME.fullmatch(name)]
    name = values.get("name", "")
    return Cluster(name if _HOST_NAME.fullmatch(name) else None, tuple(dict.fromkeys(nodes)))


def _name_in_etc(root: str) -> Optional[str]:
    try:
        content = Trees([root], base=root).read(os.path.join(root, "etc/hostname"), _HOSTNAME_LIMIT)
    except (OSError, NotTakenError):
        return None
    for line in content.decode("ascii", "replace").splitlines():
        if _HOST_NAME.fullmatch(line.strip()):
            return line.strip().lower()
    return None


def _name_in_log(trees: Trees, layout: Layout) -> Optional[str]:
    """Return what the last record of node.log calls it: `2026-11-22 19:51:30,841 INFO n:node1 | ...`."""
    try:
        opened = trees.open(f"{layout.log}/node.log")
    except (OSError, NotTakenError):
        return None
    try:
        tail = os.pread(opened.fd, _TAIL, max(0, opened.status.st_size - _TAIL))
    except OSError:
        return None
    finally:
        os.close(opened.fd)
    for line in reversed(tail.split(b"\n")):
        context, bar, _ = line[:_CONTEXT].decode("ascii", "replace").partition(" |")
        if not bar or not context[:4].isdigit():
            continue
        for word in context.split():
            if word.startswith("n:") and _HOST_NAME.fullmatch(word[2:]):
                return word[2:].lower()
    return None
