"""Sends a bundle for `upload` and `collect`: verified, shown, asked about, delivered, and told."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Callable, Optional

from osvc_diag.cli.consent import is_agreed, show_what_leaves
from osvc_diag.cli.resuming import tell_failure, upload_command
from osvc_diag.errors import DiagError, UsageError, VerificationError
from osvc_diag.exchange.delivery import check_allowed, conditions_from, deliver, earlier_receipt
from osvc_diag.exchange.guest import GuestExchange
from osvc_diag.exchange.opened import OpenedBundle
from osvc_diag.exchange.receipt import load_receipt, receipt_path
from osvc_diag.exchange.registry import find_exchange
from osvc_diag.ticket import PREMIUM, read_issue, support_hours, ticket_text
from osvc_diag.units import format_size

if TYPE_CHECKING:
    from osvc_diag.bundle.manifest import Manifest
    from osvc_diag.bundle.verdict import Verdict
    from osvc_diag.cli.intent import Sending
    from osvc_diag.cli.output import Output
    from osvc_diag.exchange.interface import Exchange
    from osvc_diag.exchange.receipt import Receipt
    from osvc_diag.run.request import Issue


def _as_told(issue: Issue) -> Issue:
    return issue


@dataclass(frozen=True)
class Sent:
    """A bundle that was delivered, in this run or before."""

    bundle: str
    receipt: Receipt
    ticket: str
    """The text to paste."""
    receipt_path: Optional[str]
    """Of the receipt beside the bundle; None where it could not be written."""

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        facts: dict[str, Any] = {"bundle": self.bundle, **asdict(self.receipt)}
        hours = support_hours(datetime.now(timezone.utc))
        return facts | {"receipt": self.receipt_path, "ticket": self.ticket, "support": hours}


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
    exchange = _exchange(path, sending, output)
    with OpenedBundle(path) as opened:
        manifest, issue = _read(opened)
        if not sending.is_agreed and (output.is_quiet or not output.is_interactive):
            raise _unasked(path, sending)
        receipt = earlier_receipt(opened, exchange.url)
        if receipt is not None:
            output.warn(f"it was delivered before; to send it again, remove {receipt_path(path)}")
            return _sent(opened, manifest, issue, receipt)
        try:
            verdict = verdict or _verify(opened, manifest, sending, output)
            _check_passed(path, verdict)
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
            if isinstance(exchange, GuestExchange):
                _tell_before(path, sending, output)
            with output.progress() as on_event:
                receipt = deliver(opened, exchange, conditions, verdict=verdict, on_event=on_event)
        except VerificationError:
            raise  # nobody should send that
        except BaseException as error:
            tell_failure(path, sending, error, output)  # Ctrl-C and signals too
            raise
        return _sent(opened, manifest, issue, receipt)


def tell_sent(sent: Sent, output: Output) -> None:
    """Tell of a delivery, with the text for the ticket, and whether support is there now."""
    output.say(_outcome(sent.receipt))
    if sent.receipt_path is not None:
        output.say(f"receipt:  {sent.receipt_path}")
    output.say("\nfor the portal, the chat or a mail:\n")
    output.say(sent.ticket)
    output.say(support_hours(datetime.now(timezone.utc)))
    output.say(PREMIUM)


def _exchange(path: str, sending: Sending, output: Output) -> Exchange:
    try:
        return find_exchange(sending.settings.exchange, sending.plugins, on_guest=output.keep_stdout)
    except UsageError:
        raise
    except DiagError as error:
        tell_failure(path, sending, error, output)
        raise


def _tell_before(path: str, sending: Sending, output: Output) -> None:
    """Tell what to do should the code of a third party take this whole program with it."""
    resume = upload_command(path, sending.settings, sending.args, yes=sending.is_agreed)
    output.steps(
        [
            "should it end without a word, the bundle is kept; then send it with:",
            resume.command,
            *([resume.note] if resume.note else []),
        ]
    )


def _unasked(path: str, sending: Sending) -> UsageError:
    resume = upload_command(path, sending.settings, sending.args, yes=True)
    note = f"\n  {resume.note}" if resume.note else ""
    return UsageError("nothing was sent: nobody is there to ask", hint=f"to send it: {resume.command}{note}")


def _check_passed(path: str, verdict: Verdict) -> None:
    try:
        verdict.raise_for_problems()
    except VerificationError as error:
        raise VerificationError(f"{path}: {error}", hint=error.hint) from error


def _read(opened: OpenedBundle) -> tuple[Manifest, Issue]:
    from osvc_diag.bundle.reader import Bundle  # noqa: PLC0415 - not for --help

    try:
        with opened.file() as file, Bundle.open(file) as bundle:
            return bundle.manifest, read_issue(bundle)
    except VerificationError as error:
        raise VerificationError(f"{opened.path}: {error}", hint=error.hint) from error


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


def _sent(opened: OpenedBundle, manifest: Manifest, issue: Issue, receipt: Receipt) -> Sent:
    ticket = ticket_text(
        manifest, issue, name=opened.name, size=opened.size, sha256=opened.sha256, receipt=receipt
    )
    is_kept = load_receipt(opened.path) == receipt
    return Sent(opened.path, receipt, ticket, receipt_path(opened.path) if is_kept else None)


def _outcome(receipt: Receipt) -> str:
    if not receipt.is_delivered:
        return f"a mail to {receipt.exchange[7:]} is ready, not sent: open {receipt.link} in a mail program"
    rate = receipt.size / receipt.seconds if receipt.seconds else 0
    confirmed = ", which confirmed size and sha256" if receipt.confirmed else ""
    return (
        f"delivered {format_size(receipt.size)} in {receipt.seconds:.1f} s ({format_size(rate)}/s) "
        f"to {receipt.exchange}{confirmed}"
    )
