"""Sends what `diagnose` made, for a program: the caller has asked whoever has to be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from osvc_diag import events
from osvc_diag.bundle.reader import Bundle
from osvc_diag.exchange.delivery import check_allowed, conditions_from, deliver, earlier_receipt
from osvc_diag.exchange.opened import OpenedBundle
from osvc_diag.exchange.registry import find_exchange
from osvc_diag.plugin.folders import plugin_files
from osvc_diag.plugin.plugin_manager import load_plugins
from osvc_diag.settings import resolve_settings
from osvc_diag.ticket import read_issue, ticket_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osvc_diag.exchange.receipt import Receipt
    from osvc_diag.node.node import Node
    from osvc_diag.run.frontdoor import Result
    from osvc_diag.settings import Settings


def upload(
    result: Result,
    settings: Optional[Settings] = None,
    *,
    node: Optional[Node] = None,
    environ: Optional[Mapping[str, str]] = None,
    plugin_dirs: Sequence[str] = (),
    on_event: events.Listener = events.ignore,
) -> Receipt:
    """Send a bundle that was just made and verified, and return the exchange's receipt.

    An upload that broke off goes on where it stopped, and a bundle that the exchange has already is not sent
    again. Prints nothing, changes nothing of the process, and may run in any thread; an exchange of a third
    party is imported into the process, and does what it does.

    Args:
        result: of `diagnose`.
        settings: where to, through which proxy: of `resolve_settings`; None is what is built in.
        node: whose plugin folder may bring the exchange; None is nobody's.
        environ: for `https_proxy` and its kin, where the settings name no proxy; None asks none.
        plugin_dirs: folders of plugins, beside the node's own: one of them may bring the exchange.
        on_event: is told what happens, by one thread at a time.

    Raises:
        UsageError: nobody owns the exchange's URL, or a credentials file or the proxy's URL cannot be used.
        PluginUnavailableError: two plugins own it, or the one that does fails.
        VerificationError: the bundle did not pass; nothing was sent.
        ExchangeError: the site forbids uploads, or it was not delivered; the bundle is kept.
    """
    settings = settings or resolve_settings()
    check_allowed(settings)
    files = plugin_files(node.layout.etc if node is not None and node.live else None, plugin_dirs)
    with load_plugins(blocked=settings.block, files=files) as plugins, OpenedBundle(result.bundle) as opened:
        exchange = find_exchange(settings.exchange, plugins)
        receipt = earlier_receipt(opened, exchange.url)
        if receipt is not None:
            return receipt
        with opened.file() as file, Bundle.open(file) as bundle:
            manifest, issue = bundle.manifest, read_issue(bundle)
        text = ticket_text(manifest, issue, name=opened.name, size=opened.size, sha256=opened.sha256)
        conditions = conditions_from(settings, environ=environ or {}, text=text)
        return deliver(opened, exchange, conditions, verdict=result.verdict, on_event=on_event)
