"""Asks before anything leaves the node: where to, what, how large, what was masked, what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag.exchange.guest import GuestExchange
from osvc_diag.units import counted, format_size

if TYPE_CHECKING:
    from osvc_diag.bundle.manifest import Manifest
    from osvc_diag.bundle.verdict import Verdict
    from osvc_diag.cli.output import Output
    from osvc_diag.exchange.interface import Conditions, Exchange
    from osvc_diag.exchange.opened import OpenedBundle

LARGEST_SHOWN = 5
LOCAL = ("file:", "mailto:")  # no proxy is on their way
YES = frozenset({"y", "yes"})
NO = frozenset({"", "n", "no"})
MOST_QUESTIONS = 3  # whoever answers none of them with yes or no has said no


def show_what_leaves(
    bundle: OpenedBundle,
    manifest: Manifest,
    *,
    verdict: Verdict,
    exchange: Exchange,
    conditions: Conditions,
    output: Output,
) -> None:
    """Tell all that somebody needs to say yes or no."""
    stored = [entry for entry in manifest.artifacts if entry.is_stored]
    largest = sorted(stored, key=lambda entry: -(entry.stored_bytes or 0))[:LARGEST_SHOWN]
    rows = [(format_size(entry.stored_bytes or 0), entry.name) for entry in largest]
    output.table(f"largest of {counted(len(stored), 'artifact')}", [">stored", "artifact"], rows)
    rules = ", ".join(f"{rule} {count}" for rule, count in manifest.masked.items()) or "nothing"
    searched = "no secret was found" if verdict.is_searched else "secrets were not looked for"
    state = "passed" if verdict.ok else "FAILED"
    output.say(f"bundle:   {bundle.path} ({format_size(bundle.size)})")
    output.say(f"masked:   {rules}")
    output.say(f"gaps:     {len(manifest.gaps) or 'none'}")
    output.say(f"verify:   {state}: {verdict.members} members, {searched}")
    kept = f", kept there for {conditions.lifetime / 86400:g} days" if exchange.url.startswith("http") else ""
    output.say(f"to:       {exchange.url}{kept}")
    if not exchange.url.startswith(LOCAL):
        output.say(f"through:  {conditions.proxy}")
    if isinstance(exchange, GuestExchange):
        output.say(f"by:       plugin {exchange.plugin}, whose code runs inside this program")
    if conditions.insecure:
        output.warn("TLS is not verified (--insecure): anybody on the way can read and change the bundle")


def is_agreed(output: Output) -> bool:
    """Ask until it is a yes or a no; nobody who answers is a no too."""
    for _ in range(MOST_QUESTIONS):
        answer = output.ask("send it? [y/N]")
        word = "" if answer is None else answer.strip().lower()
        if word in YES | NO:
            return word in YES
        output.say("y sends it, n or Enter does not")
    return False
