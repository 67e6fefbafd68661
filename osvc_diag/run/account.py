"""The manifest of a run: what was asked, of which node, what came of it; free of secrets."""

from __future__ import annotations

import dataclasses
import enum
import platform
from typing import TYPE_CHECKING, Any, Callable

from osvc_diag import __version__
from osvc_diag.bundle import facts
from osvc_diag.bundle.manifest import Manifest
from osvc_diag.plugin.foreign import shortened
from osvc_diag.run.peers import peer_command, peers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from osvc_diag.gap import Gap
    from osvc_diag.node.node import Node
    from osvc_diag.plugin.plugin_manager import Plugins
    from osvc_diag.run.prepare import Prepared

SENTENCES = frozenset(("failure", "hint", "limits", "reason"))
"""Fields of the manifest that this program words."""


def write_account(
    prepared: Prepared,
    plugins: Plugins,
    *,
    entries: Sequence[facts.ArtifactEntry],
    gaps: Iterable[Gap],
    redaction: facts.RedactionFacts,
    support: facts.SupportFacts,
    seconds: Mapping[str, float],
    mask: Callable[[str], str],
    mask_words: Callable[[str], str],
) -> Manifest:
    """Put a manifest together.

    Args:
        prepared: the run as it was planned.
        plugins: those of the run.
        entries: artifacts that were tried, redacted already.
        gaps: of any stage.
        redaction: how it was redacted.
        support: what is known of the contract.
        seconds: of each phase.
        mask: takes secrets out of a text.
        mask_words: takes them out of a sentence of this program.
    """
    request, node, window = prepared.request, prepared.node, prepared.window
    manifest = Manifest(
        tool_version=__version__,
        python_version=platform.python_version(),
        started=_started(prepared),
        node=_node_facts(node),
        cluster=_cluster_facts(prepared),
        selection=facts.SelectionFacts(
            selectors=request.selectors,
            objects=tuple(str(obj) for obj in prepared.objects),
            related=tuple(str(obj) for obj in prepared.related),
            profile=request.profile.value,
            only=request.only,
            skip=request.skip,
            options=request.options,
        ),
        redaction=redaction,
        window=facts.WindowFacts(
            since=window.since.isoformat() if window.since else None,
            until=window.until.isoformat() if window.until else None,
        ),
        limits=facts.LimitFacts(request.log_size, request.max_size, request.timeout, request.cpu_time),
        label=request.label,
        support=support,
        plugins=tuple(
            facts.PluginFacts(info.name, info.distribution or None, info.collectors, info.problem or None)
            for info in plugins.infos
        ),
        seconds={phase: round(time, 3) for phase, time in seconds.items()},
        gaps=tuple(gaps),
    )
    masked: Manifest = _masked(manifest, mask, mask_words)
    return dataclasses.replace(
        masked,
        gaps=tuple(dataclasses.replace(gap, reason=shortened(gap.reason)) for gap in masked.gaps),
        artifacts=tuple(sorted(entries, key=lambda entry: entry.name)),
    )


def _started(prepared: Prepared) -> str:
    started = facts.utc(prepared.started.timestamp())
    assert started is not None, "a clock tells a year of four digits"
    return started


def _node_facts(node: Node) -> facts.NodeFacts:
    return facts.NodeFacts(
        name=node.name,
        agent=node.agent.kind,
        agent_version=node.agent.version,
        zone=str(node.zone),
        live=node.live,
    )


def _cluster_facts(prepared: Prepared) -> facts.ClusterFacts:
    node = prepared.node
    peers = peers_of(node.name, node.cluster.nodes)
    command = peer_command(prepared.request, prepared.window) if peers and node.live else None
    return facts.ClusterFacts(node.cluster.name, tuple(node.cluster.nodes), peers, command)


def _masked(value: Any, mask: Callable[[str], str], mask_words: Callable[[str], str]) -> Any:
    """Return a value with every text in it masked, as what it is."""
    if isinstance(value, enum.Enum):
        return value
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, tuple):
        return tuple(_masked(item, mask, mask_words) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {
            field.name: _masked(
                getattr(value, field.name), mask_words if field.name in SENTENCES else mask, mask_words
            )
            for field in dataclasses.fields(value)
        }
        return dataclasses.replace(value, **fields)
    return value
