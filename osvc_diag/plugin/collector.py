"""A declared, named source of artifacts: what a plugin hands to the host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Union, cast

from osvc_diag.bundle.manifest import Gap
from osvc_diag.plugin.artifact import Artifact, Artifacts

Declared = Union[Artifact, Artifacts, Gap]
"""What a collector may yield."""

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from osvc_diag.node.node import Node
    from osvc_diag.objects.naming import ObjectPath
    from osvc_diag.plugin.options import Option, Value

    Collect = Callable[[Node, Sequence[ObjectPath]], Iterable[Declared]]
    CollectWithOptions = Callable[[Node, Sequence[ObjectPath], Mapping[str, Value]], Iterable[Declared]]

DEFAULT_TIMEOUT = 20.0  # seconds


@dataclass(frozen=True)
class Collector:
    """Names artifacts of a node; reads no big file and redacts nothing: the host does both."""

    name: str
    """As in `--only` and `--skip`: lower case, digits and dashes, unique among all plugins."""
    summary: str
    """One line for `osvc_diag plugins`."""
    collect: Union[Collect, CollectWithOptions]
    """Called with the node and the selected objects, sorted (none when only the node was asked for).

    A gap says what cannot be had, and why; the host fills in whose it is.
    """
    timeout: float = DEFAULT_TIMEOUT
    """Seconds that `collect` may take before the host gives it up."""
    options: tuple[Option, ...] = ()
    """What `-o NAME.KEY=VALUE` may set; where there are any, `collect` gets their values too, by name."""

    def declared(
        self, node: Node, objects: Sequence[ObjectPath], values: Mapping[str, Value]
    ) -> Iterable[Declared]:
        """Call `collect`: with the values of its options where it has any."""
        if self.options:
            return cast("CollectWithOptions", self.collect)(node, objects, values)
        return cast("Collect", self.collect)(node, objects)
