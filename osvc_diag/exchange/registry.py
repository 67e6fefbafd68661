"""Finds the plugin that owns a URL's scheme: the shipped exchanges come in by the same hook as anybody's."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Callable, Optional

from osvc_diag.errors import DiagError, PluginUnavailableError, UsageError
from osvc_diag.exchange.login import mask_url, split_login

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.exchange.interface import Exchange
    from osvc_diag.plugin.plugin_manager import Plugins
    from osvc_diag.plugin.strangers import Stranger

    _Ask = Callable[[str], Optional[Exchange]]

HOOK = "osvc_diag_exchange"


def find_exchange(url: str, plugins: Plugins) -> Exchange:
    """Ask each plugin alone whether it owns a URL.

    Args:
        url: what `--exchange` names; plugins see it without a login.
        plugins: those that were loaded.

    Raises:
        UsageError: no plugin owns it, or it is no URL that its owner can use.
        PluginUnavailableError: two plugins claim it, or the one that should answer fails.
    """
    bare, _ = split_login(url)
    claims: list[tuple[str, Exchange]] = []
    failures: list[str] = []
    for name, ask in (*_here(plugins), *_elsewhere(plugins)):
        try:
            exchange = ask(bare)
        except DiagError:
            raise
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything
            failures.append(f"{name} ({type(error).__name__})")
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
        raise PluginUnavailableError(f"no exchange for {shown}: {', '.join(failures)} failed")
    idle = [info.name for info in plugins.infos if info.problem]
    raise UsageError(
        f"no exchange for {shown}",
        hint="https://..., mailto:..., file:///..., or what a plugin brings"
        + (f"; not in use: {', '.join(idle)}" if idle else ""),
    )


def _here(plugins: Plugins) -> Iterator[tuple[str, _Ask]]:
    """Yield the plugins that run in this process."""
    for name, plugin in sorted(plugins.hooks.list_name_plugin()):
        if plugin is not None:
            yield name, partial(_call, plugins, plugin)


def _elsewhere(plugins: Plugins) -> Iterator[tuple[str, _Ask]]:
    """Yield those that run in their own."""
    for stranger in plugins.strangers:
        yield stranger.name, partial(_call_stranger, plugins, stranger)


def _call(plugins: Plugins, plugin: object, url: str) -> Optional[Exchange]:
    others = [other for other in plugins.hooks.get_plugins() if other is not plugin]
    exchange: Optional[Exchange] = plugins.hooks.subset_hook_caller(HOOK, others)(url=url)
    return exchange


def _call_stranger(plugins: Plugins, stranger: Stranger, url: str) -> Optional[Exchange]:
    """Import a third party's plugin into this process, once it owns the URL that the user named.

    It is given the bundle, the proxy and its credentials: no other process could send with them.
    """
    if not stranger.claims(url):
        return None
    plugin = stranger.imported()
    plugins.hooks.register(plugin)
    try:
        return _call(plugins, plugin, url)
    finally:
        plugins.hooks.unregister(plugin)
