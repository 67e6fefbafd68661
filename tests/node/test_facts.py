"""A node that crosses to another process is the same there."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Callable
from zoneinfo import ZoneInfo

import pytest

from osvc_diag.node.facts import facts_of, node_of, objects_facts, objects_of
from osvc_diag.node.node import Node

SAMPLES = [("node1", "fhs"), ("node1", "dev"), ("node2", "fhs")]


def there_and_back(node: Node) -> Node:
    return node_of(json.loads(json.dumps(facts_of(node))))


@pytest.mark.parametrize(("name", "layout"), SAMPLES)
def test_nothing_of_a_node_is_lost(name: str, layout: str, sample_tree: Callable[..., str]) -> None:
    node = Node.discover(sample_tree(name, layout))
    back = there_and_back(node)
    for field in dataclasses.fields(Node):
        if field.name not in {"trees", "zone"}:
            assert getattr(back, field.name) == getattr(node, field.name), field.name
    assert back.trees.read(back.layout.node_conf, 65536) == node.trees.read(node.layout.node_conf, 65536)
    assert objects_of(objects_facts(node.select("**"))) == tuple(back.select("**"))


def test_the_private_key_stays_closed(own_tree: Callable[..., str]) -> None:
    node = Node.discover(own_tree())
    back = there_and_back(node)
    with pytest.raises(Exception, match="never"):
        back.trees.open(f"{node.layout.var}/certs/private_key")


@pytest.mark.parametrize(
    "zone",
    [
        timezone.utc,
        timezone(timedelta(hours=5, minutes=30)),
        ZoneInfo("Europe/Paris"),
        ZoneInfo("America/New_York"),
    ],
    ids=["utc", "offset", "paris", "new york"],
)
def test_a_zone_tells_the_same_time(zone: tzinfo, sample_tree: Callable[..., str]) -> None:
    back = there_and_back(Node.discover(sample_tree(), zone=zone))
    now = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
    assert now.astimezone(back.zone).replace(tzinfo=None) == now.astimezone(zone).replace(tzinfo=None)
