"""What end-to-end tests share: real nodes with plugins of the tests' own, in this process."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any, Callable

import pytest

from osvc_diag.node.node import Node
from osvc_diag.plugin.collector import Collector
from osvc_diag.plugin.hookspecs import hookimpl
from osvc_diag.plugin.plugin_manager import load_plugins
from osvc_diag.run.frontdoor import Result, make_bundle
from osvc_diag.run.request import Request

if TYPE_CHECKING:
    from pathlib import Path

    from osvc_diag.plugin.artifact import Artifact

PLUGIN = "third-party"


def plugin_with(collect: Callable[..., Any], *, name: str = PLUGIN, timeout: float = 5.0) -> object:
    """Return a plugin with one collector."""

    @hookimpl
    def osvc_diag_collectors() -> list[Collector]:
        return [Collector(name, "of a test", collect, timeout=timeout)]

    plugin = ModuleType(name)
    plugin.osvc_diag_collectors = osvc_diag_collectors  # type: ignore[attr-defined]
    return plugin


@pytest.fixture
def collected(tmp_path: Path, sample_tree: Callable[..., str]) -> Callable[..., Result]:
    """Make a bundle in this process: of the sample's web, unless told otherwise."""

    def make(
        *selectors: str,
        root: str = "",
        naming: Callable[..., Any] = lambda node, objects: [],
        patience: float = 5.0,
        on_event: Callable[[object], None] = lambda event: None,
        output: str = "",
        clock: Any = None,
        **wishes: Any,
    ) -> Result:
        node = Node.discover(root or sample_tree())
        plugins = load_plugins(extra=[(PLUGIN, plugin_with(naming, timeout=patience))])
        return make_bundle(
            Request(selectors or ("prod/svc/web",), **wishes),
            node,
            plugins,
            output=output or str(tmp_path),
            on_event=on_event,
            clock=clock,
        )

    return make


@pytest.fixture(scope="session")
def sample_bundle(tmp_path_factory: pytest.TempPathFactory, sample_tree: Callable[..., str]) -> str:
    """Return the path of a bundle of the sample's svc1; never write to it."""
    folder = tmp_path_factory.mktemp("bundle")
    node = Node.discover(sample_tree())
    return make_bundle(Request(("svc1",)), node, load_plugins(), output=str(folder)).bundle


@pytest.fixture
def naming() -> Callable[..., Callable[..., list[Artifact]]]:
    """Return a collector's function that names the artifacts that it is given."""

    def of(*artifacts: Artifact) -> Callable[..., list[Artifact]]:
        return lambda node, objects: list(artifacts)

    return of
