"""What `collect` tells of a plan, and of a finished bundle."""

from __future__ import annotations

import os
import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING, Optional

from osvc_diag.gap import State
from osvc_diag.missing import COLUMNS, gap_rows, join_limits
from osvc_diag.plugin.sources import CommandSource
from osvc_diag.printable import printable
from osvc_diag.units import counted, format_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osvc_diag.bundle.manifest import Manifest
    from osvc_diag.cli.output import Output
    from osvc_diag.gap import Gap
    from osvc_diag.run.frontdoor import Result
    from osvc_diag.run.plan import Plan
    from osvc_diag.run.prepare import Prepared

REASONS_SHOWN = 15  # for gaps
COMMANDS_SHOWN = 3
NETWORK_RULES = frozenset({"host", "ipv4", "ipv6", "mac", "node"})
"""What `--mask-network` adds: an address is no secret by itself. Rules are slow to import, so ids do."""
_CUT = frozenset({State.SLICED, State.SKIPPED})


def tell_plan(prepared: Prepared, output: Output) -> None:
    """List what would be taken, with sizes."""
    plan = prepared.plan
    lines = command_lines(plan)
    rows = [
        (
            "" if artifact.size_hint is None else format_size(artifact.size_hint),
            ", ".join(artifact.collectors),
            artifact.name + (f": {lines[artifact.name]}" if artifact.name in lines else ""),
        )
        for artifact in plan.artifacts
    ]
    output.table("", [">size", "collectors", "artifact"], rows, as_result=True)
    if prepared.related:
        output.say(f"related, and taken too: {', '.join(map(str, prepared.related))}")
    output.say(
        f"{counted(len(rows), 'artifact')}; at most {format_size(plan.source_bytes)} would be read, "
        f"for a bundle of about {format_size(prepared.expected_bytes)}; nothing was written"
    )
    _tell_gaps(plan.gaps, output)


def command_lines(plan: Plan) -> dict[str, str]:
    """Return the command line of each artifact that is the output of one, by name.

    Without what is learned from the node's configuration: a line is masked by the rules alone.
    """
    sources = {artifact.name: artifact.source for artifact in plan.artifacts}
    lines = {
        name: shlex.join(source.command.argv)
        for name, source in sources.items()
        if isinstance(source, CommandSource)
    }
    if not lines:
        return {}
    from osvc_diag.redaction import Redactor, Tokens, learn  # noqa: PLC0415 - where there are commands

    redactor = Redactor(learn((), ()), Tokens.random())
    return {name: redactor.mask_text(line) for name, line in lines.items()}


def plan_as_json(prepared: Prepared) -> dict[str, object]:
    """Return a plan for programs."""
    plan = prepared.plan
    lines = command_lines(plan)
    return {
        "node": prepared.node.name,
        "objects": [str(obj) for obj in prepared.objects],
        "related": [str(obj) for obj in prepared.related],
        "artifacts": [
            {
                "name": artifact.name,
                "bytes": artifact.size_hint,
                "collectors": artifact.collectors,
                "command": lines.get(artifact.name),
            }
            for artifact in plan.artifacts
        ],
        "gaps": [_gap_as_json(gap) for gap in plan.gaps],
        "source_bytes": plan.source_bytes,
        "expected_bytes": prepared.expected_bytes,
    }


def tell_result(result: Result, peers: Sequence[str], output: Output) -> None:
    """Tell in one table what came of it, then what is missing, then the one next step.

    Args:
        result: what was made.
        peers: the cluster's other nodes, by the names that they have: the manifest's may be masked.
        output: tells it.
    """
    manifest = result.manifest
    stored = [entry for entry in manifest.artifacts if entry.is_stored]
    rows = _by_collector(manifest)
    if rows:
        output.table("", ["collector", ">artifacts", ">stored", ">masked", ">gaps"], rows)
    output.say(
        f"{counted(len(stored), 'artifact')}, {masked_words(manifest)}, {counted(len(result.gaps), 'gap')}; "
        f"the bundle of {format_size(os.path.getsize(result.bundle))} is verified: no secret was found in it"
    )
    if manifest.selection.related:
        output.say(f"related, and taken too: {', '.join(manifest.selection.related)}")
    _tell_cut(manifest, output)
    _tell_commands(manifest, output)
    gaps, untold = join_limits(result.gaps, manifest.redaction.limits)
    for limit in manifest.redaction.limits if output.is_quiet else untold:
        output.warn(limit)
    _tell_gaps(gaps, output)
    output.say(f"support: {manifest.support.words}")
    _tell_peers(peers, manifest.cluster.peer_command, output)


def _tell_peers(peers: Sequence[str], command: Optional[str], output: Output) -> None:
    if peers:
        told = "; on each of them:" if command else ""
        output.say(f"support wants the same of {' '.join(peers)}{told}")
    if command:
        output.say(f"  {command}")


def masked_words(manifest: Manifest) -> str:
    """Say how much was masked: `17 secrets masked`, and addresses apart from them."""
    masked = manifest.masked
    network = sum(count for rule, count in masked.items() if rule in NETWORK_RULES)
    words = f"{counted(sum(masked.values()) - network, 'secret')} masked"
    return f"{words} (and {network} times a network's names and addresses)" if network else words


def _tell_cut(manifest: Manifest, output: Output) -> None:
    """Tell what a wish of the user left out: none of it is a gap."""
    missing = {gap.artifact for gap in manifest.gaps}
    cut = [entry for entry in manifest.artifacts if entry.state in _CUT and entry.name not in missing]
    if cut:
        reasons = sorted({entry.reason for entry in cut if entry.reason})
        output.say(f"{counted(len(cut), 'log')} cut or left out on purpose: {'; '.join(reasons)}")
    is_windowed = manifest.window.since is not None or manifest.window.until is not None
    if is_windowed and not any(entry.log.lines_kept for entry in manifest.artifacts if entry.log):
        output.warn("no log has a record between --since and --until")


def _tell_commands(manifest: Manifest, output: Output) -> None:
    """Tell which commands failed: what they said is in the bundle, and often the very reason to make one."""
    failed = manifest.failed_commands
    if failed:
        told = [f"{printable(entry.source)} ({entry.reason})" for entry in failed[:COMMANDS_SHOWN]]
        more = f" and {len(failed) - len(told)} more" if len(failed) > len(told) else ""
        said = "what it said" if len(failed) == 1 else "what they said"
        output.say(f"{counted(len(failed), 'command')} failed, and {said} was taken: {', '.join(told)}{more}")


def _by_collector(manifest: Manifest) -> list[tuple[str, str, str, str, str]]:
    """Sum up what each collector brought; what two of them named counts for the first.

    A collector or a plugin that brought nothing because it failed itself has no row: its gap tells all of it;
    so does one that is no collector's, such as that of a configuration nothing could be learned of.
    """
    rows = []
    firsts = [entry.collectors[0] for entry in manifest.artifacts]
    missing = [gap.collector for gap in manifest.gaps]
    missed = {gap.collector for gap in manifest.gaps if gap.collector and gap.artifact is not None}
    for name in sorted({*firsts, *missed}):
        own = [entry for entry, first in zip(manifest.artifacts, firsts) if first == name and entry.is_stored]
        size = sum(entry.stored_bytes or 0 for entry in own)
        masked = sum(sum(entry.masked.values()) for entry in own)
        rows.append((name, str(len(own)), format_size(size), str(masked), str(missing.count(name))))
    return rows


def result_as_json(result: Result, code: int) -> dict[str, object]:
    """Return what came of a run for programs."""
    manifest = result.manifest
    return {
        "bundle": result.bundle,
        "bytes": os.path.getsize(result.bundle),
        "exit_code": code,
        "node": manifest.node.name,
        "objects": manifest.selection.objects,
        "related": manifest.selection.related,
        "premium": manifest.support.premium,
        "peers": manifest.cluster.peers,
        "peer_command": manifest.cluster.peer_command,
        "artifacts": sum(entry.is_stored for entry in manifest.artifacts),
        "masked": manifest.masked,
        "gaps": [_gap_as_json(gap) for gap in result.gaps],
        "redaction_limits": manifest.redaction.limits,
        "verified": result.verdict.ok,
    }


def _tell_gaps(gaps: Sequence[Gap], output: Output) -> None:
    if not gaps:
        return
    rows = gap_rows(gaps)
    output.table("", COLUMNS, rows[:REASONS_SHOWN])
    if len(rows) > REASONS_SHOWN:
        output.say(f"and {counted(len(rows) - REASONS_SHOWN, 'more reason')}, in the manifest")
    for hint in sorted({gap.hint for gap in gaps if gap.hint}):
        output.say(f"hint: {hint}")


def _gap_as_json(gap: Gap) -> dict[str, object]:
    return {name: value for name, value in asdict(gap).items() if value is not None}
