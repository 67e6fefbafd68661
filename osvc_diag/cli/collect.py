"""Make a bundle of what support needs about objects of this node, no secret in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Optional

from osvc_diag.bundle.compression import Compression
from osvc_diag.cli.advice import (
    advice,
    command_like,
    warn_of_command_names,
    warn_of_taken_name,
    warn_of_unknown_name,
    what_there_is,
)
from osvc_diag.cli.exchange_options import add_exchange_arguments
from osvc_diag.cli.loading import add_plugin_arguments, load_for
from osvc_diag.cli.memory import use_one_heap
from osvc_diag.cli.options import add_node_arguments, duration, find_node, names, size
from osvc_diag.cli.priority import step_back
from osvc_diag.cli.questions import ask_issue
from osvc_diag.errors import UsageError
from osvc_diag.objects.selectors import NODE_WORD
from osvc_diag.run.request import DEFAULT_LOG_SIZE, Issue, Request
from osvc_diag.settings import NEVER

if TYPE_CHECKING:
    import argparse

    from osvc_diag.cli.intent import Sending
    from osvc_diag.cli.output import Output
    from osvc_diag.cli.sending import Sent
    from osvc_diag.node.node import Node
    from osvc_diag.plugin.plugin_manager import Plugins
    from osvc_diag.run.frontdoor import Result
    from osvc_diag.settings import Settings

COMPLETE = 0
GAPS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "selectors",
        nargs="*",
        metavar="SELECTOR",
        help=f"prod/svc/web, svc1, 'prod/**', '**' for all, or {NODE_WORD} for the node alone",
    )
    add_node_arguments(parser)
    group = parser.add_argument_group("what is taken")
    group.add_argument("--since", metavar="TIME", help="logs from then on: 2h, 3d, 10:00, '2026-11-22 10:00'")
    group.add_argument("--until", metavar="TIME", help="logs before then, in the same words")
    group.add_argument(
        "--log-size",
        type=size,
        metavar="SIZE",
        help="the newest part kept of each log with its rotated ones (default 32M)",
    )
    group.add_argument(
        "--max-size",
        type=size,
        metavar="SIZE",
        help="of the bundle: state goes in first, then confs, then logs",
    )
    group.add_argument(
        "--timeout",
        type=duration,
        metavar="TIME",
        help="for collecting, as 90s or 5m: what is late is left out",
    )
    group.add_argument(
        "--cpu-time",
        type=duration,
        metavar="TIME",
        help="the same, but counts the time of processors that is used",
    )
    group.add_argument(
        "--jobs",
        metavar="N",
        help="processes that may look for secrets at once (default 2)",
    )
    group.add_argument(
        "--profile", metavar="NAME", help="quick (files alone, no command), standard (default) or full"
    )
    group.add_argument(
        "--only",
        type=names,
        default=(),
        metavar="NAMES",
        help="these alone: collectors (node-log) or artifacts ('cmd/*/mon.*'), as --dry-run prints them",
    )
    group.add_argument("--skip", type=names, default=(), metavar="NAMES", help="all but these")
    group.add_argument(
        "--with-related",
        action="store_true",
        help="also what the objects refer to, and what refers to them: volumes, cfg, sec, parents, scalers",
    )
    group.add_argument(
        "-o",
        dest="option",
        action="append",
        default=[],
        metavar="COLLECTOR.KEY=VALUE",
        help="tell a collector something; osvc-diag plugins NAME lists what",
    )
    group.add_argument("--mask-network", action="store_true", help="mask addresses and host names too")
    group.add_argument("--dry-run", action="store_true", help="list what would be taken, and take nothing")
    group.add_argument(
        "--no-low-priority",
        action="store_true",
        help="compete with the node's own work for processors and disks",
    )
    add_plugin_arguments(parser)
    group = parser.add_argument_group("the bundle")
    group.add_argument("--output", metavar="PATH", help="a folder, or a .tar.gz (default /var/tmp)")
    group.add_argument(
        "--compress",
        choices=[one.value for one in Compression],
        default=Compression.FAST.value,
        help="fast (default), or small: slower, and a fifth smaller",
    )
    group.add_argument("--label", metavar="TEXT", help="a note for the manifest")
    choice = parser.add_argument_group("whether it is sent").add_mutually_exclusive_group()
    choice.add_argument("--upload", action="store_true", help="send it without asking")
    choice.add_argument("--no-upload", action="store_true", help="do not send it, and do not ask")
    add_exchange_arguments(parser, yes="the same as --upload")
    group = parser.add_argument_group("the issue")
    group.add_argument("--ticket", default="", metavar="ID", help="of a ticket that exists already")
    group.add_argument(
        "--purpose", default="", metavar="TEXT", help="unexpected behaviour, error message, question"
    )
    group.add_argument("--context", default="", metavar="TEXT", help="a known cause or event")
    group.add_argument("--started", default="", metavar="TEXT", help="when the problem started")
    group.add_argument("--impact", default="", metavar="TEXT", help="on the service")


def run(args: argparse.Namespace, output: Output) -> int:
    """Collect, and say what came of it."""
    try:
        return _run(args, output)
    except UsageError as error:
        error.hint = advice(args.selectors) or error.hint
        command = command_like(args.selectors)
        if command is not None:
            meant = f"did you mean the command: osvc-diag {command}"
            error.hint = f"{error.hint}; or {meant}" if error.hint else meant
        raise


def _run(args: argparse.Namespace, output: Output) -> int:
    from osvc_diag.cli.intent import site_folder  # noqa: PLC0415 - not for --help

    use_one_heap()
    if not args.no_low_priority:
        step_back()
    node = find_node(args)
    if not args.selectors:
        raise UsageError(
            "no SELECTOR was given; usage: osvc-diag SELECTOR... [OPTIONS]", hint=what_there_is(node)
        )
    warn_of_unknown_name(node, output)
    warn_of_command_names(node, output)
    site = node.layout.etc if node.live else site_folder()
    etc = node.layout.etc if node.live else None
    with load_for(args, output, site=site, etc=etc) as plugins:
        return _collect(args, plugins, node, output, site)


def _collect(
    args: argparse.Namespace, plugins: Plugins, node: Node, output: Output, site: Optional[str]
) -> int:
    from osvc_diag.cli.report import result_as_json, tell_result  # noqa: PLC0415 - not for --help
    from osvc_diag.run.frontdoor import make_bundle  # noqa: PLC0415
    from osvc_diag.run.peers import peers_of  # noqa: PLC0415

    sending = _sending(args, plugins, output, site)
    request = _request(args, sending.settings)
    if args.dry_run:
        return _dry_run(request, node, plugins, output)
    with output.progress() as on_event:
        result = make_bundle(request, node, plugins, output=sending.settings.output, on_event=on_event)
    code = GAPS if result.gaps else COMPLETE
    warn_of_taken_name(sending.settings.output, result.bundle, output)
    if not output.is_json:
        tell_result(result, peers_of(node.name, node.cluster.nodes), output)
        output.result(result.bundle)
    sent = _send(result, sending, output)
    if output.is_json:
        facts = result_as_json(result, code)
        output.result(json.dumps({**facts, "delivery": sent and sent.as_json()}, indent=2))
    return code


def _sending(args: argparse.Namespace, plugins: Plugins, output: Output, etc: Optional[str]) -> Sending:
    """Resolve how to send before anything is collected: a mistake in it is told at once."""
    from osvc_diag.cli.intent import check_sending, sending_from  # noqa: PLC0415 - not for --help

    if args.no_upload and args.yes:
        raise UsageError(
            "--yes says to send the bundle, and --no-upload not to", hint="leave one of them out"
        )
    sending = sending_from(args, plugins, output, etc=etc, agreed=args.upload or args.yes)
    check_sending(sending, output)
    return sending


def _send(result: Result, sending: Sending, output: Output) -> Optional[Sent]:
    """Send the bundle where an option or the user says so; else tell the command that would."""
    is_forbidden = sending.settings.upload == NEVER
    is_asked = output.is_interactive and not (sending.args.no_upload or output.is_quiet or is_forbidden)
    if not (sending.is_agreed or is_asked):
        if not is_forbidden:
            from osvc_diag.cli.resuming import upload_command  # noqa: PLC0415 - only here

            resume = upload_command(result.bundle, sending.settings, sending.args, yes=False)
            output.say(f"next: send it with:\n  {resume.command}")
            if resume.note:
                output.say(resume.note)
        return None
    from osvc_diag.cli.sending import send, tell_sent  # noqa: PLC0415 - many a bundle is never sent

    sent = send(
        result.bundle,
        sending,
        output,
        verdict=result.verdict,
        # Whoever said yes beforehand wants no question at all.
        ask_issue=lambda issue: issue if sending.is_agreed else ask_issue(issue, result.mask, output),
    )
    if sent is not None and not output.is_json:
        tell_sent(sent, output)
        output.result(sent.receipt.link)
    return sent


def _request(args: argparse.Namespace, settings: Settings) -> Request:
    return Request(
        selectors=tuple(args.selectors),
        since=args.since,
        until=args.until,
        log_size=DEFAULT_LOG_SIZE if settings.log_size is None else settings.log_size,
        max_size=settings.max_size,
        timeout=settings.timeout,
        cpu_time=args.cpu_time,
        jobs=settings.jobs,
        compression=Compression(args.compress),
        profile=settings.profile,
        only=args.only,
        skip=args.skip,
        options=tuple(args.option),
        with_related=args.with_related,
        label=args.label,
        issue=Issue(args.purpose, args.context, args.started, args.impact, args.ticket),
        mask_network=args.mask_network,
    )


def _dry_run(request: Request, node: Node, plugins: Plugins, output: Output) -> int:
    from osvc_diag.cli.report import plan_as_json, tell_plan  # noqa: PLC0415 - not for --help
    from osvc_diag.clock import SystemClock  # noqa: PLC0415
    from osvc_diag.reading.patience import PatientReader  # noqa: PLC0415
    from osvc_diag.run.foresight import foresee  # noqa: PLC0415
    from osvc_diag.run.prepare import prepare  # noqa: PLC0415

    patient = PatientReader()
    try:
        prepared = prepare(request, node, plugins, started=SystemClock().now(), patient=patient)
        prepared = foresee(prepared, patient)
    finally:
        patient.close()
    if output.is_json:
        output.result(json.dumps(plan_as_json(prepared), indent=2))
    else:
        tell_plan(prepared, output)
    idle = plugins.gaps(request.only)
    for name, problem in idle:
        output.warn(f"{name} is not in use: {problem}")
    return GAPS if prepared.plan.gaps or idle else COMPLETE
