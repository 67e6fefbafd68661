"""A declared, named source of artifacts: what a plugin hands to the host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Union

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from osvc_diag.bundle.manifest import Gap
    from osvc_diag.node.node import Node
    from osvc_diag.objects.naming import ObjectPath
    from osvc_diag.plugin.artifact import Artifact

DEFAULT_TIMEOUT = 20.0  # seconds


@dataclass(frozen=True)
class Collector:
    """Names artifacts of a node; reads no big file and redacts nothing: the host does both."""

    name: str
    """As in `--only` and `--skip`: lower case, digits and dashes, unique among all plugins."""
    summary: str
    """One line for `osvc_diag plugins`."""
    collect: Callable[[Node, Sequence[ObjectPath]], Iterable[Union[Artifact, Gap]]]
    """Called with the node and the selected objects, sorted (none when only the node was asked for).

    A gap says what cannot be had, and why; the host fills in whose it is.
    """
    timeout: float = DEFAULT_TIMEOUT
    """Seconds that `collect` may take before the host gives it up."""
