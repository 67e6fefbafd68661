"""What a bundle is to be sent with, resolved before anything is collected: a mistake is told at once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from osvc_diag.errors import DiagError, NodeNotFoundError, UsageError
from osvc_diag.settings import BUILT_IN, NEVER, resolve_settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from osvc_diag.cli.output import Output
    from osvc_diag.plugin.plugin_manager import Plugins
    from osvc_diag.settings import Settings

_WAYS = (
    "exchange",
    "exchange_credentials",
    "proxy",
    "proxy_credentials",
    "ca_bundle",
    "smtp",
    "smtp_credentials",
    "mail_from",
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


def check_sending(sending: Sending, output: Output) -> None:
    """Find out before anything is collected that the bundle could not be sent anyway.

    What the command line names has to make sense, and everything once it says yes; of what a variable or the
    site's file names, a run that may end without sending is only warned.

    Args:
        sending: how it would be sent.
        output: gets the warning.

    Raises:
        UsageError, PluginUnavailableError: see `check_way`.
    """
    origins = {sending.settings.origin(name) for name in _WAYS} - {BUILT_IN}
    is_meant = sending.is_agreed or any(origin.startswith("--") for origin in origins)
    is_unwanted = sending.args.no_upload or sending.settings.upload == NEVER
    if not is_meant and (is_unwanted or not origins):
        return
    try:
        check_way(sending, output)
    except DiagError as error:
        if is_meant:
            raise
        output.warn(f"this bundle cannot be sent as things are: {error}")


def check_way(sending: Sending, output: Output) -> None:
    """Make sure that all that a bundle would be sent with makes sense; no server is asked.

    Raises:
        UsageError: nobody owns the URL, it is not encrypted, or proxy, relay, certificates or credentials
            cannot be used.
        PluginUnavailableError: the plugin that should own the URL fails, or two claim it.
    """
    from osvc_diag.exchange.delivery import conditions_from  # noqa: PLC0415 - many a bundle is never sent
    from osvc_diag.exchange.errors import CertificateError, UnencryptedError  # noqa: PLC0415
    from osvc_diag.exchange.mail import Relay, check_address  # noqa: PLC0415
    from osvc_diag.exchange.registry import find_exchange  # noqa: PLC0415
    from osvc_diag.exchange.trust import check_encrypted, tls_context  # noqa: PLC0415

    settings = sending.settings
    exchange = find_exchange(settings.exchange, sending.plugins, on_guest=output.keep_stdout)
    conditions_from(settings, environ=sending.environ, insecure=sending.insecure)
    if settings.smtp is not None:
        Relay.parse(settings.smtp)
    if settings.mail_from is not None:
        check_address(settings.mail_from)
    try:
        check_encrypted(exchange.url, insecure=sending.insecure)
        if settings.ca_bundle is not None:
            tls_context(settings.ca_bundle, insecure=sending.insecure)
    except (CertificateError, UnencryptedError) as error:
        raise UsageError(str(error), hint=error.hint) from error


def site_folder() -> Optional[str]:
    """Return the configuration folder of this machine's agent, where the site file may be.

    Raises:
        NodeSilentError: it does not answer, so that nobody knows what the site forbids.
    """
    from osvc_diag.node.answering import answered  # noqa: PLC0415 - not for --help
    from osvc_diag.node.finding import find_layout  # noqa: PLC0415

    try:
        return answered(lambda: find_layout(None, os.environ)).etc
    except NodeNotFoundError:
        return None


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
