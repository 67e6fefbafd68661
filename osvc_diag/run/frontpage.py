"""README.txt of a bundle: the page that a human reads first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Optional

from osvc_diag.bundle.facts import to_the_second
from osvc_diag.gap import State
from osvc_diag.missing import gap_rows
from osvc_diag.printable import printable
from osvc_diag.units import counted, format_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osvc_diag.bundle.facts import ArtifactEntry
    from osvc_diag.bundle.manifest import Manifest
    from osvc_diag.node.node import Node
    from osvc_diag.run.request import Issue

FRONT_PAGE_NAME = "README.txt"
ERRORS_SHOWN = 10
GAPS_SHOWN = 40
LARGEST_SHOWN = 10
STAMP_LENGTH = len("2026-11-22 20:17:42,557")
_SESSION = re.compile(r"\bsid:\S+ ")
_WIDTH = 14
_CUT_STATES = frozenset({State.SLICED, State.TRUNCATED, State.SKIPPED})

_HOW_TO_READ = """\
How to read this bundle
  manifest.json   every artifact: where it comes from, what became of it, what was masked; and every gap
  SHA256SUMS      `sha256sum -c SHA256SUMS` in this folder
  issue.json      what the admin told about the problem
  file/           files under their path on the node; times in logs are the node's local time
  info/           what was computed on the node
  cmd/            what commands said: .out and .err; manifest.json has the command line, its code and its time
  <masked:RULE:ID> stands for a secret; the same ID is the same secret, in every file and on every node
"""


def front_page(
    manifest: Manifest,
    node: Node,
    *,
    issue: Issue,
    errors: Mapping[str, Sequence[str]],
    daemon: Optional[str],
) -> str:
    """Write the page.

    Args:
        manifest: of the run, redacted.
        node: the node, for where its objects keep their state.
        issue: what the user told, redacted.
        errors: the last error records of each log, redacted, by member name.
        daemon: a sentence on the agent's daemon; None where it cannot be told.
    """
    sections = [
        _head(manifest, daemon),
        _issue(issue),
        _peers(manifest),
        _frozen(manifest, node),
        _errors(errors),
        _commands(manifest),
        _gaps(manifest),
        _cut(manifest),
        _masked(manifest),
        _largest(manifest.artifacts),
        _HOW_TO_READ,
    ]
    # Whoever reads it may do so on a terminal: no escape sequence of a name or a log gets there.
    return printable("\n".join(section for section in sections if section), keep="\n")


def _head(manifest: Manifest, daemon: Optional[str]) -> str:
    node = manifest.node
    agent = " ".join(filter(None, [node.agent, node.agent_version]))
    lines = [
        ("objects", ", ".join(manifest.selection.objects) or "none: the node itself"),
        ("related", ", ".join(manifest.selection.related)),
        ("node", node.name + ("" if node.live else " (read from a copy of its files)")),
        (
            "cluster",
            f"{manifest.cluster.name or 'unknown'}: {' '.join(manifest.cluster.nodes) or 'no nodes'}",
        ),
        ("agent", agent),
        ("daemon", daemon or "unknown"),
        ("support", manifest.support.words),
        ("collected", manifest.made),
        ("window", manifest.window.words),
        ("label", manifest.label or ""),
    ]
    text = "".join(f"{name:<{_WIDTH}}{value}\n" for name, value in lines if value)
    return f"OpenSVC diagnostics bundle\n\n{text}"


def _issue(issue: Issue) -> str:
    told = [
        ("ticket", issue.ticket),
        ("purpose", issue.purpose),
        ("context", issue.context),
        ("started", issue.started),
        ("impact", issue.impact),
    ]
    hanging = "\n" + " " * _WIDTH
    lines = "".join(
        f"  {name:<{_WIDTH - 2}}{hanging.join(value.splitlines())}\n" for name, value in told if value
    )
    return f"The issue, as told\n{lines}" if lines else ""


def _peers(manifest: Manifest) -> str:
    cluster = manifest.cluster
    if not cluster.peers:
        return ""
    wanted = f"Support wants a bundle of the cluster's other nodes too: {' '.join(cluster.peers)}\n"
    return wanted + (f"  on each of them: {cluster.peer_command}\n" if cluster.peer_command else "")


def _frozen(manifest: Manifest, node: Node) -> str:
    frozen = [entry for entry in manifest.artifacts if entry.name.endswith("/frozen") and entry.is_stored]
    flags = {node.member(f"{node.layout.var}/node/frozen"): "the node"}
    for known in node.objects if frozen else ():
        flags[node.member(f"{node.layout.var_path(known.path)}/frozen")] = str(known.path)
    found = [
        f"  {flags[entry.name]}, since {to_the_second(entry.mtime or '')}\n"
        for entry in frozen
        if entry.name in flags
    ]
    return "Frozen\n" + ("".join(found) or "  nothing of what was collected\n")


def _errors(errors: Mapping[str, Sequence[str]]) -> str:
    """Tell each message once, as it stands last, however often a heartbeat repeats it."""
    alike: dict[str, list[str]] = {}
    # A record that stands in two logs, as of an object and of the node, is one.
    for line in sorted({line for lines in errors.values() for line in lines}):
        alike.setdefault(_SESSION.sub("", line[STAMP_LENGTH:]), []).append(line)
    newest = sorted(alike.values(), key=lambda lines: lines[-1])[-ERRORS_SHOWN:]
    told = "".join(
        f"  {printable(lines[-1])}{f' [{len(lines)} times]' if len(lines) > 1 else ''}\n" for lines in newest
    )
    return f"Last errors in the logs\n{told}" if told else "No errors in the logs\n"


def _commands(manifest: Manifest) -> str:
    """Tell which commands said by their code that something is wrong: no gap, for what they wrote is here."""
    failed = manifest.failed_commands
    lines = [
        f"  {entry.reason or '':<10}{printable(entry.source)}: {printable(entry.name)}\n"
        for entry in failed[:GAPS_SHOWN]
    ]
    return "Commands that failed\n" + "".join(lines) + _more(len(failed) - len(lines)) if failed else ""


def _gaps(manifest: Manifest) -> str:
    if not manifest.gaps:
        return "Gaps\n  none: all that was asked for is here\n"
    rows = gap_rows(manifest.gaps)
    lines = [f"  {state:<10}{printable(gap)}\n" for state, gap in rows[:GAPS_SHOWN]]
    return f"Gaps: {len(manifest.gaps)}\n" + "".join(lines) + _more(len(rows) - len(lines), "more reasons")


def _cut(manifest: Manifest) -> str:
    """Tell what is there in part, or not at all, because that was asked for."""
    missing = {gap.artifact for gap in manifest.gaps}
    cut = [entry for entry in manifest.artifacts if entry.state in _CUT_STATES and entry.name not in missing]
    lines = [
        f"  {entry.state.value:<10}{printable(entry.name)}: {entry.reason or ''}\n"
        for entry in cut[:GAPS_SHOWN]
    ]
    if not lines:
        return ""
    return "Left out on purpose\n" + "".join(lines) + _more(len(cut) - len(lines))


def _more(count: int, of_what: str = "more") -> str:
    return f"  and {count} {of_what}, in manifest.json\n" if count > 0 else ""


def _masked(manifest: Manifest) -> str:
    limits = "".join(f"  limit: {limit}\n" for limit in manifest.redaction.limits)
    masked = "".join(f"  {rule:<28}{count}\n" for rule, count in manifest.masked.items())
    return "Masked\n" + (masked or "  nothing\n") + limits


def _largest(entries: Sequence[ArtifactEntry]) -> str:
    stored = sorted(
        (entry for entry in entries if entry.is_stored), key=lambda entry: -(entry.stored_bytes or 0)
    )
    lines = [
        f"  {format_size(entry.stored_bytes or 0):>10}  {printable(entry.name)}\n"
        for entry in stored[:LARGEST_SHOWN]
    ]
    return f"{counted(len(stored), 'artifact')}; the largest\n" + "".join(lines)
