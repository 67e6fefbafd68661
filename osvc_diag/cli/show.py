"""Show what is in a bundle, what is missing, and what was masked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from osvc_diag.bundle.verdict import COPY_AGAIN
from osvc_diag.cli.output import error_as_json
from osvc_diag.errors import VerificationError
from osvc_diag.missing import COLUMNS, gap_rows, join_limits
from osvc_diag.units import counted, format_size

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from osvc_diag.bundle.facts import ArtifactEntry
    from osvc_diag.bundle.manifest import Manifest
    from osvc_diag.cli.output import Output

NAMES_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("bundle", metavar="BUNDLE", help="a .tar.gz that osvc-diag made")


def run(args: argparse.Namespace, output: Output) -> int:
    """Read the manifest and the last bytes, and no more of the bundle."""
    from osvc_diag.bundle.reader import Bundle  # noqa: PLC0415 - not for --help

    with Bundle.open(args.bundle) as bundle:
        manifest = bundle.manifest
        error = None if bundle.ends_as_made() else _not_whole(args.bundle)
    if output.is_json:
        facts = {"bundle": args.bundle, "manifest": json.loads(manifest.to_json())}
        output.result(json.dumps({**facts, **(error_as_json(error) if error else {})}, indent=2))
    else:
        _show(args.bundle, manifest, output, is_whole=error is None)
    if error:
        raise error
    return 0


def _not_whole(bundle: str) -> VerificationError:
    what = "is cut short or damaged: it does not end as it was made"
    return VerificationError(f"{bundle} {what}", hint=COPY_AGAIN)


def _show(bundle: str, manifest: Manifest, output: Output, *, is_whole: bool) -> None:
    damage = [] if is_whole else [("damage", "it does not end as it was made; below is what it had then")]
    output.table("", ["bundle", bundle], [*damage, *_facts(manifest)], as_result=True)
    stored = [entry for entry in manifest.artifacts if entry.is_stored]
    unpacked = format_size(sum(entry.stored_bytes or 0 for entry in stored))
    output.result("")
    output.table(
        f"{counted(len(stored), 'artifact')}, {unpacked} unpacked",
        ["state", ">size", "artifact"],
        map(_artifact_row, stored),
        as_result=True,
    )
    _show_commands(manifest, output)
    _show_masked(manifest, output)
    _show_gaps(manifest, output)


def _facts(manifest: Manifest) -> Iterator[tuple[str, str]]:
    node = manifest.node
    copy = "" if node.live else ", from a copy of its files"
    yield "made", manifest.made
    yield "node", node.name + copy
    yield "agent", " ".join(filter(None, [node.agent, node.agent_version]))
    nodes = f" ({_listed(manifest.cluster.nodes)})" if manifest.cluster.nodes else ""
    yield "cluster", (manifest.cluster.name or "unknown") + nodes
    yield "asked for", _listed(manifest.selection.selectors)
    yield "objects", _listed(manifest.selection.objects) or "none"
    if manifest.selection.related:
        yield "related", _listed(manifest.selection.related)
    yield "support", manifest.support.words
    if manifest.window.words:
        yield "window", manifest.window.words
    if manifest.label:
        yield "label", manifest.label
    _, untold = join_limits(manifest.gaps, manifest.redaction.limits)
    for limit in untold:
        yield "redaction", limit
    missing = {gap.collector for gap in manifest.gaps}
    for plugin in manifest.plugins:
        if plugin.failure and plugin.name not in missing:
            yield "plugin", f"{plugin.name}: {plugin.failure}"


def _artifact_row(entry: ArtifactEntry) -> tuple[str, str, str]:
    reason = f": {entry.reason}" if entry.reason else ""
    rules = " ".join(f"{rule}={count}" for rule, count in entry.masked.items())
    masked = f" (masked {rules})" if rules else ""
    return entry.state.value, format_size(entry.stored_bytes or 0), f"{entry.name}{reason}{masked}"


def _show_commands(manifest: Manifest, output: Output) -> None:
    """Tell each command once: its line, how it ended and how long it ran."""
    ran = {entry.name.rpartition(".")[0]: entry for entry in reversed(manifest.artifacts) if entry.command}
    if not ran:
        return
    rows = (_command_row(name, entry) for name, entry in sorted(ran.items()))
    output.result("")
    output.table(counted(len(ran), "command"), ["ended", ">seconds", "output"], rows, as_result=True)


def _command_row(name: str, entry: ArtifactEntry) -> tuple[str, str, str]:
    command = entry.command
    assert command is not None, "only those are asked for"
    ended = command.signal or (entry.state.value if command.rc is None else f"rc {command.rc}")
    return ended, f"{command.seconds:.1f}", f"{name}.*: {entry.source}"


def _show_masked(manifest: Manifest, output: Output) -> None:
    from osvc_diag.cli.report import masked_words  # noqa: PLC0415 - not for --help

    masked = manifest.masked
    output.result("")
    if not masked:
        output.result("nothing was masked")
        return
    rows = ((rule, str(count)) for rule, count in masked.items())
    output.table(masked_words(manifest), ["rule", ">times"], rows, as_result=True)


def _show_gaps(manifest: Manifest, output: Output) -> None:
    output.result("")
    if not manifest.gaps:
        output.result("nothing was missing when it was made")
        return
    gaps, _ = join_limits(manifest.gaps, manifest.redaction.limits)
    rows = gap_rows(gaps, with_hints=True)
    output.table(counted(len(gaps), "gap"), COLUMNS, rows, as_result=True)


def _listed(names: Sequence[str]) -> str:
    """Return names in a line that can still be read."""
    more = f" and {len(names) - NAMES_SHOWN} more, in the manifest" if len(names) > NAMES_SHOWN else ""
    return " ".join(names[:NAMES_SHOWN]) + more
