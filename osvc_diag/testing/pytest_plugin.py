"""What pytest finds by its entry point: the fixture `diag_node`; what it needs is imported when it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from osvc_diag.testing.nodes import NodeBuilder


@pytest.fixture
def diag_node(tmp_path: Path) -> NodeBuilder:
    """Return a node of the test's own: write to it, then collect from it."""
    from osvc_diag.testing.nodes import NodeBuilder  # noqa: PLC0415 - only where it is used

    return NodeBuilder(tmp_path / "node")
