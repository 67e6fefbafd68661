"""What to paste into the portal, the chat or a mail, and whether support is there to read it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Optional

from osvc_diag.missing import gap_rows
from osvc_diag.printable import printable
from osvc_diag.run.request import Issue
from osvc_diag.units import format_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.bundle.manifest import Manifest
    from osvc_diag.bundle.reader import Bundle
    from osvc_diag.exchange.receipt import Receipt

ZONE = "Europe/Paris"
OPENS, CLOSES = 9, 18  # hours of the day, Monday to Friday
HOURS = f"Monday to Friday, {OPENS}:00 to {CLOSES}:00 {ZONE}"
PREMIUM = "Premium support is there at any time: the call-back button of the support page."

_ISSUE_NAME = "issue.json"
_LARGEST_ISSUE = 1 << 20  # bytes
_GAPS_SHOWN = 10
_FRIDAY = 4
_UNSAID = "(please fill in)"


def ticket_text(
    manifest: Manifest,
    issue: Issue,
    *,
    name: str,
    size: int,
    sha256: str,
    receipt: Optional[Receipt] = None,
) -> str:
    """Return the text of a ticket: plain lines, without a secret, as manifest and issue are.

    Args:
        manifest: of the bundle.
        issue: what the support page asks for.
        name: of the bundle's file.
        size: of the bundle, in bytes.
        sha256: of the bundle.
        receipt: where it was left; None where it is attached, or not sent yet.
    """
    lines = [*_issue_lines(issue), "", *_node_lines(manifest), ""]
    lines += [f"Bundle:   {receipt.link if receipt else name}"]
    lines += (
        [f"          {name}, {format_size(size)}, sha256 {sha256}"]
        if receipt
        else [f"          {format_size(size)}, sha256 {sha256}"]
    )
    if receipt and receipt.expires:
        lines.append(f"          kept there until {receipt.expires}")
    lines += _gap_lines(manifest)
    return "\n".join(printable(line) for line in lines) + "\n"


def support_hours(now: datetime) -> str:
    """Tell whether Standard support is open; holidays are not known.

    Args:
        now: aware of its zone.
    """
    local = _in_paris(now)
    if local is None:
        return f"Standard support is open {HOURS}."
    if local.weekday() <= _FRIDAY and OPENS <= local.hour < CLOSES:
        return f"Standard support is open now, until {CLOSES}:00 {ZONE} ({HOURS})."
    opening = local if local.hour < OPENS else local + timedelta(days=1)
    while opening.weekday() > _FRIDAY:
        opening += timedelta(days=1)
    day = "today" if opening.date() == local.date() else opening.strftime("%A")
    return f"Standard support is closed now; it opens {day} at {OPENS}:00 {ZONE} ({HOURS})."


def read_issue(bundle: Bundle) -> Issue:
    """Return what the user said about the issue when the bundle was made; empty where nothing can be read."""
    for member in bundle.members():
        if member.name == _ISSUE_NAME:
            try:
                content = json.loads(member.read(_LARGEST_ISSUE))
            except (ValueError, RecursionError):
                return Issue()
            return _issue(content)
        if member.name.startswith(("file/", "info/", "cmd/")):
            break  # it stands before the artifacts
    return Issue()


def _issue(content: object) -> Issue:
    if not isinstance(content, dict):
        return Issue()
    names = ("purpose", "context", "started", "impact", "ticket")
    return Issue(**{name: content[name] for name in names if isinstance(content.get(name), str)})


def _issue_lines(issue: Issue) -> Iterator[str]:
    if issue.ticket:
        yield f"Ticket:   {issue.ticket}"
    yield f"Purpose:  {issue.purpose or _UNSAID}"
    yield f"Context:  {issue.context or _UNSAID}"
    yield f"Started:  {issue.started or _UNSAID}"
    yield f"Impact:   {issue.impact or _UNSAID}"


def _node_lines(manifest: Manifest) -> Iterator[str]:
    node, cluster = manifest.node, manifest.cluster
    yield f"Object:   {', '.join(manifest.selection.objects) or 'the node alone'}"
    yield f"Node:     {node.name}"
    if cluster.name or cluster.nodes:
        yield f"Cluster:  {cluster.name or 'without a name'}, nodes {' '.join(cluster.nodes) or 'unknown'}"
    yield f"Agent:    {node.agent} {node.agent_version or ''}".rstrip()
    peers = cluster.peers or [name for name in cluster.nodes if name != node.name]
    if peers:
        yield f"          (support asks for a bundle of each node: run the same on {' '.join(peers)})"


def _gap_lines(manifest: Manifest) -> Iterator[str]:
    if not manifest.gaps:
        yield "Gaps:     none"
        return
    yield f"Gaps:     {len(manifest.gaps)}"
    rows = gap_rows(manifest.gaps)
    for state, gap in rows[:_GAPS_SHOWN]:
        yield f"          {state}: {gap}"
    if len(rows) > _GAPS_SHOWN:
        yield f"          and {len(rows) - _GAPS_SHOWN} more reasons, in the manifest"


def _in_paris(now: datetime) -> Optional[datetime]:
    try:
        from zoneinfo import ZoneInfo  # noqa: PLC0415 - only for the closing words

        return now.astimezone(ZoneInfo(ZONE))
    except (ImportError, KeyError, OSError, ValueError):
        return None  # this machine has no time-zone data
