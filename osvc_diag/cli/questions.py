"""Asks what the support page asks for; every question may be skipped."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Callable

from osvc_diag.run.request import Issue

if TYPE_CHECKING:
    from osvc_diag.cli.output import Output

QUESTIONS = {
    "purpose": "What is it about: unexpected behaviour, an error message, a technical question?",
    "context": "Is a cause or an event known?",
    "started": "When did it start?",
    "impact": "What is the impact on the service?",
}


def ask_issue(issue: Issue, mask: Callable[[str], str], output: Output) -> Issue:
    """Ask for what was not told yet; the answers are for the ticket.

    Args:
        issue: what was told by options.
        mask: takes secrets out of what is typed.
        output: asks, where somebody is there.
    """
    told = asdict(issue)
    if not output.is_interactive:
        return issue
    if not all(told[name] for name in QUESTIONS):
        output.say("for the ticket (Enter skips):")
    for name, question in QUESTIONS.items():
        if not told[name]:
            told[name] = mask((output.ask(question) or "").strip())
    return Issue(**told)
