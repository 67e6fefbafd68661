"""From a verified bundle to a receipt: the only way out of the node."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Callable, Optional

from osvc_diag import events
from osvc_diag.errors import DiagError, ExchangeError
from osvc_diag.exchange.audit import audit_line, write_audit
from osvc_diag.exchange.crew import NotInTimeError, run_within
from osvc_diag.exchange.errors import UploadForbiddenError, UploadTimeoutError
from osvc_diag.exchange.interface import Conditions
from osvc_diag.exchange.line import RESUME_HINT
from osvc_diag.exchange.login import MASK
from osvc_diag.exchange.progress import drop_progress
from osvc_diag.exchange.proxy import choose_proxy
from osvc_diag.exchange.receipt import Receipt, load_receipt, save_receipt
from osvc_diag.settings import NEVER, read_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osvc_diag.bundle.verdict import Verdict
    from osvc_diag.exchange.interface import Exchange
    from osvc_diag.exchange.opened import OpenedBundle
    from osvc_diag.settings import Settings


GRACE = 2.0  # seconds


def check_allowed(settings: Settings) -> None:
    """Make sure that the site lets bundles out.

    Raises:
        UploadForbiddenError: it does not.
    """
    if settings.upload == NEVER:
        reasons = "; ".join(warning for warning in settings.warnings if "nothing is sent" in warning)
        raise UploadForbiddenError(
            f"uploads are forbidden by {settings.origin('upload')}" + (f": {reasons}" if reasons else ""),
            hint="hand the bundle over another way, or ask who administers this node",
        )


def conditions_from(
    settings: Settings,
    *,
    environ: Mapping[str, str],
    insecure: bool = False,
    text: str = "",
    link: Optional[str] = None,
) -> Conditions:
    """Gather what a delivery has to keep to; credentials files are read here.

    Args:
        settings: of this run.
        environ: for `https_proxy` and the like.
        insecure: from the option alone.
        text: the ticket, for a mail.
        link: where the bundle was left before, for a mail.

    Raises:
        UsageError: a credentials file or the proxy's URL cannot be used.
    """
    choice = choose_proxy(
        settings.exchange,
        explicit=settings.proxy,
        explicit_source=settings.origin("proxy"),
        environ=environ,
    )
    if choice.proxy is not None and settings.proxy_credentials and choice.proxy.login is None:
        login = read_credentials(settings.proxy_credentials)
        choice = replace(choice, proxy=choice.proxy.with_login(login))
    exchange_login = settings.exchange_login
    if settings.exchange_credentials and exchange_login is None:
        exchange_login = read_credentials(settings.exchange_credentials)
    return Conditions(
        proxy=choice,
        login=exchange_login,
        ca_bundle=settings.ca_bundle,
        insecure=insecure,
        lifetime=settings.lifetime,
        time_limit=settings.upload_timeout,
        text=text,
        link=link,
        smtp=settings.smtp,
        smtp_login=read_credentials(settings.smtp_credentials) if settings.smtp_credentials else None,
        mail_from=settings.mail_from,
        mail_limit=settings.mail_limit,
    )


def earlier_receipt(bundle: OpenedBundle, exchange: str) -> Optional[Receipt]:
    """Return the receipt of an earlier delivery of the very same bytes that the same exchange still has."""
    if MASK in exchange:
        return None  # what its URL asks for is not kept: it may have been sent elsewhere
    receipt = load_receipt(bundle.path)
    if receipt is None or (receipt.sha256, receipt.size) != (bundle.sha256, bundle.size):
        return None
    return receipt if receipt.exchange == exchange and receipt.holds_at(time.time()) else None


def deliver(
    bundle: OpenedBundle,
    exchange: Exchange,
    conditions: Conditions,
    *,
    verdict: Verdict,
    on_event: events.Listener = events.ignore,
    audit: Callable[[str], bool] = write_audit,
) -> Receipt:
    """Leave a bundle at an exchange, keep the receipt beside it, and log one line.

    Args:
        bundle: open, hashed and locked.
        exchange: where to.
        conditions: what to keep to.
        verdict: of `osvc_diag.bundle.verify`, on the same descriptor.
        on_event: is told what happens; may be called in other threads, one at a time.
        audit: takes the line for syslog; False when it is lost.

    Raises:
        VerificationError: the bundle did not pass; nothing was sent.
        ExchangeError: it was not delivered, and is kept.
    """
    verdict.raise_for_problems()
    bundle.check_unchanged()
    outcome, item = "interrupted", None
    try:
        receipt = _deliver(bundle, exchange, conditions, one_at_a_time(on_event))
        outcome, item = "delivered" if receipt.is_delivered else "written", receipt.item
    except DiagError as error:
        outcome = type(error).__name__
        raise
    finally:
        line = audit_line(
            bundle, exchange=exchange.url, outcome=outcome, item=item, verified=not conditions.insecure
        )
        is_logged = audit(line)
    if not is_logged:
        on_event(events.Warned("there is no syslog: this delivery leaves no line in it"))
    _keep(receipt, bundle, on_event)
    return receipt


def one_at_a_time(on_event: events.Listener) -> events.Listener:
    """Return a listener that several threads may call."""
    lock = threading.Lock()

    def serial(event: events.Event) -> None:
        with lock:
            on_event(event)

    return serial


def _deliver(
    bundle: OpenedBundle, exchange: Exchange, conditions: Conditions, on_event: events.Listener
) -> Receipt:
    try:
        # An exchange keeps to the limit itself, but for what blocks in the kernel or drips for ever.
        receipt = run_within(
            lambda: exchange.deliver(bundle, conditions, on_event), seconds=conditions.time_limit + GRACE
        )
    except DiagError:
        raise
    except NotInTimeError:
        raise UploadTimeoutError(
            f"{exchange.url} hung: the upload did not end within {conditions.time_limit:.0f} seconds",
            hint=RESUME_HINT,
        ) from None
    except Exception as error:
        # Its text may hold anything, a login too.
        raise ExchangeError(
            f"the exchange {exchange.url} failed unexpectedly: {type(error).__name__}",
            hint="please report it; --debug shows where",
        ) from error
    if (receipt.sha256, receipt.size) != (bundle.sha256, bundle.size):
        raise ExchangeError(f"the exchange {exchange.url} gave a receipt for something else")
    return receipt


def _keep(receipt: Receipt, bundle: OpenedBundle, on_event: events.Listener) -> None:
    try:
        save_receipt(receipt, bundle.path)
    except OSError as error:
        reason = f"the receipt could not be written beside the bundle: {error.strerror}"
        on_event(events.Warned(f"{reason}; keep the link: a second upload would send it all again"))
    drop_progress(bundle.path)
