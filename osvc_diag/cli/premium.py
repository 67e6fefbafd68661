"""Show, set or unset the tag PREMIUM_SUPPORT of this node, by the agent's own command.

Nodes under a premium contract carry it at the collector, the server that the
agent reports to. Without a collector there is nothing to set it at: name the
contract in the ticket.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Optional

from osvc_diag.errors import AgentError, NodeNotFoundError, UsageError

if TYPE_CHECKING:
    import argparse

    from osvc_diag.bundle.facts import SupportFacts
    from osvc_diag.cli.output import Output
    from osvc_diag.commands.once import Answer
    from osvc_diag.node.node import Node
    from osvc_diag.node.om import Om

OK = 0
UNKNOWN = 10
SHOW = "show"
TIMEOUT = 30.0  # seconds for one command of the agent's: somebody waits for it
MOST_WORDS = 400  # characters of what the agent said that an error repeats


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    from osvc_diag.node.premium import ACTIONS  # noqa: PLC0415 - not for the other commands

    parser.add_argument(
        "action", nargs="?", default=SHOW, metavar="ACTION", help="show (default), set or unset"
    )
    parser.set_defaults(actions=tuple(ACTIONS))


def run(args: argparse.Namespace, output: Output) -> int:
    """Have the agent do it, then ask it what came of it."""
    from osvc_diag.node.answering import answered  # noqa: PLC0415 - not for --help
    from osvc_diag.node.finding import VARIABLE  # noqa: PLC0415
    from osvc_diag.node.node import Node  # noqa: PLC0415

    if args.action not in args.actions:
        raise UsageError(f"not an action: {args.action!r}", hint=f"there are {', '.join(args.actions)}")
    try:
        node = answered(Node.discover)
    except NodeNotFoundError as error:
        hint = f"where it has a root path, name that: {VARIABLE}=DIR osvc-diag premium"
        raise NodeNotFoundError(str(error), hint=hint) from error
    om = _om(node)
    if args.action != SHOW:
        _change(om, args.action, node)
    found = _ask(om, node)
    if args.action != SHOW and found.premium is not None and found.premium != (args.action == "set"):
        raise AgentError(
            f"the agent took it, and its collector still says otherwise of node {node.name}",
            hint="ask again in a minute: osvc-diag premium",
        )
    _tell(node, found, output)
    return UNKNOWN if found.premium is None else OK


def _om(node: Node) -> Om:
    from osvc_diag.node.om import NoOmError, find_om  # noqa: PLC0415

    try:
        return find_om(node)
    except NoOmError as error:
        raise AgentError(
            f"the agent cannot be asked: {error}", hint=error.hint or "run it as root"
        ) from error


def _change(om: Om, action: str, node: Node) -> None:
    """Set or unset the tag.

    Raises:
        AgentError: the agent has no collector, or says no.
    """
    from osvc_diag.node.premium import read_answer  # noqa: PLC0415

    answer = _run(om, action)
    said = f"{answer.out}\n{answer.err}"
    if answer.rc != 0:
        _, reason = read_answer(said, answer.rc)
        problem = reason if _hint(reason) else "the agent did not do it"
        raise AgentError(f"{problem}: {_words(said, node) or answer.reason}", hint=_hint(reason))


def _ask(om: Om, node: Node) -> SupportFacts:
    from osvc_diag.bundle.facts import SupportFacts  # noqa: PLC0415
    from osvc_diag.node.premium import read_answer  # noqa: PLC0415

    answer = _run(om, SHOW)
    said = f"{answer.out}\n{answer.err}"
    premium, reason = read_answer(said, answer.rc)
    if premium is None and _hint(reason) is None:
        reason = f"{reason}: {answer.reason or _words(said, node)}"
    return SupportFacts(premium, reason or None)


def _run(om: Om, action: str) -> Answer:
    from osvc_diag.commands.once import run_once  # noqa: PLC0415
    from osvc_diag.node.premium import tag_command  # noqa: PLC0415

    return run_once(tag_command(om, action, timeout=TIMEOUT))


def _words(said: str, node: Node) -> str:
    """Return the last line of what the agent said, without the secrets of the node."""
    from osvc_diag.redaction import Redactor, Tokens  # noqa: PLC0415
    from osvc_diag.run.configuration import Learning  # noqa: PLC0415

    lines = [line.strip() for line in said.splitlines() if line.strip()]
    secrets = Learning(node).secrets
    masked = Redactor(secrets, Tokens.for_cluster(secrets)).mask_text(lines[-1] if lines else "")
    return masked[:MOST_WORDS]


def _hint(reason: Optional[str]) -> Optional[str]:
    from osvc_diag.node import premium  # noqa: PLC0415

    hints = {
        premium.NO_SERVER: premium.NO_SERVER_HINT,
        premium.UNREGISTERED: premium.UNREGISTERED_HINT,
    }
    return hints.get(reason or "")


def _tell(node: Node, found: SupportFacts, output: Output) -> None:
    hint = _hint(found.reason)
    if output.is_json:
        facts = {"node": node.name, "premium": found.premium, "reason": found.reason, "hint": hint}
        output.result(json.dumps(facts, indent=2))
        return
    output.result({True: "premium", False: "standard", None: "unknown"}[found.premium])
    if found.reason:
        output.say(found.reason)
    if hint:
        output.say(f"hint: {hint}")
