"""Adds to every bundle which services run haproxy, and masks the passwords of its stats page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag.objects.conf import parse_conf
from osvc_diag.plugin.collector import Collector
from osvc_diag.plugin.declare import document_artifact
from osvc_diag.plugin.hookspecs import hookimpl
from osvc_diag.reading.trees import NotTakenError
from osvc_diag.redaction import Anchor, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag.node.node import Node
    from osvc_diag.objects.naming import ObjectPath
    from osvc_diag.plugin.artifact import Artifact

CONF_LIMIT = 1024 * 1024  # bytes

STATS_LOGIN = Rule(
    id="haproxy-stats",
    purpose="the password of haproxy's stats page",
    anchors=(Anchor(rb"stats auth"),),
    pattern=rb"stats auth +[^\s:]+:(?P<secret>\S+)",
    masked=("    stats auth admin:«s3cret»", "stats auth joe:«x» # and a comment"),
    kept=("    stats enable", "stats auth"),
)


def find_haproxy(node: Node, objects: Sequence[ObjectPath]) -> dict[str, list[str]]:
    """Return the resources that start haproxy, by object. Runs when its turn comes, not while planning."""
    found: dict[str, list[str]] = {}
    for obj in objects:
        try:
            text = node.trees.read(node.layout.conf_path(obj), CONF_LIMIT)
        except (OSError, NotTakenError):
            continue  # the object is gone, was only a log, or its conf leads out of the agent's folders
        resources = [
            entry.section for entry in parse_conf(text) if entry.key == "start" and "haproxy" in entry.value
        ]
        if resources:
            found[str(obj)] = resources
    return found


def collect(node: Node, objects: Sequence[ObjectPath]) -> Iterator[Artifact]:
    """Name one document."""
    yield document_artifact("haproxy", lambda: find_haproxy(node, objects))


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector."""
    yield Collector("haproxy", "which services run haproxy", collect)


@hookimpl
def osvc_diag_redaction_rules() -> Iterator[Rule]:
    """Add the rule; it applies to every artifact of the bundle, and to verification."""
    yield STATS_LOGIN
