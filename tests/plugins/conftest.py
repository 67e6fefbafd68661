"""The shipped collectors, as everybody gets them: through their entry points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

import pytest

from osvc_diag.gap import Gap
from osvc_diag.node.node import Node
from osvc_diag.plugin.plugin_manager import load_plugins
from osvc_diag.run.resolving import Resolver

if TYPE_CHECKING:
    from osvc_diag.plugin.artifact import Artifact


@pytest.fixture(scope="session")
def take() -> Callable[..., list[Artifact]]:
    """Run a collector on a node: `take("node-log", node, "svc1")` selects svc1."""
    collectors = {collector.name: collector for collector in load_plugins().collectors}

    def run(name: str, node: Node, *selectors: str) -> list[Artifact]:
        resolver = Resolver(node)
        collect = collectors[name].collect
        return [
            artifact
            for declared in collect(node, node.select(selectors))
            for artifact in ([declared] if isinstance(declared, Gap) else resolver.artifacts(declared))
        ]

    return run


@pytest.fixture
def sample(sample_tree) -> Callable[..., Node]:
    """Return a sample node that is only read."""
    return lambda node="node1", layout="fhs": Node.discover(sample_tree(node, layout))


@pytest.fixture
def own(own_tree) -> Node:
    """Return a sample node whose files the test may change; not read again."""
    return Node.discover(own_tree())
