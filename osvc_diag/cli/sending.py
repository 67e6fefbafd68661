"""Sends a bundle for `upload` and `collect`: verified, shown, asked about, delivered, and told."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Callable, Optional

from osvc_diag.cli.consent import is_agreed, show_what_leaves
from osvc_diag.cli.exchange_options import upload_command
from osvc_diag.errors import ExchangeError, NodeNotFoundError, UsageError
from osvc_diag.exchange.delivery import check_allowed, conditions_from, deliver, earlier_receipt
from osvc_diag.exchange.errors import GaveUpError, ProxyUnreachableError, UnknownHostError
from osvc_diag.exchange.opened import OpenedBundle
from osvc_diag.exchange.receipt import load_receipt, receipt_path
from osvc_diag.exchange.registry import find_exchange
from osvc_diag.settings import resolve_settings
from osvc_diag.ticket import PREMIUM, read_issue, support_hours, ticket_text
from osvc_diag.units import format_size

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from osvc_diag.bundle.manifest import Manifest
    from osvc_diag.bundle.verdict import Verdict
    from osvc_diag.cli.output import Output
    from osvc_diag.exchange.receipt import Receipt
    from osvc_diag.plugin.plugin_manager import Plugins
    from osvc_diag.run.request import Issue
    from osvc_diag.settings import Settings

SUDO_HINT = (
    "sudo drops https_proxy and its kin: name the proxy with --proxy, or keep them with "
    "sudo --preserve-env=https_proxy,http_proxy,all_proxy,no_proxy"
)


@dataclass(frozen=True)
class Sending:
    """What a bundle is sent with."""

    settings: Settings
    plugins: Plugins
    environ: Mapping[str, str]
    args: argparse.Namespace
    """With the options of `add_exchange_arguments` and `add_node_arguments`."""
    is_agreed: bool
    """Whether an option said yes already."""

    @property
    def insecure(self) -> bool:
        """Whether TLS need not be verified: an option, and nothing else, says so."""
        return bool(self.args.insecure)


def sending_from(
    args: argparse.Namespace, plugins: Plugins, output: Output, *, etc: Optional[str], agreed: bool
) -> Sending:
    """Resolve the settings and tell what is wrong with them, before anything else is done.

    Args:
        args: with the options of `add_exchange_arguments` and `add_node_arguments`.
        plugins: those that were loaded.
        output: gets the warnings.
        etc: the agent's configuration folder on this node, for the site file; None reads none.
        agreed: whether `--yes` or `--upload` was given.

    Raises:
        UsageError: an option or a variable makes no sense.
    """
    settings = resolve_settings(vars(args), environ=os.environ, etc=etc)
    for warning in settings.warnings:
        output.warn(warning)
    _warn_of_argv(settings, output)
    return Sending(settings, plugins, os.environ, args, agreed)


def _as_told(issue: Issue) -> Issue:
    return issue


@dataclass(frozen=True)
class Sent:
    """A bundle that was delivered, in this run or before."""

    bundle: str
    receipt: Receipt
    ticket: str
    """The text to paste."""

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        facts: dict[str, Any] = {"bundle": self.bundle, **asdict(self.receipt)}
        hours = support_hours(datetime.now(timezone.utc))
        return facts | {"receipt": receipt_path(self.bundle), "ticket": self.ticket, "support": hours}


def check_sending(sending: Sending) -> None:
    """Find out before anything is collected what could not be sent anyway.

    Raises:
        UsageError: nobody owns the exchange's URL, or a credentials file or the proxy's URL cannot be used.
    """
    find_exchange(sending.settings.exchange, sending.plugins)
    conditions_from(sending.settings, environ=sending.environ, insecure=sending.insecure)


def send(
    path: str,
    sending: Sending,
    output: Output,
    *,
    verdict: Optional[Verdict] = None,
    ask_issue: Callable[[Issue], Issue] = _as_told,
) -> Optional[Sent]:
    """Send a bundle after a yes.

    Args:
        path: of the bundle.
        sending: what it is sent with.
        output: shows, asks and tells.
        verdict: of a verification that this very run made; None verifies now.
        ask_issue: completes what the bundle says of the issue, once it is to be sent.

    Returns:
        What to tell of the delivery; None when the user said no.

    Raises:
        UsageError: nobody is there to ask, and no option said yes.
        VerificationError: the bundle did not pass; nothing was sent.
        ExchangeError: it was not delivered; it is kept.
    """
    settings = sending.settings
    check_allowed(settings)
    exchange = find_exchange(settings.exchange, sending.plugins)
    command = upload_command(path, settings, sending.args, yes=True)
    with OpenedBundle(path) as opened:
        manifest, issue = _read(opened)
        if not sending.is_agreed and not output.is_interactive:
            raise UsageError("nothing was sent: nobody is there to ask", hint=f"to send it: {command}")
        receipt = earlier_receipt(opened, exchange.url)
        if receipt is not None:
            output.warn(f"it was delivered before; to send it again, remove {receipt_path(path)}")
            return _sent(opened, manifest, issue, receipt)
        verdict = verdict or _verify(opened, manifest, sending, output)
        verdict.raise_for_problems()
        conditions = conditions_from(
            settings, environ=sending.environ, insecure=sending.insecure, link=_earlier_link(opened)
        )
        show_what_leaves(
            opened, manifest, verdict=verdict, exchange=exchange, conditions=conditions, output=output
        )
        if not sending.is_agreed and not is_agreed(output):
            output.say(f"nothing was sent; the bundle is kept: {path}")
            return None
        issue = ask_issue(issue)
        text = ticket_text(manifest, issue, name=opened.name, size=opened.size, sha256=opened.sha256)
        conditions = replace(conditions, text=text)
        try:
            with output.progress() as on_event:
                receipt = deliver(opened, exchange, conditions, verdict=verdict, on_event=on_event)
        except ExchangeError as error:
            _tell_failure(path, sending, error, output)
            raise
        except BaseException:
            _tell_failure(path, sending, None, output)  # Ctrl-C, or a signal
            raise
        return _sent(opened, manifest, issue, receipt)


def tell_sent(sent: Sent, output: Output) -> None:
    """Tell of a delivery, with the text for the ticket, and whether support is there now."""
    output.say(_outcome(sent.receipt))
    output.say(f"receipt:  {receipt_path(sent.bundle)}")
    output.say("\nfor the portal, the chat or a mail:\n")
    output.say(sent.ticket)
    output.say(support_hours(datetime.now(timezone.utc)))
    output.say(PREMIUM)


def site_folder() -> Optional[str]:
    """Return the configuration folder of this machine's agent, where the site file may be."""
    from osvc_diag.node.finding import find_layout  # noqa: PLC0415

    try:
        return find_layout(None, os.environ).etc
    except NodeNotFoundError:
        return None


def _read(opened: OpenedBundle) -> tuple[Manifest, Issue]:
    from osvc_diag.bundle.reader import Bundle  # noqa: PLC0415 - not for --help

    with opened.file() as file, Bundle.open(file) as bundle:
        return bundle.manifest, read_issue(bundle)


def _verify(opened: OpenedBundle, manifest: Manifest, sending: Sending, output: Output) -> Verdict:
    """Verify the very descriptor that is sent."""
    from osvc_diag.bundle.verify import verify  # noqa: PLC0415 - not for --help
    from osvc_diag.cli.verify import scope_of  # noqa: PLC0415

    scope = scope_of(sending.args, manifest, sending.plugins.rules)
    for limit in scope.limits:
        output.warn(limit)
    with opened.file() as file, output.progress() as on_event:
        return verify(file, scope.search, on_event=on_event)


def _earlier_link(opened: OpenedBundle) -> Optional[str]:
    """Return the link of an earlier upload, for a mail that cannot carry the bundle."""
    receipt = load_receipt(opened.path)
    if receipt is None or receipt.sha256 != opened.sha256 or not receipt.link.startswith("http"):
        return None
    return receipt.link


def _warn_of_argv(settings: Settings, output: Output) -> None:
    seen = []
    if settings.origin("exchange").startswith("--") and settings.has_login_in_exchange:
        seen.append("--exchange")
    if settings.proxy and settings.origin("proxy").startswith("--") and "@" in settings.proxy:
        seen.append("--proxy")
    for option in seen:
        output.warn(
            f"the password in {option} can be seen by every user of this node while this runs (ps): "
            f"{option}-credentials FILE keeps it out of sight"
        )


def _sent(opened: OpenedBundle, manifest: Manifest, issue: Issue, receipt: Receipt) -> Sent:
    ticket = ticket_text(
        manifest, issue, name=opened.name, size=opened.size, sha256=opened.sha256, receipt=receipt
    )
    return Sent(opened.path, receipt, ticket)


def _outcome(receipt: Receipt) -> str:
    if not receipt.is_delivered:
        return f"a mail to {receipt.exchange[7:]} is ready, not sent: open {receipt.link} in a mail program"
    rate = receipt.size / receipt.seconds if receipt.seconds else 0
    confirmed = ", which confirmed size and sha256" if receipt.confirmed else ""
    return (
        f"delivered {format_size(receipt.size)} in {receipt.seconds:.1f} s ({format_size(rate)}/s) "
        f"to {receipt.exchange}{confirmed}"
    )


def _tell_failure(path: str, sending: Sending, error: Optional[ExchangeError], output: Output) -> None:
    settings = sending.settings
    command = upload_command(path, settings, sending.args, yes=sending.is_agreed)
    has_proxy = settings.proxy is not None or any(name.lower().endswith("_proxy") for name in sending.environ)
    is_unreached = isinstance(error, (UnknownHostError, GaveUpError, ProxyUnreachableError))
    if is_unreached and "SUDO_USER" in sending.environ and not has_proxy:
        output.warn(SUDO_HINT)
    output.warn(f"the bundle is kept: {path}")
    output.warn(f"to send it, or go on where this stopped: {command}")
    if output.is_json and error is not None:
        facts = {
            "bundle": path,
            "error": type(error).__name__,
            "message": str(error),
            "hint": error.hint,
            "resume": command,
            "exit_code": error.exit_code,
        }
        output.result(json.dumps(facts, indent=2))
