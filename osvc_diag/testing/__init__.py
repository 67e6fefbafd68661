"""For the tests of a plugin: a small real node to write to, and the bundle that comes of it.

It needs neither root nor an agent, and without pytest it works as well: the fixture `diag_node` is a
`NodeBuilder` on a folder of the test's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from osvc_diag.testing.collected import Collected
    from osvc_diag.testing.nodes import NodeBuilder

__all__ = ["Collected", "NodeBuilder"]

if not TYPE_CHECKING:  # else a misspelt name would pass for one

    def __getattr__(name: str) -> Any:
        """Import when it is asked for: pytest loads this package wherever osvc_diag is installed."""
        if name == "Collected":
            from osvc_diag.testing.collected import Collected  # noqa: PLC0415 - as above

            return Collected
        if name == "NodeBuilder":
            from osvc_diag.testing.nodes import NodeBuilder  # noqa: PLC0415 - as above

            return NodeBuilder
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
