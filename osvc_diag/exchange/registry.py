"""Finds the plugin that owns a URL's scheme: the shipped exchanges come in by the same hook as anybody's."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Callable, Optional

from osvc_diag.errors import DiagError, PluginUnavailableError, UsageError
from osvc_diag.exchange.guest import Guest, let_in
from osvc_diag.exchange.login import mask_url, split_login
from osvc_diag.plugin.foreign import shortened, told_by
from osvc_diag.plugin.shipped import PACKAGE
from osvc_diag.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.exchange.interface import Exchange
    from osvc_diag.plugin.plugin_manager import Plugins
    from osvc_diag.plugin.strangers import Stranger

    _Ask = Callable[[str], Optional[Exchange]]

HOOK = "osvc_diag_exchange"


def find_exchange(url: str, plugins: Plugins, *, on_guest: Callable[[], object] = bool) -> Exchange:
    """Ask each plugin alone whether it owns a URL.

    Args:
        url: what `--exchange` names; plugins see it without a login.
        plugins: those that were loaded.
        on_guest: is told before code of a third party comes into this process.

    Raises:
        UsageError: no plugin owns it, its owner cannot use this one, or gave what is no exchange.
        PluginUnavailableError: two plugins claim it, or the one that should answer fails.
    """
    bare, _ = split_login(url)
    claims: list[tuple[str, Exchange]] = []
    failures: dict[str, str] = {}
    for name, ask in (*_here(plugins), *_elsewhere(plugins, on_guest)):
        try:
            exchange = ask(bare)
        except _FailedError as error:
            failures[name] = str(error)
            continue
        if exchange is not None:
            claims.append((name, exchange))
    if len(claims) == 1:
        return claims[0][1]
    shown = mask_url(bare)
    if claims:
        names = " and ".join(name for name, _ in claims)
        raise PluginUnavailableError(f"{shown} is claimed by {names}", hint="uninstall or block one of them")
    if failures:
        told = "; ".join(f"plugin {name} failed: {problem}" for name, problem in failures.items())
        raise PluginUnavailableError(
            f"no exchange for {shown}: {told}",
            hint=f"tell the author of the plugin, or leave it out with --block {','.join(failures)}",
        )
    raise UsageError(
        f"no exchange for {shown}",
        hint="https://..., mailto:..., file:///..., or what a plugin brings" + _idle(plugins),
    )


class _FailedError(Exception):
    """A plugin's hook failed; the text is what it said."""


def _idle(plugins: Plugins) -> str:
    """Say which plugins are not in use, and why: the one that was meant may be among them."""
    idle = [info for info in plugins.infos if info.problem]
    if not idle:
        return ""
    told = "; ".join(f"{info.name} ({shortened(printable(info.problem))})" for info in idle)
    return f"; not in use: {told}; osvc-diag plugins {idle[0].name} tells more"


def _here(plugins: Plugins) -> Iterator[tuple[str, _Ask]]:
    """Yield the plugins that run in this process."""
    for name, plugin in sorted(plugins.hooks.list_name_plugin()):
        if plugin is None:
            continue
        is_shipped = getattr(plugin, "__name__", "").startswith(f"{PACKAGE}.")
        guest = None if is_shipped else Guest.of(name, plugin)
        yield name, partial(_call, plugins, plugin, guest)


def _elsewhere(plugins: Plugins, on_guest: Callable[[], object]) -> Iterator[tuple[str, _Ask]]:
    """Yield those that run in their own."""
    for stranger in plugins.strangers:
        yield stranger.name, partial(_call_stranger, plugins, stranger, on_guest)


def _call(plugins: Plugins, plugin: object, guest: Optional[Guest], url: str) -> Optional[Exchange]:
    others = [other for other in plugins.hooks.get_plugins() if other is not plugin]
    call = plugins.hooks.subset_hook_caller(HOOK, others)
    if guest is None:
        own: Optional[Exchange] = call(url=url)
        return own
    try:
        exchange = call(url=url)
    except DiagError as error:
        # What it words for users is about their URL: it knows no more than that yet.
        if isinstance(error, UsageError) or type(error) is DiagError:
            raise UsageError(printable(str(error)), hint=error.hint and printable(str(error.hint))) from error
        raise _FailedError(guest.told(error)) from error
    except (Exception, SystemExit) as error:
        raise _FailedError(guest.told(error)) from error
    return None if exchange is None else let_in(exchange, guest, getattr(plugin, HOOK, None))


def _call_stranger(
    plugins: Plugins, stranger: Stranger, on_guest: Callable[[], object], url: str
) -> Optional[Exchange]:
    """Import a third party's plugin into this process, once it owns the URL that the user named.

    It is given the bundle, the proxy and its credentials: no other process could send with them.
    """
    try:
        if not stranger.claims(url):
            return None
    except Exception as error:
        raise _FailedError(shortened(printable(told_by(error)))) from error
    on_guest()
    try:
        plugin = stranger.imported()
        plugins.hooks.register(plugin)
    except (Exception, SystemExit) as error:
        raise _FailedError(shortened(printable(told_by(error)))) from error
    try:
        return _call(plugins, plugin, Guest.of(stranger.name, plugin), url)
    finally:
        plugins.hooks.unregister(plugin)
